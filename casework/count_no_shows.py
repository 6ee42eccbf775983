"""Visits that were booked and not kept: counted after a grace, told kindly, open to appeal, not punished by itself."""

from datetime import datetime

from casework.booking_rules import no_show_rule
from casework.booking_views import AppealLine, MissedVisit, VisitsView, VisitView
from casework.callers import Citizen, Officer
from casework.deps import Deps, unit_of_work
from casework.owe import owe
from casework.step import Said, take_step
from casework.take_place import is_over, leave
from casework.track import point_view
from domain.applicant import mask_name
from domain.no_show import blocked_until, counted_misses
from domain.refusal import Refusal
from domain.terms import CaseEventKind, CaseState, NoticeKind
from models.appeal import Appeal, appeals_on, decide_appeal, make_appeal, open_appeals
from models.case import Case, find_case_by_id, lock_case
from models.slot import Booking, bookings_of_account, live_booking, lock_slots, missed_by, overdue_bookings
from templates.shown import when

SYSTEM = "system"
_BATCH, _SHOWN = 100, 100


async def count_no_shows(deps: Deps) -> int:
    """End the visits whose time and grace are over; returns how many were counted as missed (T12)."""
    counted = 0
    while True:
        now = deps.clock.now()
        over = [one for one in await overdue_bookings(now, _BATCH) if is_over(deps, one.case, one, now)]
        missed = sum([await _count(deps, booking) for booking in over])
        if not missed:
            return counted
        counted += missed


async def missed_visits(deps: Deps, case: Case) -> list[datetime]:
    """When visits of this person were missed that still count; one under appeal does not until it is decided."""
    since = deps.clock.now() - no_show_rule(deps, case).counted
    missed = await missed_by(case.applicant_index, since)
    appeals = await appeals_on([booking.id for booking in missed])
    return [booking.slot.ends_at for booking in missed if _counts(appeals.get(booking.id))]


async def my_visits(deps: Deps, citizen: Citizen) -> VisitsView:
    """What lies ahead, and what was missed and still counts."""
    bookings = await bookings_of_account(citizen.account_id, _SHOWN)
    appeals = await appeals_on([booking.id for booking in bookings])
    missed = [_missed(deps, booking, appeals.get(booking.id)) for booking in bookings if booking.how_ended == "no_show"]
    persons = {booking.case.applicant_index: booking.case for booking in bookings}
    blocks = [until for case in persons.values() if (until := await _blocked(deps, case))]
    return VisitsView(
        upcoming=tuple(_visit(booking) for booking in reversed(bookings) if booking.ended_at is None),
        missed=tuple(missed),
        counted=sum(visit.counts for visit in missed),
        blocked_until=max(blocks, default=None),
    )


async def appeal(deps: Deps, citizen: Citizen, visit_id: int, text: str) -> VisitsView:
    """Say why a visit should not count; the station reads it.

    Raises:
        Refusal: ``visit_not_found``, ``appeal_exists``.
    """
    mine = {booking.id: booking for booking in await bookings_of_account(citizen.account_id, _SHOWN)}
    booking = mine.get(visit_id)
    if booking is None or booking.how_ended != "no_show":
        raise Refusal("visit_not_found")
    if not await make_appeal(visit_id, text, deps.clock.now()):
        raise Refusal("appeal_exists")
    return await my_visits(deps, citizen)


async def appeals_here(deps: Deps, officer: Officer) -> tuple[AppealLine, ...]:  # noqa: ARG001 – all acts take deps first
    """Undecided appeals about visits to the officer's own point. Raises ``staff_role_missing``."""
    return tuple(_line(one) for one in await open_appeals(_point_of(officer), _SHOWN))


async def settle_appeal(deps: Deps, officer: Officer, appeal_id: int, *, granted: bool) -> None:
    """Decide an appeal; a granted one takes the visit off the count.

    Raises:
        Refusal: ``appeal_not_found``, ``staff_role_missing``.
    """
    point_id, now = _point_of(officer), deps.clock.now()
    if not await decide_appeal(appeal_id, point_id, officer.actor, now, granted=granted):
        raise Refusal("appeal_not_found")


async def _count(deps: Deps, overdue: Booking) -> bool:
    async with unit_of_work(deps):
        await lock_case(overdue.case.number)
        case = await find_case_by_id(overdue.case_id)
        booking = await live_booking(case.id)
        if booking is None or booking.id != overdue.id:
            return False
        await lock_slots([booking.slot_id])
        now = deps.clock.now()
        if await leave(deps, case, "no_show", now) is None:
            return False
        if case.state is CaseState.OPEN:
            await take_step(deps, case, CaseEventKind.VISIT_MISSED, Said(SYSTEM, now))
        count = len(await missed_visits(deps, case))
        await owe(
            deps, case, NoticeKind.VISIT_MISSED, str(booking.id), time=when(booking.slot.starts_at),
            station=booking.slot.point.name, count=str(count),
        )  # fmt: skip
    return True


async def _blocked(deps: Deps, case: Case) -> datetime | None:
    rule = no_show_rule(deps, case)
    return blocked_until(rule, await missed_visits(deps, case), deps.clock.now()) if rule.strikes is not None else None


def _counts(one: Appeal | None) -> bool:
    return one is None or one.granted is False


def _missed(deps: Deps, booking: Booking, one: Appeal | None) -> MissedVisit:
    rule, at = no_show_rule(deps, booking.case), booking.slot.ends_at
    standing = None if one is None else {None: "open", True: "granted", False: "refused"}[one.granted]
    return MissedVisit(
        id=booking.id,
        number=booking.case.number,
        point=point_view(booking.slot.point),
        starts_at=booking.slot.starts_at,
        counts=_counts(one) and bool(counted_misses(rule, [at], deps.clock.now())),
        expires_at=at + rule.counted,
        appeal=standing,
    )


def _visit(booking: Booking) -> VisitView:
    return VisitView(
        number=booking.case.number, point=point_view(booking.slot.point),
        starts_at=booking.slot.starts_at, ends_at=booking.slot.ends_at,
    )  # fmt: skip


def _line(one: Appeal) -> AppealLine:
    booking = one.booking
    return AppealLine(
        id=one.id, number=booking.case.number, name_masked=mask_name(str(booking.case.form["name"])),
        starts_at=booking.slot.starts_at, text=one.text, made_at=one.made_at,
    )  # fmt: skip


def _point_of(officer: Officer) -> int:
    if officer.point_id is None:
        raise Refusal("staff_role_missing", source="R078")
    return officer.point_id
