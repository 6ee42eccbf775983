"""What the calendar brings: deadlines that have passed, and due days that waited for a year's calendar."""

from casework.complain import escalate_overdue
from casework.deps import Deps
from casework.lapse import lapse_idle
from casework.warn import fill_calendars, remind_of_checks, warn_ahead, warn_overdue


async def warn_of_deadlines(deps: Deps) -> int:
    """Warn once of every deadline that has passed (R090, D10) or is near, complaints' too (R198); returns how many."""
    return await warn_overdue(deps) + await warn_ahead(deps) + await escalate_overdue(deps)


async def remind_and_lapse(deps: Deps) -> int:
    """Remind of later checks (R122), tell who let an application lie, and let it lapse in the end (T20)."""
    return await remind_of_checks(deps) + await lapse_idle(deps)


async def fill_due_days(deps: Deps) -> int:
    """Give a due day to the deadlines whose year was not announced when they began; returns how many got one."""
    return await fill_calendars(deps)
