"""预约: choose a case, a station and a time by reply, confirm; change and cancel the same way.

The confirmation carries the key of the message that asked for it: however often it is said, one booking is made.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from bot.topic import YES, Chat, Topic, ask, chosen, numbered, say
from casework.book import book, cancel_booking
from casework.chat_cases import ChatCase, case_to_book, cases_to_book, points_to_offer, times_to_offer
from casework.talk import Answer
from casework.views import CaseView
from domain.refusal import Refusal
from templates.labels import label
from templates.refusals import refusal_text
from templates.shown import when

_NAME: Final = "booking"
_MORE: Final = frozenset({"更多", "还有吗", "下一页"})
_MOVE, _CANCEL = 0, 1


async def _begin(chat: Chat) -> Answer:
    """Which case; at a station whose code was scanned just before, if one was."""
    cases = await cases_to_book(chat.deps, chat.known)
    kept = {"point": chat.before.facts.get("point")}
    if not cases:
        return say("booking_none")
    if len(cases) == 1:
        return await _for_case(chat, cases[0], kept)
    numbers = [case.number for case in cases]
    shown = [f"{case.item_label}（{case.name_masked}，{case.number_masked}）" for case in cases]
    return ask("booking_which", _NAME, {**kept, "step": "case", "numbers": numbers}, lines=numbered(shown))


async def _go_on(chat: Chat, facts: Mapping[str, Any]) -> Answer | None:
    step: str = facts.get("step", "")
    return await _STEPS[step](chat, facts) if step in _STEPS else None


async def _case_chosen(chat: Chat, facts: Mapping[str, Any]) -> Answer | None:
    place = chosen(chat.said, facts["numbers"])
    if place is None:
        return None
    case = await case_to_book(chat.deps, chat.known, facts["numbers"][place])
    return await _for_case(chat, case, facts)


async def _for_case(chat: Chat, case: ChatCase, facts: Mapping[str, Any]) -> Answer:
    kept = {"number": case.number, "point": facts.get("point")}
    if case.booked_for is not None:
        return ask(
            "booking_has", _NAME, {**kept, "step": "booked"},
            item=case.item_label, name=case.name_masked, time=when(case.booked_for), station=case.booked_at,
        )  # fmt: skip
    return await _where(chat, kept)


async def _booked_chosen(chat: Chat, facts: Mapping[str, Any]) -> Answer | None:
    place = chosen(chat.said, ["改到别的时间", "取消预约"])
    if place is None:
        return None
    if place == _MOVE:
        return await _where(chat, facts)
    case = await case_to_book(chat.deps, chat.known, facts["number"])
    if case.booked_for is None:
        return await _where(chat, facts)
    kept = {"number": case.number, "step": "cancel", "key": chat.key}
    return ask("booking_cancel", _NAME, kept, time=when(case.booked_for), station=case.booked_at)


async def _where(chat: Chat, facts: Mapping[str, Any]) -> Answer:
    """Which station; no question where there is one only, or one was scanned."""
    points = await points_to_offer(chat.deps, chat.known, facts["number"])
    if not points:
        return say("booking_no_point")
    codes = [point.code for point in points]
    scanned = facts.get("point")
    if scanned in codes or len(codes) == 1:
        return await _when(chat, facts["number"], scanned if scanned in codes else codes[0], None)
    kept = {"number": facts["number"], "step": "point", "points": codes}
    shown = [f"{point.name}（{point.address}）" for point in points]
    return ask("booking_where", _NAME, kept, lines=numbered(shown))


async def _point_chosen(chat: Chat, facts: Mapping[str, Any]) -> Answer | None:
    place = chosen(chat.said, facts["points"])
    return None if place is None else await _when(chat, facts["number"], facts["points"][place], None)


async def _when(chat: Chat, number: str, point: str, after: datetime | None) -> Answer:
    times = await times_to_offer(chat.deps, chat.known, number, point, after)
    station = next((p.name for p in await points_to_offer(chat.deps, chat.known, number) if p.code == point), "")
    if not times:
        return say("booking_full", station=station)
    kept = {"number": number, "step": "time", "point": point, "times": [at.isoformat() for at in times]}
    return ask(
        "booking_when", _NAME, kept,
        station=station, lines=numbered([when(at) for at in times]), more="回复“更多”，看后面的时间。",
    )  # fmt: skip


async def _time_chosen(chat: Chat, facts: Mapping[str, Any]) -> Answer | None:
    times = [datetime.fromisoformat(at) for at in facts["times"]]
    if chat.said in _MORE:
        return await _when(chat, facts["number"], facts["point"], times[-1])
    place = chosen(chat.said, [when(at) for at in times])
    if place is None:
        return None
    case = await case_to_book(chat.deps, chat.known, facts["number"])
    points = await points_to_offer(chat.deps, chat.known, facts["number"])
    point = next((point for point in points if point.code == facts["point"]), None)
    if point is None:
        return say("booking_no_point")
    kept = {**facts, "step": "confirm", "at": times[place].isoformat(), "key": chat.key}
    return ask(
        "booking_confirm", _NAME, kept,
        item=case.item_label, name=case.name_masked, time=when(times[place]), station=point.name,
        address=point.address,
    )  # fmt: skip


async def _confirmed(chat: Chat, facts: Mapping[str, Any]) -> Answer | None:
    if chat.said not in YES:
        return None
    at = datetime.fromisoformat(facts["at"])
    try:
        view = await book(chat.deps, chat.known, facts["number"], facts["point"], at, facts["key"])
    except Refusal as refusal:
        if others := [other for other in refusal.facts.get("alternatives") or () if isinstance(other, datetime)]:
            return _other_times(refusal, facts, others)
        raise
    return _booked(view)


def _other_times(refusal: Refusal, facts: Mapping[str, Any], others: list[datetime]) -> Answer:
    told = refusal_text(refusal.code, refusal.facts)
    kept = {**facts, "step": "time", "times": [other.isoformat() for other in others]}
    shown = numbered([when(other) for other in others])
    return ask("booking_elsewhere", _NAME, kept, title=told.title, detail=told.detail, lines=shown)


def _booked(view: CaseView) -> Answer:
    booking = view.booking
    assert booking is not None
    return say(
        "booking_done",
        time=when(booking.starts_at), station=booking.point.name, address=booking.point.address,
        who="、".join(label(who) for who in booking.who_must_come),
        missing="、".join(label(missing) for missing in view.missing) or None,
    )  # fmt: skip


async def _cancelled(chat: Chat, facts: Mapping[str, Any]) -> Answer | None:
    if chat.said not in YES:
        return None
    await cancel_booking(chat.deps, chat.known, facts["number"], facts["key"])
    return say("booking_cancelled")


_STEPS: Final = {
    "case": _case_chosen,
    "booked": _booked_chosen,
    "point": _point_chosen,
    "time": _time_chosen,
    "confirm": _confirmed,
    "cancel": _cancelled,
}

BOOKING: Final = Topic(
    _NAME, ("预约", "约时间", "改期", "改时间", "取消预约", "改约", "我要预约"), _begin, _go_on, for_known=True
)
