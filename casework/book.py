"""Hop 3: a place at an acceptance point, taken by one conditional UPDATE under one order of locks."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import NoReturn, TypeVar

from casework.book_together import Full, Wish, book_together, booked_facts, what_to_bring, who_comes
from casework.booking_rules import no_show_rule
from casework.callers import Citizen
from casework.challenge import NO_PROOF, Proof, insist_proof
from casework.count_no_shows import missed_visits
from casework.deps import Deps
from casework.facts import insist_allowed
from casework.find_place import alternatives_at, is_closed, open_desk, places_nearby, slot_end
from casework.insist_station import insist_station
from casework.owe import owe
from casework.remind import owe_reminders
from casework.repeat import once, request_digest
from casework.step import Said, insist_open, take_step
from casework.take_place import Wanted, give_up_booking, give_up_hold, insist_before_cut_off, seat, want
from casework.track import case_view, own_case, own_case_to_change
from casework.views import CaseView
from domain.case_number import check_case_number
from domain.guide import Guidance
from domain.local_time import day_of
from domain.no_show import blocked_until
from domain.refusal import Refusal
from domain.terms import CaseEventKind, NoticeKind, ServiceItem
from models.case import Case, lock_case
from models.group import Group
from models.slot import Booking, count_booked_since, live_booking
from models.waiting import end_waiting
from templates.shown import when

V = TypeVar("V")

WEEK = timedelta(days=7)
_ELSEWHERE = frozenset(
    {"slot_full", "slot_past", "slot_not_found", "slot_closed", "slot_too_soon", "slot_beyond_horizon",
     "station_not_open_yet", "station_without_service", "station_not_found", "station_elsewhere"}
)  # fmt: skip


async def book(
    deps: Deps,
    citizen: Citizen,
    number: str,
    point_code: str,
    starts_at: datetime,
    key: str,
    proof: Proof = NO_PROOF,
) -> CaseView:
    """Book a place, confirm a held one, or move a live booking there: never neither, never both.

    A visit of a minor with the guardian is one place with two seats (R031).

    Raises:
        Refusal: ``case_not_found``, ``case_not_open``, ``station_…``, ``slot_…`` with the nearest free times,
            ``too_late_to_change``, ``booking_blocked`` and ``bookings_too_often`` (D18), ``challenge_…``,
            ``age_changed`` (T10), any reason of the rulebook on the day of the visit.
    """
    body = place_asked(number, point_code, starts_at)
    wish = Wish(deps, citizen, number, point_code, starts_at, key, request_digest("book", body))
    outcome = await book_together(wish)
    if isinstance(outcome, CaseView):
        return outcome
    if isinstance(outcome, Full):
        return await with_alternatives(deps, outcome.case, point_code, starts_at, partial(_refuse_full, outcome))
    (view,) = await _book_all(deps, citizen, "book", (number,), point_code, starts_at, body, key, proof)
    return view


def place_asked(number: str, point_code: str, starts_at: datetime) -> dict[str, str]:
    """What a citizen asks for with a place, told apart from any other wish under the same key."""
    return {"number": number, "point": point_code, "starts_at": starts_at.isoformat()}


async def book_visit(
    deps: Deps,
    citizen: Citizen,
    numbers: Sequence[str],
    point_code: str,
    starts_at: datetime,
    key: str,
    proof: Proof = NO_PROOF,
) -> tuple[CaseView, ...]:
    """Book one visit for several cases of this account, say a guardian's children: all of them or none.

    Raises:
        Refusal: as ``book``, of the first case that is refused; ``visit_items_differ``.
    """
    wanted = tuple(dict.fromkeys(map(check_case_number, numbers)))
    body = {"numbers": list(wanted), "point": point_code, "starts_at": starts_at.isoformat()}
    return await _book_all(deps, citizen, "book_visit", wanted, point_code, starts_at, body, key, proof)


async def cancel_booking(deps: Deps, citizen: Citizen, number: str, key: str) -> CaseView:
    """Cancel the booking; the place is free at once, the signature stays.

    Raises:
        Refusal: ``case_not_found``, ``case_not_open``, ``booking_not_found``, ``too_late_to_change``.
    """
    return await once(
        deps, citizen, key, act="cancel_booking", body={"number": number}, view=CaseView,
        do=lambda: _cancel(deps, citizen, number),
    )  # fmt: skip


async def give_up_place(deps: Deps, case: Case, how: str) -> Booking | None:
    """End everything a case has or waits for: booking, hold and its turn in the waiting list."""
    await lock_case(case.number)
    await end_waiting(case.id, "left", deps.clock.now())
    await give_up_hold(deps, case)
    return await give_up_booking(deps, case, how)


async def wanted_slot(deps: Deps, case: Case, point_code: str, starts_at: datetime) -> Wanted:
    """The slot a case asks for, if it could be booked at all.

    Raises:
        Refusal: ``station_…``, ``slot_…``.
    """
    desk = await open_desk(point_code, case.item)
    await insist_station(deps, case, desk)
    ends_at = slot_end(deps, desk, starts_at)
    if await is_closed(desk, starts_at, ends_at):
        raise Refusal("slot_closed", source="R199", station=desk.point.name, alternatives=())
    return await want(desk, starts_at, ends_at)


async def with_alternatives(
    deps: Deps, case: Case, point_code: str, starts_at: datetime, act: Callable[[], Awaitable[V]], places: int = 1
) -> V:
    """Do the act; a refusal over the place names the nearest free ones, here and at the city's other points."""
    try:
        return await act()
    except Refusal as refusal:
        if refusal.code not in _ELSEWHERE or refusal.facts.get("alternatives"):
            raise
        asked = _Elsewhere(
            point_code, case.item, case.residence_division, case.is_minor, starts_at, places, case.parent_id, deps, case
        )
        refusal.facts = {**refusal.facts, **await _LOOKING.do(asked)}
        raise


