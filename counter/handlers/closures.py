"""Closing a point for a while (R199, R200): the act, and who was reached."""

from aiohttp import web

from casework import close_point as acts
from casework.callers import Officer
from casework.reopen_point import reopen_point
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import html_page, refused, see_other
from counter.reading import row_number
from domain.refusal import Refusal
from templates.refusals import RefusalText


async def show(request: web.Request, officer: Officer) -> web.Response:
    """The newest closures, and the form for another."""
    return await _page(request, officer)


async def close(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Close a point; a refusal comes back on top of the page."""
    try:
        closure_id = await acts.close_point(
            request.app[DEPS],
            officer,
            form.text("point", "受理点", 24),
            form.moment("starts_at", "开始时间"),
            form.moment("ends_at", "结束时间"),
            form.text("reason", "原因", 60),
        )
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _page(request, officer, problem=problem, status=status)
    return see_other(f"/closures/{closure_id}")


async def report(request: web.Request, officer: Officer) -> web.Response:
    """Everybody a closure touched, and who was reached."""
    found = await acts.closure_report(request.app[DEPS], officer, row_number(request, "closure_not_found"))
    return html_page("closure.html", officer=officer, report=found)


async def reopen(request: web.Request, officer: Officer, _form: Form) -> web.Response:
    """Open the point again at once."""
    number = row_number(request, "closure_not_found")
    try:
        await reopen_point(request.app[DEPS], officer, number)
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _page(request, officer, problem=problem, status=status)
    return see_other(f"/closures/{number}")


async def _page(
    request: web.Request, officer: Officer, *, problem: RefusalText | None = None, status: int = 200
) -> web.Response:
    deps = request.app[DEPS]
    return html_page(
        "closures.html",
        status=status,
        officer=officer,
        problem=problem,
        points=await acts.closable_points(deps, officer),
        closures=await acts.closures(deps, officer),
    )
