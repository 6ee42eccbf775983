"""Hop 3: a place at an acceptance point, taken by one conditional UPDATE."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from casework.callers import Citizen
from casework.deps import Deps
from casework.facts import insist_allowed
from casework.owe import owe
from casework.repeat import once
from casework.step import Said, insist_open, take_step
from casework.track import case_view, own_case_to_change, point_view
from casework.views import CaseView, PointView, SlotView
from domain.division import find_division
from domain.guide import Guidance
from domain.local_time import day_bounds, day_of
from domain.refusal import Refusal
from domain.slot import Opening, Schedule, slots_on
from domain.terms import CaseEventKind, NoticeKind, ServiceItem, Whose
from models.case import Case
from models.handoff import revoke_codes
from models.place import AcceptancePoint, find_point, opens_service_on, points_serving
from models.slot import (
    Booking,
    change_place,
    end_booking,
    ensure_slot,
    free_place,
    live_booking,
    make_booking,
    taken_between,
)
from templates.labels import label
from templates.shown import when

HORIZON = timedelta(days=14)


async def points_for(deps: Deps, item: ServiceItem, division: str) -> tuple[PointView, ...]:
    """Points near a residence that take the item today: those of its city (R005, R033).

    Raises:
        Refusal: ``division_unknown``.
    """
    near = find_division(division)
    prefix = near.code[:2] if near.city is None else near.city[:4]
    return tuple(point_view(point) for point in await points_serving(item, prefix, deps.today()))


async def free_slots(deps: Deps, point_code: str, item: ServiceItem, day: date) -> tuple[SlotView, ...]:
    """Slots of a day that still have a free place and have not ended.

    Raises:
        Refusal: ``station_not_found``, ``station_without_service``, ``slot_beyond_horizon``.
    """
    point = await _serving_point(deps, point_code, item, day)
    if day > deps.today() + HORIZON:
        raise Refusal("slot_beyond_horizon", days=HORIZON.days, last_day=deps.today() + HORIZON)
    schedule = schedule_of(point)
    taken = await taken_between(point.id, item, *day_bounds(day))
    now = deps.clock.now()
    return tuple(
        SlotView(start.astimezone(UTC), end.astimezone(UTC), free)
        for start, end in slots_on(schedule, day, deps.calendar)
        if end > now and (free := schedule.capacity - taken.get(start, 0)) > 0
    )


async def book(deps: Deps, citizen: Citizen, number: str, point_code: str, starts_at: datetime, key: str) -> CaseView:
    """Book a place, or move a live booking there: never neither, never both.

    A visit of a minor with the guardian is one place with two seats (R031).

    Raises:
        Refusal: ``case_not_found``, ``case_not_open``, ``station_…``, ``slot_not_found``, ``slot_past``, ``slot_full``
            with the nearest free times, ``slot_beyond_horizon``, ``age_changed`` (T10), any reason of the rulebook on
            the day of the visit.
    """
    body = {"number": number, "point": point_code, "starts_at": starts_at.isoformat()}
    return await once(
        deps, citizen, key, act="book", body=body, view=CaseView,
        do=lambda: _book(deps, citizen, number, point_code, starts_at),
    )  # fmt: skip


async def cancel_booking(deps: Deps, citizen: Citizen, number: str, key: str) -> CaseView:
    """Cancel the booking; the place is free at once, the signature stays.

    Raises:
        Refusal: ``case_not_found``, ``case_not_open``, ``booking_not_found``.
    """
    return await once(
        deps, citizen, key, act="cancel_booking", body={"number": number}, view=CaseView,
        do=lambda: _cancel(deps, citizen, number),
    )  # fmt: skip


async def give_up_place(deps: Deps, case: Case, how: str) -> Booking | None:
    """End the live booking of a case, if there is one, and free its place. Codes issued for the visit go with it."""
    booking = await _end_live_booking(deps, case, how)
    if booking is not None:
        await free_place(booking.slot_id)
    return booking


def schedule_of(point: AcceptancePoint) -> Schedule:
    """A point's schedule from its JSON."""
    raw: dict[str, Any] = point.schedule
    return Schedule(
        openings=tuple(
            Opening(o["weekday"], time.fromisoformat(o["start"]), time.fromisoformat(o["end"])) for o in raw["openings"]
        ),
        slot_minutes=raw["slot_minutes"],
        capacity=raw["capacity"],
        open_from=None,
        closed_on_rest_days=raw["closed_on_rest_days"],
    )


