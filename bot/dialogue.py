"""What the account answers to what a person said, pressed or did. The words stand in ``templates/chat/``."""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from bot.push import Push, Sort
from casework import chat
from casework.deps import Deps
from casework.explain_policy import general_guide
from casework.views import ProgressLine
from domain.refusal import Refusal
from templates.chat import chat_text
from templates.refusals import refusal_text


class Topic(StrEnum):
    """What can be asked; a menu button carries it as its key."""

    GUIDE = "guide"
    PROGRESS = "progress"
    HOW_TO_BIND = "how_to_bind"
    UNBIND = "unbind"


WORDS: Final[Mapping[str, Topic]] = {
    "指南": Topic.GUIDE,
    "办理": Topic.GUIDE,
    "办理指南": Topic.GUIDE,
    "帮助": Topic.GUIDE,
    "进度": Topic.PROGRESS,
    "办理进度": Topic.PROGRESS,
    "查询进度": Topic.PROGRESS,
    "绑定": Topic.HOW_TO_BIND,
    "解绑": Topic.UNBIND,
    "解除绑定": Topic.UNBIND,
}
_BUTTONS: Final = {topic.value: topic for topic in Topic}
_BIND = re.compile(r"绑定[\s:,]*([0-9A-Za-z]{4,32})")
_AROUND = " \t\r\n\"'“”‘’「」『』《》【】[]()。.,、!?;:~"


def asks_nothing(push: Push) -> bool:
    """Whether the push changes nothing and wants no reply."""
    return push.sort is Sort.NOTHING


async def answer(deps: Deps, push: Push) -> str:
    """Return the text of the reply, empty for none. What the acts refuse is told in their words."""
    try:
        return await _ANSWERS[push.sort](deps, push)
    except Refusal as refusal:
        told = refusal_text(refusal.code, refusal.facts)
        return f"{told.title}\n{told.detail}\n{told.advice}"


async def _to_text(deps: Deps, push: Push) -> str:
    said = unicodedata.normalize("NFKC", push.text).strip(_AROUND)
    if said in WORDS:
        return await _TOPICS[WORDS[said]](deps, push)
    if code := _BIND.fullmatch(said):
        return await _bind(deps, push, code[1])
    return _say("fallback")


async def _to_click(deps: Deps, push: Push) -> str:
    topic = _BUTTONS.get(push.text)
    if topic is None:
        return _say("fallback")  # a menu of an earlier version stays on phones for a day
    return await _TOPICS[topic](deps, push)


async def _bind(deps: Deps, push: Push, code: str) -> str:
    bound = await chat.bind_chat(deps, **_who(deps, push), code=code)
    return _say("bound" if bound else "binding_failed")


async def _guide(deps: Deps, _push: Push) -> str:
    return chat_text("guide", general_guide(deps.rulebook, deps.today()))


async def _progress(deps: Deps, push: Push) -> str:
    lines = await chat.progress_in_chat(deps, **_who(deps, push))
    if lines is None:
        return _say("not_bound")
    if not lines:
        return _say("progress_none")
    return chat_text("progress", {"lines": [_line(line) for line in lines]})


def _line(line: ProgressLine) -> dict[str, Any]:
    return {
        "number": line.number_masked,
        "name": line.name_masked,
        "item": line.item_label,
        "state": line.state_label,
        "next_step": line.next_step,
    }


async def _unbind(deps: Deps, push: Push) -> str:
    await chat.forget_follower(deps, **_who(deps, push))
    return _say("unbound")


async def _to_unfollow(deps: Deps, push: Push) -> str:
    """On leaving, everything kept about this follower is deleted; nobody is left to read a reply."""
    await chat.forget_follower(deps, **_who(deps, push))
    return ""


def _saying(key: str) -> Callable[[Deps, Push], Awaitable[str]]:
    async def say(_deps: Deps, _push: Push) -> str:
        return _say(key)

    return say


async def _to_nothing(_deps: Deps, _push: Push) -> str:
    return ""


def _say(key: str) -> str:
    return chat_text(key, {})


def _who(deps: Deps, push: Push) -> dict[str, str]:
    return {"appid": deps.settings.official_account.appid, "openid": push.openid}


_TOPICS: Final[Mapping[Topic, Callable[[Deps, Push], Awaitable[str]]]] = {
    Topic.GUIDE: _guide,
    Topic.PROGRESS: _progress,
    Topic.HOW_TO_BIND: _saying("not_bound"),
    Topic.UNBIND: _unbind,
}
_ANSWERS: Final[Mapping[Sort, Callable[[Deps, Push], Awaitable[str]]]] = {
    Sort.TEXT: _to_text,
    Sort.OTHER_MESSAGE: _saying("fallback"),
    Sort.FOLLOWED: _saying("welcome"),
    Sort.SCANNED: _saying("welcome"),
    Sort.UNFOLLOWED: _to_unfollow,
    Sort.CLICKED: _to_click,
    Sort.NOTHING: _to_nothing,
}
