"""What the file feed set aside."""

from aiohttp import web

from casework.callers import Officer
from casework.settle_feed import dismiss, feed_here, try_now
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import html_page, see_other
from domain.refusal import Refusal
from templates.refusals import refusal_text

_LONGEST_NUMBER = 9


async def show(request: web.Request, officer: Officer) -> web.Response:
    """What waits, and what came last."""
    feed = await feed_here(request.app[DEPS], officer)
    reasons = {one.id: refusal_text(one.code, one.facts, audience="counter") for one in feed.aside}
    refused = {one.code: refusal_text(one.code, {}, audience="counter").title for one in feed.batches if one.code}
    return html_page("feed.html", officer=officer, feed=feed, reasons=reasons, refused=refused)


async def settle(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Try a line again, or dismiss it."""
    deps, number = request.app[DEPS], _id(request)
    if form.text("answer", "处理方式", 10) == "dismiss":
        await dismiss(deps, officer, number, form.maybe("note", "原因") or "")
    else:
        await try_now(deps, officer, number)
    return see_other("/feed")


def _id(request: web.Request) -> int:
    text = request.match_info["number"]
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise Refusal("set_aside_not_found")
    return int(text)
