"""进度: where the person's cases stand, masked."""

from dataclasses import replace
from typing import Any, Final

from bot.topic import Chat, Topic, say
from casework.chat import progress_in_chat
from casework.talk import About, Answer
from casework.views import ProgressLine


async def _progress(chat: Chat) -> Answer:
    lines = await progress_in_chat(chat.deps, chat.known)
    if not lines:
        return say("progress_none")
    about = tuple(About(division=line.residence, item=line.item) for line in lines if line.is_live)
    return replace(say("progress", lines=[_line(line) for line in lines]), about=about)


def _line(line: ProgressLine) -> dict[str, Any]:
    return {
        "number": line.number_masked,
        "name": line.name_masked,
        "item": line.item_label,
        "state": line.state_label,
        "next_step": line.next_step,
    }


PROGRESS: Final = Topic(
    "progress", ("进度", "办理进度", "查询进度", "查进度", "查询", "办到哪了"), _progress, for_known=True
)
