"""The auditor's page: who looked at what, by case, by officer, by day."""

from aiohttp import web

from casework.callers import Officer
from casework.read_audit import read_audit
from casework.views_staff import AuditPage
from counter.forms import Form, read_day
from counter.keys import DEPS
from counter.pages import html_page, refused
from domain.refusal import Refusal

_FILTERS = ("case", "who", "day")


async def show(request: web.Request, officer: Officer) -> web.Response:
    """The newest entries that fit the filters in the address; none of them is personal data."""
    asked = {name: request.query.get(name, "")[:60] for name in _FILTERS}
    form = Form(list(asked.items()))
    try:
        page = await read_audit(
            request.app[DEPS],
            officer,
            number=form.maybe("case", "预登记编号", 60),
            who=form.maybe("who", "账号", 60),
            day=read_day(asked),
        )
    except Refusal as refusal:
        if refusal.code == "staff_role_missing":
            raise
        problem, status = refused(request, refusal)
        empty = AuditPage((), more=False)
        return html_page("audit.html", status=status, officer=officer, found=empty, asked=asked, problem=problem)
    return html_page("audit.html", officer=officer, found=page, asked=asked)
