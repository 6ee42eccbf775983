"""A person's own cases as the chat may speak of them: masked, and only to a follower who is bound."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from casework.callers import Citizen
from casework.chat import masked_number
from casework.deps import Deps
from casework.facts import facts_of
from casework.find_place import free_at, insist_released, open_desk, points_for
from casework.of_age import cases_now_of
from casework.track import next_in_state, own_case, point_view
from casework.views import PointView
from domain.applicant import mask_name
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import CaseState
from models.case import Case
from models.place import point_of
from models.slot import Booking, live_booking
from templates.labels import label

MOST_CASES, MOST_POINTS, TIMES, LOOK_DAYS = 5, 6, 6, 21
"""How much a person is asked to choose from by a number, and how many days are looked through."""

_PER_DAY = 3  # so that more than one day is offered
_MADE = frozenset({CaseState.ISSUED, CaseState.IN_PRODUCTION, CaseState.DISPATCHED, CaseState.ARRIVED})


@dataclass(frozen=True)
class ChatCase:
    """A case to book for, with the visit that is booked already, if one is."""

    number: str
    number_masked: str
    name_masked: str
    item_label: str
    booked_for: datetime | None
    booked_at: str | None


@dataclass(frozen=True)
class CardToCollect:
    """A card that is made, and where it will wait."""

    name_masked: str
    item_label: str
    state_label: str
    next_step: str
    station: PointView | None


@dataclass(frozen=True)
class PapersView:
    """What to bring for a case, and who must come."""

    name_masked: str
    item_label: str
    papers: tuple[str, ...]
    who: tuple[str, ...]


async def cases_to_book(deps: Deps, citizen: Citizen) -> tuple[ChatCase, ...]:
    """The open cases of the account, newest first."""
    return tuple([await _chat_case(case) for case in await _cases(deps, citizen, frozenset({CaseState.OPEN}))])


async def cases_to_name(deps: Deps, citizen: Citizen) -> tuple[ChatCase, ...]:
    """The newest cases of the account in whatever state: what a complaint may be about."""
    return tuple([await _chat_case(case) for case in (await cases_now_of(deps, citizen.account_id))[:MOST_CASES]])


async def case_to_book(deps: Deps, citizen: Citizen, number: str) -> ChatCase:
    """One of them. Raises Refusal ``case_not_found``."""
    return await _chat_case(await own_case(deps, citizen, number))


async def points_to_offer(deps: Deps, citizen: Citizen, number: str) -> tuple[PointView, ...]:
    """The points of the city that take the case. Raises Refusal ``case_not_found``."""
    case = await own_case(deps, citizen, number)
    return (await points_for(deps, case.item, case.residence_division))[:MOST_POINTS]


async def times_to_offer(
    deps: Deps, citizen: Citizen, number: str, point_code: str, after: datetime | None
) -> tuple[datetime, ...]:
    """The next free times of a point after a moment, some of each day.

    Raises:
        Refusal: ``case_not_found``, ``station_…``.
    """
    case = await own_case(deps, citizen, number)
    desk = await open_desk(point_code, case.item)
    after = max(after or deps.clock.now(), deps.clock.now())  # nobody is offered a half hour that has begun
    day, found = day_of(after), list[datetime]()
    for _ in range(LOOK_DAYS):
        try:
            insist_released(deps, desk, day)
        except Refusal as refusal:
            if refusal.code == "slot_beyond_horizon":
                break
        else:
            free = [slot.starts_at for slot in await free_at(deps, desk, day, minor=case.is_minor)]
            found += _spread([at for at in free if at > after])
        if len(found) >= TIMES:
            break
        day += timedelta(days=1)
    return tuple(found[:TIMES])


async def cards_to_collect(deps: Deps, citizen: Citizen) -> tuple[CardToCollect, ...]:
    """The cards that are made or on their way."""
    return tuple(
        [
            CardToCollect(
                name_masked=mask_name(str(case.form["name"])),
                item_label=label(case.item),
                state_label=label(case.state),
                next_step=next_in_state(case),
                station=await _station(case) if case.state is CaseState.ARRIVED else None,
            )
            for case in await _cases(deps, citizen, _MADE)
        ]
    )


async def papers_to_bring(deps: Deps, citizen: Citizen) -> tuple[PapersView, ...]:
    """What to bring for each open case, by the rules of today (T10)."""
    found = []
    for case in await _cases(deps, citizen, frozenset({CaseState.OPEN})):
        guidance = (await facts_of(deps, case)).guidance
        found.append(
            PapersView(
                name_masked=mask_name(str(case.form["name"])),
                item_label=label(case.item),
                papers=tuple(material.what for material in guidance.materials),
                who=tuple(label(who) for who in guidance.who_must_come),
            )
        )
    return tuple(found)


async def own_station(deps: Deps, citizen: Citizen) -> PointView | None:
    """The point of the person's newest case that has one."""
    for case in await cases_now_of(deps, citizen.account_id):
        if (station := await _station(case)) is not None:
            return station
    return None


async def _cases(deps: Deps, citizen: Citizen, states: frozenset[CaseState]) -> list[Case]:
    return [case for case in await cases_now_of(deps, citizen.account_id) if case.state in states][:MOST_CASES]


async def _chat_case(case: Case) -> ChatCase:
    booking: Booking | None = await live_booking(case.id)
    return ChatCase(
        number=case.number,
        number_masked=masked_number(case.number),
        name_masked=mask_name(str(case.form["name"])),
        item_label=label(case.item),
        booked_for=booking.slot.starts_at if booking else None,
        booked_at=booking.slot.point.name if booking else None,
    )


async def _station(case: Case) -> PointView | None:
    point = await point_of(case.acceptance_point_id) if case.acceptance_point_id else None
    return point_view(point) if point else None


def _spread(times: list[datetime]) -> list[datetime]:
    """Some of a day's times, from its first to its last."""
    if len(times) <= _PER_DAY:
        return times
    step = (len(times) - 1) / (_PER_DAY - 1)
    return [times[round(place * step)] for place in range(_PER_DAY)]
