"""The clocks: a warning the first instant after a limit passed (R090, D10); days filled in when a calendar comes."""

import structlog

from casework.deps import Deps
from domain.deadline import due_day
from models.audit import write_audit
from models.card import clocks_overdue, clocks_without_calendar, mark_warned, set_due
from models.store import transaction

log = structlog.get_logger()


async def warn_overdue(deps: Deps) -> int:
    """Warn once of every running clock whose last day is over; returns how many warnings were given."""
    warned = 0
    for clock in await clocks_overdue(deps.today()):
        async with transaction():
            if not await mark_warned(clock.id, deps.clock.now()):
                continue
            await write_audit(
                at=deps.clock.now(), actor="clock", act="deadline_passed", case_id=clock.case_id,
                facts={"kind": clock.kind, "due_on": clock.due_on.isoformat() if clock.due_on else None},
            )  # fmt: skip
        log.warning("deadline_passed", case=clock.case.number, kind=clock.kind)
        warned += 1
    return warned


async def fill_calendars(deps: Deps) -> int:
    """Give a due day to clocks that waited for a year's calendar; returns how many got one."""
    filled = 0
    for clock in await clocks_without_calendar():
        if clock.missing_year in deps.calendar.known_years:
            await set_due(clock.id, due_day(clock.started_on, clock.days, clock.day_kind, deps.calendar))
            filled += 1
    return filled
