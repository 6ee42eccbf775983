"""The quick way to a first booking: those who ask at once share one transaction (``models.group``).

Only what is ordinary goes this way: one open case, nothing booked, held or waited for, nothing signed yet, no proof of
work asked, no rule that counts visits. The decisions are those of ``casework.book``, on rows loaded for all at once;
whatever else comes up is left to ``casework.book`` itself, which refuses in its own words. The rows written and the
answer are the same: tests/casework/test_book_together.py compares them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from casework.booking_rules import no_show_rule
from casework.callers import Citizen
from casework.challenge import work_asked
from casework.deps import DELIVER_NOTICES, Deps, database_expected
from casework.explain_policy import answer
from casework.facts import CaseFacts, insist_allowed, letter_of, question_of
from casework.find_place import Desk, desk_of, insist_acceptance_place, is_within, slot_end
from casework.of_age import has_grown_up
from casework.owe import owed
from casework.remind import reminders
from casework.repeat import written_as
from casework.step import insist_open
from casework.take_place import plan_of, seats_of
from casework.track import event_view, shown, told_of
from casework.views import CaseView, EventView
from domain.guide import Guidance
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.supply import free_places
from domain.terms import CaseEventKind, CaseState, NoticeKind, ServiceItem, Whose
from models.case import Case
from models.connect import Crowded
from models.db import COLLISIONS, utc
from models.first_bookings import (
    Booked,
    LostRace,
    SlotKey,
    foreseen,
    lock_cases,
    lock_wanted,
    services_at,
    write_booked,
    write_bookings,
)
from models.glance import learn_taken
from models.group import Group
from models.place import AcceptancePoint
from models.slot import Slot
from templates.shown import when

ACT = "book"
SOON = 2  # seconds after which a crowd is gone
_IN_THE_WAY: tuple[type[Exception], ...] = (*COLLISIONS, LostRace)


@dataclass(frozen=True)
class Wish:
    """One booking asked for, and the digest its key is known by."""

    deps: Deps
    citizen: Citizen
    number: str
    point_code: str
    starts_at: datetime
    key: str
    digest: str


@dataclass(frozen=True)
class Full:
    """Nothing is left in the slot; everything else was in order."""

    case: Case
    station: str


@dataclass(frozen=True)
class _Plan:
    """A wish that may be fulfilled if there is a place."""

    wish: Wish
    case: Case
    desk: Desk
    ends_at: datetime
    now: datetime
    visit: Guidance
    history: tuple[EventView, ...]

    @cached_property
    def slot(self) -> SlotKey:
        return (self.desk.point.id, self.desk.item, utc(self.wish.starts_at))

    @property
    def owner(self) -> tuple[str, str]:
        return (self.wish.citizen.actor, self.wish.key)


Outcome = CaseView | Full | None


async def book_together(wish: Wish) -> Outcome:
    """The case booked; ``Full``; or None for what is not ordinary, and nothing was done.

    Raises:
        Refusal: ``service_unavailable``, with the seconds to wait where only too many ask at once.
    """
    try:
        with database_expected():
            outcome = await _asked(wish)
    except _IN_THE_WAY:
        return None  # somebody stood in the way twice: the plain way waits for its locks
    if isinstance(outcome, CaseView):
        await wish.deps.queue.wake(DELIVER_NOTICES)
    return outcome


async def _asked(wish: Wish) -> Outcome:
    try:
        return await BOOKINGS.do(wish)
    except Crowded:
        raise Refusal("service_unavailable", retry_after=SOON) from None


async def _book_all(wishes: Sequence[Wish]) -> list[Outcome | Exception]:
    plans = await _plans(wishes)
    outcomes: dict[int, Outcome] = {}
    if plans:
        outcomes = await _seat(plans)
    return [outcomes.get(id(wish)) for wish in wishes]


async def _plans(wishes: Sequence[Wish]) -> list[_Plan]:
    """What may be booked, in the order it was asked for. Of two wishes for one case the second finds it engaged."""
    first = {wish.number: wish for wish in reversed(wishes)}
    asking = await lock_cases(first.keys(), {wish.key for wish in wishes})
    if all(one.engaged for one in asking.values()):
        return []
    earliest = min(wish.starts_at for wish in first.values())
    services = await services_at({wish.point_code for wish in first.values()}, earliest)
    desks = {key: desk_of(*both) for key, both in services.at.items()}
    plans = []
    for wish in wishes:
        one = asking.get(wish.number)
        if one is None or one.engaged or first[wish.number] is not wish:
            continue
        desk = desks.get((wish.point_code, one.case.item))
        plan = _plan(wish, one.case, desk, tuple(map(event_view, one.history))) if desk else None
        if plan and not any(
            is_within(each, plan.desk.point, wish.starts_at, plan.ends_at) for each in services.closures
        ):
            plans.append(plan)
    return plans


def _plan(wish: Wish, case: Case, desk: Desk, history: tuple[EventView, ...]) -> _Plan | None:
    """The decisions of ``casework.book``, in its order; None wherever it would refuse or ask for more."""
    deps = wish.deps
    if case.account_id != wish.citizen.account_id or has_grown_up(deps, case):
        return None
    if work_asked(deps, desk) or desk.on_trial(deps.today()):
        return None
    asked_along = any(event.kind is CaseEventKind.TEMPORARY_CARD_ASKED for event in history)
    if asked_along or case.item is not ServiceItem.ID_CARD_FIRST_APPLICATION:
        return None  # what hangs on it, or beside it, is loaded by the plain way
    try:
        insist_open(case)
        insist_acceptance_place(case, desk)
        ends_at = slot_end(deps, desk, wish.starts_at)
        visit = insist_allowed(deps, case, day_of(wish.starts_at))
    except Refusal:
        return None
    rule = no_show_rule(deps, case)
    if rule.strikes is not None or rule.weekly_cap is not None:
        return None
    return _Plan(wish, case, desk, ends_at, deps.clock.now(), visit, history)


async def _seat(plans: Sequence[_Plan]) -> dict[int, Outcome]:
    slots = await lock_wanted({plan.slot: _slot_row(plan) for plan in plans}, max(plan.now for plan in plans))
    left: dict[SlotKey, list[int]] = {}
    seated, full = list[_Plan](), list[_Plan]()
    for plan in plans:
        slot, lapsed = slots[plan.slot]
        if lapsed or slot.closed or not _fits(slot, plan.desk):
            continue
        taken, general = left.setdefault(plan.slot, [slot.taken, slot.taken_general])
        minor = plan.case.is_minor
        if not free_places(plan.desk.supply.places, taken=taken, taken_general=general, minor=minor):
            full.append(plan)
            continue
        left[plan.slot] = [taken + 1, general + (not minor)]
        seated.append(plan)
    views = {id(plan): _view(plan, slots[plan.slot][0]) for plan in seated}
    if seated:
        await _write(seated, slots, views)
        learn_taken(left)
    outcomes: dict[int, Outcome] = {id(plan.wish): views[id(plan)] for plan in seated}
    return outcomes | {id(plan.wish): Full(plan.case, plan.desk.point.name) for plan in full}


async def _write(seated: Sequence[_Plan], slots: dict[SlotKey, tuple[Slot, bool]], views: dict[int, CaseView]) -> None:
    ids = await write_bookings([_booking_row(plan, slots[plan.slot][0].id) for plan in seated])
    await write_booked(
        Booked(
            places=[(slots[plan.slot][0].id, plan.case.is_minor) for plan in seated],
            to_points=[(plan.desk.point.id, plan.case.id) for plan in seated],
            keys=[_key_row(plan, views[id(plan)]) for plan in seated],
            events=[_event_row(plan) for plan in seated],
            notices=[row for plan in seated for row in _notice_rows(plan, ids[plan.case.id])],
        )
    )


def _fits(slot: Slot, desk: Desk) -> bool:
    """Whether the row is as today's settings want it; otherwise the plain way brings it up to them."""
    places = desk.supply.places
    return (slot.capacity, slot.online, slot.general) == (places.capacity, places.online, places.general)


