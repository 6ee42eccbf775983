"""投诉, 建议: taken down in the chat, confirmed, given a number and a day by which it is answered (R198).

The confirmation carries the key of the message that asked for it: however often it is said, one complaint is opened.
Answers are read in the mini-program; the chat says only that there is one.
"""

from collections.abc import Mapping
from typing import Any, Final

from bot.topic import NO, YES, Begin, Chat, Topic, ask, chosen, numbered, say
from casework.chat_cases import cases_to_name
from casework.complain import (
    LONGEST,
    LONGEST_WORD,
    SHORTEST,
    ComplaintWish,
    add_word,
    my_complaints,
    open_complaint,
)
from casework.complaint_views import ComplaintView
from casework.talk import Answer
from domain.refusal import Refusal
from domain.terms import ComplaintKind, ComplaintStatus
from templates.labels import label
from templates.shown import clean, day

_MOST_SHOWN: Final = 5
_GLIMPSE: Final = 120  # characters of one's own words that are shown again
_NO_CASE: Final = "都不是"


def _beginning(name: str, kind: ComplaintKind) -> Begin:
    async def begin(chat: Chat) -> Answer:
        if chat.citizen is None:
            return say("complaint_not_bound", kind=label(kind))
        cases = await cases_to_name(chat.deps, chat.citizen)
        if not cases:
            return _what(name, {"kind": kind.value, "number": None})
        shown = [f"{case.item_label}（{case.name_masked}，{case.number_masked}）" for case in cases]
        kept = {"step": "case", "kind": kind.value, "numbers": [case.number for case in cases]}
        return ask("complaint_which", name, kept, kind=label(kind), lines=numbered([*shown, _NO_CASE]))

    return begin


async def _go_on(chat: Chat, facts: Mapping[str, Any]) -> Answer | None:
    step: str = facts.get("step", "")
    return await _STEPS[step](chat, facts) if step in _STEPS else None


async def _case_chosen(chat: Chat, facts: Mapping[str, Any]) -> Answer | None:
    numbers = [*facts["numbers"], None]
    place = chosen(chat.said, [""] * len(facts["numbers"]) + [_NO_CASE])
    if place is None:
        return None
    return _what(chat.before.topic or "", {"kind": facts["kind"], "number": numbers[place]})


def _what(topic: str, facts: Mapping[str, Any]) -> Answer:
    return ask("complaint_what", topic, {**facts, "step": "text"}, kind=label(ComplaintKind(facts["kind"])))


async def _written(chat: Chat, facts: Mapping[str, Any]) -> Answer | None:
    text = _text(chat, SHORTEST, LONGEST)
    kept = {**facts, "step": "confirm", "text": text, "key": chat.key}
    return ask(
        "complaint_confirm", chat.before.topic or "", kept,
        kind=label(ComplaintKind(facts["kind"])), text=_glimpse(text),
    )  # fmt: skip


async def _confirmed(chat: Chat, facts: Mapping[str, Any]) -> Answer | None:
    """Open it; whatever else is said takes the place of what was written."""
    if chat.said in NO:
        return say("stopped")
    if chat.said not in YES:
        return await _written(chat, facts)
    wish = ComplaintWish(ComplaintKind(facts["kind"]), facts["text"], facts.get("number"))
    opened = await open_complaint(chat.deps, chat.known, wish, facts["key"])
    return say(
        "complaint_opened",
        kind=label(opened.kind), number=opened.number, due=_due(opened), station=opened.station,
    )  # fmt: skip


async def _mine(chat: Chat) -> Answer:
    """The own ones, newest first; a number after it adds a word to one."""
    mine = await my_complaints(chat.deps, chat.known)
    if not mine:
        return say("complaint_none")
    kept = {"step": "which", "numbers": [one.number for one in mine[:_MOST_SHOWN]]}
    return ask("complaint_mine", _MINE, kept, lines=[_line(place, one) for place, one in enumerate(mine, 1)])


def _line(place: int, one: ComplaintView) -> dict[str, str | None]:
    waits = one.status is not ComplaintStatus.ANSWERED
    return {
        "place": str(place),
        "kind": label(one.kind),
        "number": one.number,
        "opened": day(one.opened_at),
        "status": label(one.status),
        "station": one.station,
        "due": _due(one) if waits else None,
        "answered": day(one.answered_at) if one.answered_at else None,
    }


async def _one_chosen(chat: Chat, facts: Mapping[str, Any]) -> Answer | None:
    place = chosen(chat.said, facts["numbers"])
    if place is None:
        return None
    number = facts["numbers"][place]
    return ask("complaint_add", _MINE, {"step": "word", "number": number}, number=number)


async def _added(chat: Chat, facts: Mapping[str, Any]) -> Answer | None:
    text = _text(chat, 1, LONGEST_WORD)
    await add_word(chat.deps, chat.known, facts["number"], text, chat.key)
    return say("complaint_added", number=facts["number"])


def _text(chat: Chat, least: int, most: int) -> str:
    """What was typed, as it was typed: not the plain form that words are recognised by."""
    said = clean(chat.push.text)
    if not least <= len(said) <= most:
        raise Refusal("complaint_text_missing", least=least, most=most)
    return said


def _glimpse(text: str) -> str:
    return text if len(text) <= _GLIMPSE else f"{text[:_GLIMPSE]}…"


def _due(one: ComplaintView) -> str | None:
    return day(one.due_on) if one.due_on else None


_STEPS: Final = {
    "case": _case_chosen,
    "text": _written,
    "confirm": _confirmed,
    "which": _one_chosen,
    "word": _added,
}
_MINE: Final = "my_complaints"

COMPLAINT: Final = Topic(
    "complaint",
    ("投诉", "我要投诉", "投诉建议", "投诉/建议", "投诉与建议", "举报"),
    _beginning("complaint", ComplaintKind.COMPLAINT),
    _go_on,
    if_known=True,
)
SUGGESTION: Final = Topic(
    "suggestion",
    ("建议", "我要建议", "提建议", "意见", "提意见", "意见建议"),
    _beginning("suggestion", ComplaintKind.SUGGESTION),
    _go_on,
    if_known=True,
)
MY_COMPLAINTS: Final = Topic(
    _MINE, ("我的投诉", "投诉进度", "查投诉", "我的建议", "我的投诉建议", "投诉查询"), _mine, _go_on, for_known=True
)
