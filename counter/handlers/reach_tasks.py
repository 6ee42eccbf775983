"""People whom no message reached: the list of the station, and what a clerk did about each."""

from aiohttp import web

from casework.callers import Officer
from casework.reach_people import people_to_reach, take_reach_step
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import html_page, see_other
from counter.reading import row_number
from domain.refusal import Refusal
from domain.terms import ReachStepKind


async def show(request: web.Request, officer: Officer) -> web.Response:
    """Who is to be told, the longest waiting first."""
    return await _page(request, officer, None)


async def take(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """What was done; whoever asks for the phone number gets it on the page that answers, and on record."""
    task_id = row_number(request, "reach_task_not_found")
    try:
        step = ReachStepKind(form.text("step", "处理结果", 20))
    except ValueError:
        raise Refusal("malformed") from None
    await take_reach_step(request.app[DEPS], officer, task_id, step)
    if step is ReachStepKind.PHONE_SHOWN:
        return await _page(request, officer, task_id)
    return see_other("/people-to-reach")


async def _page(request: web.Request, officer: Officer, shown: int | None) -> web.Response:
    people = await people_to_reach(request.app[DEPS], officer, shown)
    return html_page("reach.html", officer=officer, people=people, shown=shown)