def _slot_row(plan: _Plan) -> dict[str, Any]:
    point_id, item, starts_at = plan.slot
    places = plan.desk.supply.places
    return {
        "point_id": point_id, "item": item, "starts_at": starts_at, "ends_at": plan.ends_at,
        "capacity": places.capacity, "online": places.online, "general": places.general,
    }  # fmt: skip


def _key_row(plan: _Plan, view: CaseView) -> dict[str, Any]:
    owner, key = plan.owner
    answered = written_as(tuple[CaseView, ...]).dump_json((view,)).decode()
    return {
        "owner": owner, "key": key, "act": ACT, "body_digest": plan.wish.digest, "answer": answered,
        "made_at": plan.now,
    }  # fmt: skip


def _booking_row(plan: _Plan, slot_id: int) -> dict[str, Any]:
    return {
        "slot_id": slot_id, "case_id": plan.case.id, "is_minor": plan.case.is_minor, "seats": seats_of(plan.visit),
        "plan": plan_of(plan.visit), "made_at": plan.now,
    }  # fmt: skip


def _event_row(plan: _Plan) -> dict[str, Any]:
    return {
        "case_id": plan.case.id, "seq": plan.case.last_seq + 1, "kind": CaseEventKind.BOOKED,
        "from_state": CaseState.OPEN, "to_state": CaseState.OPEN, "at": plan.now, "recorded_at": plan.now,
        "rule_day": day_of(plan.now), "actor": plan.wish.citizen.actor,
        "facts": booked_facts(plan.desk.point, plan.wish.starts_at),
    }  # fmt: skip