async def _book(deps: Deps, citizen: Citizen, number: str, point_code: str, starts_at: datetime) -> CaseView:
    case = await own_case_to_change(citizen, number)
    insist_open(case)
    day = day_of(starts_at)
    point = await _serving_point(deps, point_code, case.item, day)
    _insist_acceptance_place(case, point)
    start, end = _slot_of(deps, point, starts_at)
    guidance = insist_allowed(deps, case, day)
    seats = max(1, len(guidance.who_must_come))
    booking_id = await _take(deps, case, point, start, end, seats)
    facts = {"point": point.code, "starts_at": start.isoformat()}
    await take_step(
        deps, case, CaseEventKind.BOOKED, Said(citizen.actor, deps.clock.now()),
        facts=facts, acceptance_point_id=point.id,
    )  # fmt: skip
    await _confirm(deps, case, point, start, guidance, booking_id)
    return await case_view(deps, case)


async def _cancel(deps: Deps, citizen: Citizen, number: str) -> CaseView:
    case = await own_case_to_change(citizen, number)
    insist_open(case)
    booking = await give_up_place(deps, case, "cancelled")
    if booking is None:
        raise Refusal("booking_not_found")
    await take_step(deps, case, CaseEventKind.BOOKING_CANCELLED, Said(citizen.actor, deps.clock.now()))
    await owe(
        deps, case, NoticeKind.BOOKING_CANCELLED, str(booking.id),
        time=when(booking.slot.starts_at), station=booking.slot.point.name,
    )  # fmt: skip
    return await case_view(deps, case)


async def _serving_point(deps: Deps, code: str, item: ServiceItem, day: date) -> AcceptancePoint:
    point = await find_point(code)
    if point is None:
        raise Refusal("station_not_found")
    opens = await opens_service_on(point.id, item)
    if opens is None:
        raise Refusal("station_without_service", source="R033", station=point.name, item=label(item))
    if max(day, deps.today()) < opens:
        raise Refusal("station_not_open_yet", source="R013", station=point.name, open_from=opens)
    return point


def _insist_acceptance_place(case: Case, point: AcceptancePoint) -> None:
    """The application is made where the person lives (R021, R030): a point of the residence's city."""
    if find_division(point.division).city != find_division(case.residence_division).city:
        raise Refusal("station_elsewhere", source="R030", station=point.name)


def _slot_of(deps: Deps, point: AcceptancePoint, starts_at: datetime) -> tuple[datetime, datetime]:
    day = day_of(starts_at)
    if day > deps.today() + HORIZON:
        raise Refusal("slot_beyond_horizon", days=HORIZON.days, last_day=deps.today() + HORIZON)
    slots = dict(slots_on(schedule_of(point), day, deps.calendar))
    end = slots.get(starts_at)
    if end is None:
        raise Refusal("slot_not_found", station=point.name)
    if end <= deps.clock.now():
        raise Refusal("slot_past")
    return starts_at, end


async def _take(deps: Deps, case: Case, point: AcceptancePoint, start: datetime, end: datetime, seats: int) -> int:
    slot_id = await ensure_slot(point.id, case.item, start, end, schedule_of(point).capacity)
    moved = await _end_live_booking(deps, case, "moved")
    if not await change_place(moved.slot_id if moved else None, slot_id):
        nearest = await _nearest(deps, point, case.item, start)
        raise Refusal("slot_full", station=point.name, alternatives=nearest)
    made = await make_booking(slot_id, case.id, seats, deps.clock.now())
    booking = await live_booking(case.id)
    assert booking is not None
    if not made:
        raise Refusal("booking_exists", number=case.number, time=when(booking.slot.starts_at))
    return booking.id


async def _end_live_booking(deps: Deps, case: Case, how: str) -> Booking | None:
    """End the live booking and revoke the codes issued for it; its place is still taken."""
    booking = await live_booking(case.id)
    if booking is None or not await end_booking(booking.id, how, deps.clock.now()):
        return None
    await revoke_codes(case.id, deps.clock.now())
    return booking


async def _nearest(deps: Deps, point: AcceptancePoint, item: ServiceItem, wanted: datetime) -> list[datetime]:
    """The three free times nearest to a wanted one, that day and the two after it."""
    free = [
        slot.starts_at
        for ahead in range(3)
        if (day := day_of(wanted) + timedelta(days=ahead)) <= deps.today() + HORIZON
        for slot in await free_slots(deps, point.code, item, day)
    ]
    return sorted(free, key=lambda at: abs(at - wanted))[:3]


async def _confirm(
    deps: Deps, case: Case, point: AcceptancePoint, start: datetime, guidance: Guidance, booking_id: int
) -> None:
    await owe(
        deps, case, NoticeKind.BOOKING_CONFIRMED, str(booking_id),
        time=when(start), station=point.name, address=point.address,
        who="申请人和监护人须一同到场" if Whose.GUARDIAN in guidance.who_must_come else None,
        bring="、".join(material.what for material in guidance.materials) or None,
    )  # fmt: skip
