"""The clerk's day."""

from aiohttp import web

from casework.callers import Officer
from casework.counter_views import DayList
from casework.serve import day_list
from counter.forms import read_day
from counter.keys import DEPS
from counter.pages import day_page
from domain.terms import StaffRole


async def show(request: web.Request, officer: Officer) -> web.Response:
    """Today's list with the scan box; ``?day=`` shows another day."""
    today = await list_of(request, officer)
    other_day = today is not None and today.day != request.app[DEPS].today()
    return day_page(officer, today, other_day=other_day)


async def list_of(request: web.Request, officer: Officer) -> DayList | None:
    """The list of the officer's point; None for those who serve at no counter."""
    if officer.role is not StaffRole.CLERK or officer.point_id is None:
        return None
    return await day_list(request.app[DEPS], officer, read_day(request.query))
