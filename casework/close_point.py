"""Closing a point for a while (R199, R200): bookings end, each person is told and gets the next place."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from casework.area import answers_for, area_of
from casework.booking_views import ClosureLine, ClosureReport, ToldLine
from casework.callers import Officer
from casework.deps import Deps, unit_of_work
from casework.facts import insist_allowed
from casework.find_place import Desk, alternatives_at, desk_of, places_nearby, slot_end
from casework.owe import notice_key, owe
from casework.pass_on import offer
from casework.put_on_record import put_on_record
from casework.repeat import unhindered
from casework.step import Said, take_step
from casework.take_place import leave, want
from domain.applicant import mask_name
from domain.local_time import day_bounds, day_of
from domain.refusal import Refusal
from domain.slot import slots_on
from domain.terms import CaseEventKind, CaseState, NoticeKind, ServiceItem, StaffRole
from models.audit import write_audit
from models.case import Case, find_case_by_id, lock_case
from models.hold import end_hold, holds_in, slots_held_closed, unended_hold
from models.notice import notices_with
from models.place import (
    AcceptancePoint,
    Closure,
    all_points,
    closures_between,
    find_closure,
    find_point,
    find_service,
    latest_closures,
    make_closure,
    services_of,
)
from models.slot import (
    Booking,
    bookings_of_closure,
    bookings_on_closed,
    close_slots,
    ensure_slot,
    free_place,
    live_booking,
    lock_slots,
    slots_touching,
)
from models.waiting import join_waiting
from templates.shown import when

MAY_CLOSE = frozenset({StaffRole.OPERATOR, StaffRole.SUPERVISOR})
LONGEST = timedelta(days=31)
SYSTEM = "system"
_BATCH, _SHOWN = 200, 50
_DISPLACED = 0
_WAIT_DAYS = 14


@dataclass(frozen=True)
class Shutting:
    """What is closed, when, why and by whom. ``item`` None: everything. ``announcement_id``: the outage behind it."""

    point: AcceptancePoint
    starts_at: datetime
    ends_at: datetime
    reason: str
    actor: str
    staff_id: int | None = None
    request_id: str | None = None
    item: ServiceItem | None = None
    announcement_id: int | None = None


async def close_point(
    deps: Deps, officer: Officer, point_code: str, starts_at: datetime, ends_at: datetime, reason: str
) -> int:
    """Close a point; returns the closure's id. From the commit on nobody can book there, and whoever did is moved.

    What a crash leaves undone the sweep does (``move_displaced``).

    Raises:
        Refusal: ``staff_role_missing``, ``station_not_found``, ``closure_times_wrong``, ``closure_reason_missing``.
    """
    point = await _insist_may_close(deps, officer, point_code, starts_at, ends_at)
    if not reason.strip():
        raise Refusal("closure_reason_missing", source="R199")
    by = (officer.actor, officer.staff_id, officer.request_id or None)
    closure_id = await shut(deps, Shutting(point, starts_at, ends_at, reason.strip()[:60], *by))
    await move_displaced(deps)
    return closure_id


async def shut(deps: Deps, shutting: Shutting) -> int:
    """Close, without moving anybody yet; returns the closure's id."""
    await _make_slots(deps, shutting)

    async def close() -> int:
        async with unit_of_work(deps):
            return await _close(deps, shutting)

    return await unhindered(close)


async def move_displaced(deps: Deps) -> int:
    """End every booking and hold that lies on a closed slot, and offer another place; returns how many were told."""
    for slot_id in await slots_held_closed(_BATCH):
        async with unit_of_work(deps):
            await _end_holds(deps, slot_id)
    moved = 0
    for booking in await bookings_on_closed(_BATCH):
        with suppress(Refusal):  # the database gave it up twice: the sweep comes back to it
            moved += await unhindered(lambda booking=booking: _move(deps, booking))  # type: ignore[misc]
    return moved


async def closures(deps: Deps, officer: Officer) -> tuple[ClosureLine, ...]:
    """The newest closures in the officer's area (R185). Raises ``staff_role_missing``, ``area_unknown``."""
    _insist_role(officer)
    now = deps.clock.now()
    area = area_of(officer)
    return tuple(_line(closure, now) for closure in await latest_closures(area.prefix, area.point_id, _SHOWN))


