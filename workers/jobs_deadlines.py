"""What the calendar brings: deadlines that draw near or have passed, and days that open for booking."""

from casework.deps import Deps
from casework.supervise import fill_calendars, warn_overdue


async def warn_of_deadlines(deps: Deps) -> int:
    """Warn of every deadline that has come; returns how many warnings were new."""
    return await warn_overdue(deps)


async def open_days(deps: Deps) -> int:
    """Lay out the places of the days that have come within the booking horizon; returns how many were new."""
    return await fill_calendars(deps)
