"""进度: where the person's cases stand, masked."""

from typing import Any, Final

from bot.topic import Chat, Topic, say
from casework.chat import progress_in_chat
from casework.talk import Answer
from casework.views import ProgressLine


async def _progress(chat: Chat) -> Answer:
    lines = await progress_in_chat(chat.deps, chat.known)
    return say("progress", lines=[_line(line) for line in lines]) if lines else say("progress_none")


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