async def closable_points(deps: Deps, officer: Officer) -> tuple[tuple[str, str], ...]:  # noqa: ARG001
    """Code and name of the points an officer may close. Raises ``staff_role_missing``, ``area_unknown``."""
    _insist_role(officer)
    return tuple((p.code, p.name) for p in await all_points() if answers_for(officer, p.id, p.division))


async def closure_report(deps: Deps, officer: Officer, closure_id: int) -> ClosureReport:
    """Who lost a place by a closure, who was reached and who not; names masked, the reading on record.

    Raises:
        Refusal: ``staff_role_missing``, ``closure_not_found``.
    """
    closure = await insist_may_see(officer, closure_id)
    await put_on_record(deps, officer, "read_closure", {"closure": closure_id})
    people = tuple([await _told(booking) for booking in await bookings_of_closure(closure_id)])
    return ClosureReport(_line(closure, deps.clock.now()), people, reached=sum(one.reached for one in people))


async def insist_may_see(officer: Officer, closure_id: int) -> Closure:
    """A closure of a point the officer answers for. Raises ``staff_role_missing``, ``closure_not_found``."""
    _insist_role(officer)
    closure = await find_closure(closure_id)
    if closure is None or not answers_for(officer, closure.point_id, closure.point.division):
        raise Refusal("closure_not_found")
    return closure


async def _insist_may_close(
    deps: Deps, officer: Officer, point_code: str, starts_at: datetime, ends_at: datetime
) -> AcceptancePoint:
    _insist_role(officer)
    point = await find_point(point_code)
    if point is None or not answers_for(officer, point.id, point.division):
        raise Refusal("station_not_found")
    if not starts_at < ends_at <= starts_at + LONGEST or ends_at <= deps.clock.now():
        raise Refusal("closure_times_wrong", most_days=LONGEST.days)
    return point


def _insist_role(officer: Officer) -> None:
    if officer.role not in MAY_CLOSE:
        raise Refusal("staff_role_missing", source="R199")


async def _make_slots(deps: Deps, shutting: Shutting) -> None:
    """Make the rows of all slots in reach: who is booking one right now meets the closing on its row."""
    for service in await services_of(shutting.point.id):
        if shutting.item not in {None, service.item}:
            continue
        desk = desk_of(shutting.point, service)
        day, last = day_of(max(shutting.starts_at, deps.clock.now())), desk.supply.last_day(deps.clock.now())
        while day <= min(day_of(shutting.ends_at), last + timedelta(days=1)):
            for start, end in slots_on(desk.schedule, day, deps.calendar):
                if start < shutting.ends_at and end > shutting.starts_at:
                    await ensure_slot(shutting.point.id, desk.item, start, end, desk.supply.places)
            day = day_bounds(day)[1].date()


async def _close(deps: Deps, shutting: Shutting) -> int:
    now, point = deps.clock.now(), shutting.point
    closure = await make_closure(
        point_id=point.id, starts_at=shutting.starts_at, ends_at=shutting.ends_at, reason=shutting.reason,
        closed_by=shutting.actor, closed_at=now, item=shutting.item, announcement_id=shutting.announcement_id,
    )  # fmt: skip
    touched = await slots_touching(point.id, shutting.item, max(shutting.starts_at, now), shutting.ends_at)
    await lock_slots(touched)
    await close_slots(touched)
    await write_audit(
        at=now, actor=shutting.actor, act="close_point", staff_id=shutting.staff_id, request_id=shutting.request_id,
        facts={"closure": closure.id, "point": point.code},
    )  # fmt: skip
    return closure.id


async def _end_holds(deps: Deps, slot_id: int) -> None:
    await lock_slots([slot_id])
    for hold in await holds_in(slot_id):
        if await end_hold(hold.id, "closed", deps.clock.now()):
            await free_place(slot_id, minor=hold.is_minor)