def _notice_rows(plan: _Plan, booking_id: int) -> list[dict[str, Any]]:
    point, starts_at = plan.desk.point, plan.wish.starts_at
    time, name, address = when(starts_at), point.name, point.address
    rows = owed(
        plan.now, plan.case, NoticeKind.BOOKING_CONFIRMED, str(booking_id), time=time, station=name, address=address,
        who=who_comes(plan.visit), bring=what_to_bring(plan.visit),
    )  # fmt: skip
    for event, due_at in reminders(plan.now, starts_at, booking_id):
        rows += owed(
            plan.now, plan.case, NoticeKind.VISIT_REMINDER, event, due_at=due_at, time=time, station=name,
            address=address,
        )  # fmt: skip
    return rows


def _view(plan: _Plan, slot: Slot) -> CaseView:
    """What ``casework.track.case_view`` would read back."""
    deps, case, point = plan.wish.deps, plan.case, plan.desk.point
    today = answer(deps, question_of(case, day_of(plan.now)))
    facts = CaseFacts(
        guidance=today, letter=letter_of(deps, case, today), signature=None, confirmation=None,
        booking=foreseen(slot, point, case, seats_of(plan.visit)),
    )  # fmt: skip
    booked = told_of(CaseEventKind.BOOKED, utc(plan.now), None, booked_facts(point, plan.wish.starts_at))
    return shown(case, facts, (*plan.history, booked))


def booked_facts(point: AcceptancePoint, starts_at: datetime) -> dict[str, Any]:
    """What the event of a booking says."""
    return {"point": point.code, "starts_at": starts_at.isoformat()}


def who_comes(visit: Guidance) -> str | None:
    """Who must come along, for the notice of a booking."""
    return "申请人和监护人须一同到场" if Whose.GUARDIAN in visit.who_must_come else None


def what_to_bring(visit: Guidance) -> str | None:
    """The papers to bring, for the notice of a booking."""
    return "、".join(material.what for material in visit.materials) or None


BOOKINGS: Group[Wish, Outcome] = Group(_book_all, writers=1)  # larger groups, fewer questions
