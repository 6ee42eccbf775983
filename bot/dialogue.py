"""What the account answers to what a person said, pressed or did. The words stand in ``templates/chat/``."""

import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlencode

from bot.guesses import Guesses
from bot.push import Push, Sort
from casework import chat
from casework.deps import Deps
from casework.explain_policy import PlaceView, for_both_ages, general_guide, places_named
from casework.views import ProgressLine
from domain.refusal import Refusal
from domain.terms import ServiceItem
from templates.chat import chat_text
from templates.guide import guide_in_chat
from templates.labels import label
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
    "身份证": Topic.GUIDE,
    "居民身份证": Topic.GUIDE,
    "办身份证": Topic.GUIDE,
    "首次申领": Topic.GUIDE,
    "首次申领身份证": Topic.GUIDE,
    "首次申领居民身份证": Topic.GUIDE,
    "进度": Topic.PROGRESS,
    "办理进度": Topic.PROGRESS,
    "查询进度": Topic.PROGRESS,
    "绑定": Topic.HOW_TO_BIND,
    "解绑": Topic.UNBIND,
    "解除绑定": Topic.UNBIND,
}
_CARD: Final = (
    "指南",
    "办理指南",
    "首次申领",
    "首次申领身份证",
    "首次申领居民身份证",
    "身份证",
    "居民身份证",
    "办身份证",
)
_TEMPORARY: Final = ("临时", "临时证", "临时身份证", "临时居民身份证", "申领临时居民身份证")
_CERTIFICATE: Final = ("证明", "户籍证明", "户籍类证明", "户籍事项证明", "开户籍证明", "开具户籍类证明")
ITEMS: Final[Mapping[str, ServiceItem]] = {
    **dict.fromkeys(_CARD, ServiceItem.ID_CARD_FIRST_APPLICATION),
    **dict.fromkeys(_TEMPORARY, ServiceItem.TEMPORARY_ID_CARD),
    **dict.fromkeys(_CERTIFICATE, ServiceItem.HOUSEHOLD_CERTIFICATE),
}
"""What a question about two places begins with: 指南 赣州 深圳."""

_BUTTONS: Final = {topic.value: topic for topic in Topic}
_BIND = re.compile(r"绑定[\s:,]*([0-9A-Za-z]{4,32})|([0-9]{8})")
_BETWEEN = re.compile(r"[\s,;/、]+")
_TWO: Final = 2
_AROUND = " \t\r\n\"'“”‘’「」『』《》【】[]()。.,、!?;:~"


@dataclass(frozen=True)
class Talk:
    """What an answer is made with; ``guide_page`` is the address of the public guide, where it is known."""

    deps: Deps
    guesses: Guesses
    guide_page: str | None


def asks_nothing(push: Push) -> bool:
    """Whether the push changes nothing and wants no reply."""
    return push.sort is Sort.NOTHING


async def answer(talk: Talk, push: Push) -> str:
    """Return the text of the reply, empty for none. What the acts refuse is told in their words."""
    try:
        return await _ANSWERS[push.sort](talk, push)
    except Refusal as refusal:
        told = refusal_text(refusal.code, refusal.facts)
        return f"{told.title}\n{told.detail}\n{told.advice}"


async def _to_text(talk: Talk, push: Push) -> str:
    said = unicodedata.normalize("NFKC", push.text).strip(_AROUND)
    if said in WORDS:
        return await _TOPICS[WORDS[said]](talk, push)
    if code := _BIND.fullmatch(said):
        return await _bind(talk, push, code[1] or code[2])
    word, *places = re.split(_BETWEEN, said)
    if word in ITEMS:
        return _about(talk, word, places)
    return _say("fallback")


async def _to_click(talk: Talk, push: Push) -> str:
    topic = _BUTTONS.get(push.text)
    if topic is None:
        return _say("fallback")  # a menu of an earlier version stays on phones for a day
    return await _TOPICS[topic](talk, push)


async def _bind(talk: Talk, push: Push, code: str) -> str:
    if not talk.guesses.begin(push.openid, talk.deps.clock.now()):
        return _say("binding_wait")
    if not await chat.bind_chat(talk.deps, **_who(talk, push), code=code):
        return _say("binding_failed")
    talk.guesses.succeed(push.openid)
    return _say("bound")


async def _guide(talk: Talk, _push: Push) -> str:
    return chat_text("guide", {**general_guide(talk.deps.rulebook, talk.deps.today()), "link": talk.guide_page})


def _about(talk: Talk, word: str, names: Sequence[str]) -> str:
    """The rulebook's answer for 户籍地 and 现居住地 by their names; words on how to ask when they can't be told."""
    facts = {"word": word, "item": label(ITEMS[word], "ServiceItem"), "link": talk.guide_page}
    if len(names) != _TWO:
        return chat_text("guide_places", facts)
    meant = [places_named(name) for name in names]
    for name, places in zip(names, meant, strict=True):
        if not places:
            return chat_text("place_unknown", {**facts, "place": name})
        if len(places) > 1:
            full = [place.full_name for place in places]
            return chat_text("place_several", {**facts, "place": name, "places": full, "example": full[0]})
    return _answered(talk, ITEMS[word], meant[0][0], meant[1][0])


def _answered(talk: Talk, item: ServiceItem, household: PlaceView, residence: PlaceView) -> str:
    adult, minor = for_both_ages(talk.deps.rulebook, item, household.code, residence.code, talk.deps.today())
    query = urlencode({"item": item, "household": household.code, "residence": residence.code})
    link = f"{talk.guide_page}?{query}" if talk.guide_page else None
    places = {"household": household.full_name, "residence": residence.full_name}
    return guide_in_chat(adult, minor, item=item, **places, link=link)


async def _progress(talk: Talk, push: Push) -> str:
    lines = await chat.progress_in_chat(talk.deps, **_who(talk, push))
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


async def _unbind(talk: Talk, push: Push) -> str:
    await chat.forget_follower(talk.deps, **_who(talk, push))
    return _say("unbound")


async def _to_unfollow(talk: Talk, push: Push) -> str:
    """On leaving, everything kept about this follower is deleted; nobody is left to read a reply."""
    await chat.forget_follower(talk.deps, **_who(talk, push))
    return ""


def _saying(key: str) -> Callable[[Talk, Push], Awaitable[str]]:
    async def say(_talk: Talk, _push: Push) -> str:
        return _say(key)

    return say


async def _to_nothing(_talk: Talk, _push: Push) -> str:
    return ""


def _say(key: str) -> str:
    return chat_text(key, {})


def _who(talk: Talk, push: Push) -> dict[str, str]:
    return {"appid": talk.deps.settings.official_account.appid, "openid": push.openid}


_TOPICS: Final[Mapping[Topic, Callable[[Talk, Push], Awaitable[str]]]] = {
    Topic.GUIDE: _guide,
    Topic.PROGRESS: _progress,
    Topic.HOW_TO_BIND: _saying("not_bound"),
    Topic.UNBIND: _unbind,
}
_ANSWERS: Final[Mapping[Sort, Callable[[Talk, Push], Awaitable[str]]]] = {
    Sort.TEXT: _to_text,
    Sort.OTHER_MESSAGE: _saying("fallback"),
    Sort.FOLLOWED: _saying("welcome"),
    Sort.SCANNED: _saying("welcome"),
    Sort.UNFOLLOWED: _to_unfollow,
    Sort.CLICKED: _to_click,
    Sort.NOTHING: _to_nothing,
}
