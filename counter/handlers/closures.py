"""Closing a point for a while (R199, R200): the act, and who was reached."""

from datetime import datetime

from aiohttp import web

from casework import close_point as acts
from casework.callers import Officer
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import html_page, refused, see_other
from domain.local_time import SHANGHAI
from domain.refusal import Refusal
from templates.refusals import RefusalText

_LONGEST_NUMBER = 9


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
            _moment(form, "starts_at", "开始时间"),
            _moment(form, "ends_at", "结束时间"),
            form.text("reason", "原因", 60),
        )
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _page(request, officer, problem=problem, status=status)
    return see_other(f"/closures/{closure_id}")


async def report(request: web.Request, officer: Officer) -> web.Response:
    """Everybody a closure touched, and who was reached."""
    found = await acts.closure_report(request.app[DEPS], officer, _number(request))
    return html_page("closure.html", officer=officer, report=found)


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


def _moment(form: Form, name: str, title: str) -> datetime:
    """A moment in Chinese time, as a browser's ``datetime-local`` sends it."""
    text = form.text(name, title, 16)
    try:
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=SHANGHAI)
    except ValueError:
        raise Refusal("malformed", fields=f"{title}（请按 2026-01-31T09:00 的格式填写）") from None
    if not 2000 <= moment.year <= 2999:
        raise Refusal("malformed", fields=f"{title}（年份不合适）")
    return moment


def _number(request: web.Request) -> int:
    text = request.match_info["number"]
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise Refusal("closure_not_found")
    return int(text)