async def insist_may_book(deps: Deps, case: Case) -> None:
    """Whether the person may book online at all; only where a rule value says otherwise is the answer ever no (D18).

    Raises:
        Refusal: ``booking_blocked``, ``bookings_too_often``.
    """
    rule, now = no_show_rule(deps, case), deps.clock.now()
    if rule.strikes is not None:
        until = blocked_until(rule, await missed_visits(deps, case), now)
        if until is not None:
            raise Refusal("booking_blocked", source="D18", until=when(until))
    if rule.weekly_cap is not None and await count_booked_since(case.applicant_index, now - WEEK) >= rule.weekly_cap:
        raise Refusal("bookings_too_often", source="D18", most=rule.weekly_cap)


async def _book_all(
    deps: Deps,
    citizen: Citizen,
    act: str,
    numbers: tuple[str, ...],
    point_code: str,
    starts_at: datetime,
    body: Mapping[str, object],
    key: str,
    proof: Proof,
) -> tuple[CaseView, ...]:
    first = await own_case(deps, citizen, numbers[0])

    async def prepared() -> tuple[CaseView, ...]:
        return await once(
            deps, citizen, key, act=act, body=body, view=tuple[CaseView, ...],
            do=lambda: _book(deps, citizen, numbers, point_code, starts_at, key, proof),
        )  # fmt: skip

    return await with_alternatives(deps, first, point_code, starts_at, prepared, len(numbers))


async def _book(
    deps: Deps,
    citizen: Citizen,
    numbers: tuple[str, ...],
    point_code: str,
    starts_at: datetime,
    key: str,
    proof: Proof,
) -> tuple[CaseView, ...]:
    locked = {number: await own_case_to_change(deps, citizen, number) for number in sorted(numbers)}
    cases = [locked[number] for number in numbers]
    wanted = await _insist_bookable(deps, cases, point_code, starts_at)
    await insist_proof(deps, citizen, wanted.desk, key, proof)
    plans = [insist_allowed(deps, case, day_of(starts_at)) for case in cases]
    for case in cases:
        await insist_may_book(deps, case)
    bookings = await seat(deps, cases, wanted, plans)
    for case, plan, booking in zip(cases, plans, bookings, strict=True):
        await _tell(deps, citizen, case, wanted, plan, booking.id)
    return tuple([await case_view(deps, case) for case in cases])


