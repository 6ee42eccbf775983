"""Clocks of a case start and stop with its events, as ``domain.clock`` says; the due day comes from the calendar."""

from datetime import date, datetime

from casework.deps import Deps
from domain.clock import CLOCKS, Side, day_ahead, limit_of, started_by, stopped_by
from domain.deadline import Deadline, deadline
from domain.division import find_division
from domain.lifecycle import ENDED
from domain.local_time import day_of
from domain.terms import CaseEventKind, ClockKind
from models.case import Case
from models.deadline import stop_all_clocks, stop_clocks, write_clock
from models.operator_task import open_task
from models.place import division_of_point

CALENDAR_MISSING = "calendar_missing"
"""The operator's task while the holiday notice of a year is missing; its subject is the year."""


async def turn_clocks(deps: Deps, case: Case, event: CaseEventKind, at: datetime, unit: str | None) -> None:
    """What an event means for the clocks of a case, in its transaction; a case that ended has none running."""
    if case.state in ENDED:
        await stop_all_clocks(case.id, at, day_of(at))
        return
    await stop_clocks(case.id, stopped_by(event), at, day_of(at))
    for kind in started_by(event, case.item):
        await start_clock(deps, case, kind, day_of(at), unit)


async def start_clock(
    deps: Deps, case: Case, kind: ClockKind, started_on: date, unit: str | None = None
) -> Deadline | None:
    """Start a clock once, by the rules of that day and the household place (R091, C6.11); None: there is no limit.

    ``unit``: who has to act, as far as known (R186). Where the calendar of a year is not known yet, the clock runs
    without a due day, the operator is told, and the day is filled in later: nobody guesses (B11).
    """
    limit = limit_of(deps.rulebook.on(started_on), kind, find_division(case.household_division))
    if limit is None:
        return None
    due = deadline(started_on, limit.days, limit.kind, deps.calendar)
    await write_clock(
        case.id, kind, started_on=started_on, days=limit.days, day_kind=limit.kind, due_on=due.due_on,
        missing_year=due.missing_year, division=await _division(case, CLOCKS[kind].side), unit=unit,
        ahead_on=day_ahead(due.due_on, deps.calendar) if due.due_on and CLOCKS[kind].ahead else None,
    )  # fmt: skip
    if due.missing_year is not None:
        await open_task(CALENDAR_MISSING, str(due.missing_year), deps.clock.now())
    return due


async def _division(case: Case, side: Side) -> str:
    if side is Side.HOUSEHOLD:
        return case.household_division
    return (await division_of_point(case.acceptance_point_id)) or case.residence_division
