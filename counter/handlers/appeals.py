"""Appeals against visits that were counted as missed."""

from aiohttp import web

from casework.callers import Officer
from casework.count_no_shows import appeals_here, settle_appeal
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import html_page, see_other
from domain.refusal import Refusal

_LONGEST_NUMBER = 9


async def show(request: web.Request, officer: Officer) -> web.Response:
    """What is to be decided at this point."""
    return html_page("appeals.html", officer=officer, appeals=await appeals_here(request.app[DEPS], officer))


async def decide(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Grant or refuse one."""
    text = request.match_info["number"]
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise Refusal("appeal_not_found")
    await settle_appeal(request.app[DEPS], officer, int(text), granted=form.text("answer", "处理结果", 10) == "grant")
    return see_other("/appeals")