async def _insist_bookable(deps: Deps, cases: Sequence[Case], point_code: str, starts_at: datetime) -> Wanted:
    for case in cases:
        insist_open(case)
    if len({case.item for case in cases}) > 1:
        raise Refusal("visit_items_differ")
    wanted = await wanted_slot(deps, cases[0], point_code, starts_at)
    for case in cases[1:]:
        await insist_station(deps, case, wanted.desk)
    return wanted


async def _refuse_full(full: Full) -> NoReturn:
    raise Refusal("slot_full", station=full.station, places=1, alternatives=())


async def _cancel(deps: Deps, citizen: Citizen, number: str) -> CaseView:
    case = await own_case_to_change(deps, citizen, number)
    insist_open(case)
    booking = await live_booking(case.id)
    if booking is None:
        raise Refusal("booking_not_found")
    await insist_before_cut_off(booking, deps.clock.now())
    if await give_up_booking(deps, case, "cancelled") is None:
        raise Refusal("booking_not_found")
    await take_step(deps, case, CaseEventKind.BOOKING_CANCELLED, Said(citizen.actor, deps.clock.now()))
    await owe(
        deps, case, NoticeKind.BOOKING_CANCELLED, str(booking.id),
        time=when(booking.slot.starts_at), station=booking.slot.point.name,
    )  # fmt: skip
    return await case_view(deps, case)


@dataclass(frozen=True)
class _Elsewhere:
    """What a refused person is told of other places: the same for everybody who asks the same at once."""

    point_code: str
    item: ServiceItem
    division: str
    minor: bool
    starts_at: datetime
    places: int
    parent_id: int | None
    deps: Deps = field(compare=False)
    case: Case = field(compare=False)


async def _look_around(asked: Sequence[_Elsewhere]) -> list[dict[str, object] | Exception]:
    """Looked up once for all who were refused at one moment: a thousand of them would be a thousand times the same."""
    found = {one: await _elsewhere(one) for one in set(asked)}
    return [found[one] for one in asked]


async def _elsewhere(asked: _Elsewhere) -> dict[str, object]:
    """Free times at this point, and the nearest at the city's others; the day the person wanted is looked at first."""
    deps, item, starts_at = asked.deps, asked.item, asked.starts_at
    minor, places, here = asked.minor, asked.places, list[datetime]()
    try:
        desk = await open_desk(asked.point_code, item)
        await insist_station(deps, asked.case, desk)
        here = await alternatives_at(deps, desk, starts_at, minor=minor, places=places)
    except Refusal:
        pass  # nothing can be offered at a point that does not take the case
    nearby = await places_nearby(deps, asked.point_code, item, asked.division, starts_at, minor=minor, places=places)
    return {"alternatives": here, "nearby": nearby}


_LOOKING: Group[_Elsewhere, dict[str, object]] = Group(_look_around, reading=True)


async def _tell(deps: Deps, citizen: Citizen, case: Case, wanted: Wanted, guidance: Guidance, booking_id: int) -> None:
    point, start = wanted.desk.point, wanted.starts_at
    await take_step(
        deps, case, CaseEventKind.BOOKED, Said(citizen.actor, deps.clock.now()),
        facts=booked_facts(point, start), acceptance_point_id=point.id,
    )  # fmt: skip
    await owe(
        deps, case, NoticeKind.BOOKING_CONFIRMED, str(booking_id),
        time=when(start), station=point.name, address=point.address,
        who=who_comes(guidance), bring=what_to_bring(guidance),
    )  # fmt: skip
    await owe_reminders(deps, case, point, start, booking_id)
