"""Appeals against visits that were counted as missed."""

from aiohttp import web

from casework.callers import Officer
from casework.count_no_shows import appeals_here, settle_appeal
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import html_page, see_other
from counter.reading import row_number


async def show(request: web.Request, officer: Officer) -> web.Response:
    """What is to be decided at this point."""
    return html_page("appeals.html", officer=officer, appeals=await appeals_here(request.app[DEPS], officer))


async def decide(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Grant or refuse one."""
    number = row_number(request, "appeal_not_found")
    await settle_appeal(request.app[DEPS], officer, number, granted=form.text("answer", "处理结果", 10) == "grant")
    return see_other("/appeals")
