"""What the file feed set aside."""

from aiohttp import web

from casework.callers import Officer
from casework.settle_feed import dismiss, feed_here, try_now
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import Typed, html_page, refused, see_other
from counter.reading import row_number
from domain.refusal import Refusal
from templates.refusals import RefusalText, refusal_text

DONE = {
    "in": "这一行已补入。",
    "still": "这一行现在仍不能补入，原因见下。",
    "dismissed": "这一行已忽略，原因已留痕。",
}


async def show(request: web.Request, officer: Officer) -> web.Response:
    """What waits, and what came last."""
    return await _page(request, officer, done=DONE.get(request.query.get("done", "")))


async def settle(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Try a line again, or dismiss it; what came of it is told on the list."""
    deps = request.app[DEPS]
    try:
        number = row_number(request, "set_aside_not_found")
        if form.text("answer", "处理方式", 10) == "dismiss":
            await dismiss(deps, officer, number, form.maybe("note", "原因") or "")
            done = "dismissed"
        else:
            done = "in" if await try_now(deps, officer, number) else "still"
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        typed = Typed(request.match_info["number"][:9], form)
        return await _page(request, officer, problem=problem, typed=typed, status=status)
    return see_other(f"/feed?done={done}")


async def _page(
    request: web.Request,
    officer: Officer,
    *,
    problem: RefusalText | None = None,
    typed: Typed | None = None,
    done: str | None = None,
    status: int = 200,
) -> web.Response:
    feed = await feed_here(request.app[DEPS], officer)
    return html_page(
        "feed.html",
        status=status,
        officer=officer,
        feed=feed,
        reasons={one.id: refusal_text(one.code, one.facts, audience="counter") for one in feed.aside},
        refused={one.code: refusal_text(one.code, {}, audience="counter").title for one in feed.batches if one.code},
        problem=problem,
        typed=typed or Typed(),
        done=done,
    )