async def _move(deps: Deps, displaced: Booking) -> bool:
    """One person: the booking ends, a place is kept for them or they wait first in line, and they are told."""
    async with unit_of_work(deps):
        await lock_case(displaced.case.number)
        case = await find_case_by_id(displaced.case_id)
        booking = await live_booking(case.id)
        if booking is None or booking.id != displaced.id:
            return False
        slot = booking.slot
        (closure, *_) = await closures_between(slot.point_id, slot.item, slot.starts_at, slot.ends_at)
        await lock_slots([slot.id])
        await leave(deps, case, "closed", deps.clock.now(), closure.id)
        if case.state is CaseState.OPEN:
            said = Said(SYSTEM, deps.clock.now(), unit=slot.point.name)
            await take_step(deps, case, CaseEventKind.BOOKING_CANCELLED, said, facts={"closure": closure.id})
        offered = await _offer_another(deps, case, booking)
        await owe(
            deps, case, NoticeKind.POINT_CLOSED, str(booking.id), time=when(slot.starts_at), station=slot.point.name,
            reason=closure.reason, offer=offered[0] if offered else None, due=offered[1] if offered else None,
            waiting=None if offered else "已优先为您登记候补，有名额会马上通知您",
        )  # fmt: skip
    return True


async def _offer_another(deps: Deps, case: Case, lost: Booking) -> tuple[str, str] | None:
    """Keep the nearest free place, here or at another point of the city; else the first place in the waiting list."""
    for desk, starts_at in await _candidates(deps, case, lost):
        try:
            insist_allowed(deps, case, day_of(starts_at))
            wanted = await want(desk, starts_at, slot_end(deps, desk, starts_at))
        except Refusal:
            continue
        slot = (await lock_slots([wanted.slot_id]))[wanted.slot_id]
        if await offer(deps, case, slot, displaced=True, tell=False):
            held = await unended_hold(case.id)
            assert held is not None
            return f"{when(starts_at)}（{desk.point.name}）", when(held.until)
    now, days = deps.clock.now(), (deps.today(), deps.today() + timedelta(days=_WAIT_DAYS))
    await join_waiting(case, lost.slot.point_id, days, _DISPLACED, now)
    return None


async def _candidates(deps: Deps, case: Case, lost: Booking) -> list[tuple[Desk, datetime]]:
    slot, minor = lost.slot, lost.is_minor
    own = await find_service(slot.point_id, slot.item)
    assert own is not None
    desk = desk_of(slot.point, own)
    found = [(desk, at) for at in await alternatives_at(deps, desk, slot.starts_at, minor=minor, days=_WAIT_DAYS)]
    for other in await places_nearby(
        deps, slot.point.code, slot.item, case.residence_division, slot.starts_at, minor=minor
    ):
        point = await find_point(other["point"])
        service = await find_service(point.id, slot.item) if point else None
        if point and service:
            found.append((desk_of(point, service), other["starts_at"]))
    return sorted(found, key=lambda one: abs(one[1] - slot.starts_at) + _trouble(slot.point, one[0]))


def _trouble(known: AcceptancePoint, desk: Desk) -> timedelta:
    """Another point is worth going to only if it spares a day."""
    return timedelta(0) if desk.point.id == known.id else timedelta(days=1)


async def _told(booking: Booking) -> ToldLine:
    notices = await notices_with(notice_key(booking.case, NoticeKind.POINT_CLOSED, f"{booking.id}:"))
    status = notices[0].status if notices else "owed"
    again, held = await live_booking(booking.case_id), await unended_hold(booking.case_id)
    return ToldLine(
        number=booking.case.number,
        name_masked=mask_name(str(booking.case.form["name"])),
        starts_at=booking.slot.starts_at,
        status=status,
        reached=status in {"sent", "delivered"},
        offered_at=held.slot.starts_at if held else None,
        booked_at=again.slot.starts_at if again else None,
    )


def _line(closure: Closure, now: datetime) -> ClosureLine:
    return ClosureLine(
        id=closure.id, point=closure.point.name, starts_at=closure.starts_at, ends_at=closure.ends_at,
        reason=closure.reason, closed_at=closure.closed_at, over=closure.ends_at <= now,
    )  # fmt: skip
