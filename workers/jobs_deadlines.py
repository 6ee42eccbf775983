"""What the calendar brings: deadlines that have passed, and due days that waited for a year's calendar."""

from casework.deps import Deps
from casework.supervise import fill_calendars, warn_overdue


async def warn_of_deadlines(deps: Deps) -> int:
    """Warn once of every deadline that has passed (R090, D10); returns how many warnings were given."""
    return await warn_overdue(deps)


async def fill_due_days(deps: Deps) -> int:
    """Give a due day to the deadlines whose year was not announced when they began; returns how many got one."""
    return await fill_calendars(deps)
