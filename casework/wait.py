"""The waiting list (候补): who finds no place is offered the next one that is freed."""

from datetime import date, datetime

from casework.book import insist_may_book
from casework.callers import Citizen
from casework.deps import Deps
from casework.find_place import Desk, free_at, insist_released, open_desk
from casework.insist_station import insist_station
from casework.repeat import once
from casework.step import insist_open
from casework.track import case_view, own_case_to_change
from casework.views import CaseView
from domain.local_time import day_bounds
from domain.refusal import Refusal
from models.case import Case
from models.waiting import end_waiting, join_waiting

ORDINARY, DISPLACED = 1, 0


async def wait_for_place(
    deps: Deps, citizen: Citizen, number: str, point_code: str, days: tuple[date, date], key: str
) -> CaseView:
    """Wait for a place at a point on one of some days; waiting anew somewhere else begins at the end of the line.

    Raises:
        Refusal: ``case_not_found``, ``case_not_open``, ``station_…``, ``waiting_days_wrong``, ``places_free``.
    """
    body = {"number": number, "point": point_code, "days": [day.isoformat() for day in days]}
    return await once(
        deps, citizen, key, act="wait", body=body, view=CaseView,
        do=lambda: _wait(deps, citizen, number, point_code, days),
    )  # fmt: skip


async def stop_waiting(deps: Deps, citizen: Citizen, number: str, key: str) -> CaseView:
    """Leave the waiting list. Raises ``case_not_found``, ``waiting_not_found``."""
    return await once(
        deps, citizen, key, act="stop_waiting", body={"number": number}, view=CaseView,
        do=lambda: _stop(deps, citizen, number),
    )  # fmt: skip


async def _wait(deps: Deps, citizen: Citizen, number: str, point_code: str, days: tuple[date, date]) -> CaseView:
    case = await own_case_to_change(deps, citizen, number)
    insist_open(case)
    desk = await open_desk(point_code, case.item)
    await insist_station(deps, case, desk)
    _insist_days(deps, desk, days)
    await insist_may_book(deps, case)
    await _insist_full(deps, desk, case, days)
    now = deps.clock.now()
    await end_waiting(case.id, "left", now)
    await join_waiting(case, desk.point.id, days, ORDINARY, now)
    return await case_view(deps, case)


def _insist_days(deps: Deps, desk: Desk, days: tuple[date, date]) -> None:
    first, last = days
    newest = desk.supply.last_day(deps.clock.now())
    if not deps.today() <= first <= last <= newest:
        raise Refusal("waiting_days_wrong", last_day=newest)
    insist_released(deps, desk, last)


async def _insist_full(deps: Deps, desk: Desk, case: Case, days: tuple[date, date]) -> None:
    """Nobody waits while there are places."""
    day, free = days[0], list[datetime]()
    while day <= days[1] and not free:
        free = [slot.starts_at for slot in await free_at(deps, desk, day, minor=case.is_minor)]
        day = day_bounds(day)[1].date()
    if free:
        raise Refusal("places_free", alternatives=free[:3])


async def _stop(deps: Deps, citizen: Citizen, number: str) -> CaseView:
    case = await own_case_to_change(deps, citizen, number)
    if not await end_waiting(case.id, "left", deps.clock.now()):
        raise Refusal("waiting_not_found")
    return await case_view(deps, case)
