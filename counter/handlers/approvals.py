"""What waits for a supervisor: wrong scans to undo, leave to read the data of minors (T21, B51)."""

from aiohttp import web

from casework import approve
from casework.callers import Officer
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import Typed, html_page, refused, see_other
from counter.proving import proven
from domain.refusal import Refusal
from templates.refusals import RefusalText

DONE = {"yes": "已同意，决定已留痕。", "no": "已不同意，决定已留痕。", "leave": "授权已登记。", "ended": "授权已收回。"}
_TOLD = {"yes": "yes", "end": "ended"}  # anything else was a no
_LONGEST_ID = 9


async def show(request: web.Request, officer: Officer) -> web.Response:
    """Requests, standing leave, and the form to give some."""
    return await _page(request, officer, done=DONE.get(request.query.get("done", "")))


async def decide(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Yes or no to one request, or leave taken back."""
    deps, answer = request.app[DEPS], form.raw("answer")
    try:
        officer = await proven(request, officer, form)
        if answer == "end":
            await approve.take_back(deps, officer, _id(request))
        else:
            await approve.decide(deps, officer, _id(request), granted=answer == "yes")
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _page(request, officer, problem=problem, status=status)
    return see_other(f"/approvals?done={_TOLD.get(answer, 'no')}")


async def give_leave(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Leave for a clerk to read the data of the minors served here, for some days."""
    try:
        officer = await proven(request, officer, form)
        days = form.text("days", "天数", 3)
        await approve.give_leave(
            request.app[DEPS],
            officer,
            form.text("clerk", "窗口受理员", 60),
            int(days) if days.isascii() and days.isdigit() else 0,
            form.text("reason", "授权原因", 200),
        )
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _page(request, officer, problem=problem, typed=Typed("leave", form), status=status)
    return see_other("/approvals?done=leave")


async def _page(
    request: web.Request,
    officer: Officer,
    *,
    problem: RefusalText | None = None,
    typed: Typed | None = None,
    done: str | None = None,
    status: int = 200,
) -> web.Response:
    return html_page(
        "approvals.html",
        status=status,
        officer=officer,
        requests=await approve.requests(request.app[DEPS], officer),
        problem=problem,
        typed=typed or Typed(),
        done=done,
    )


def _id(request: web.Request) -> int:
    text = request.match_info["id"]
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_ID:
        raise Refusal("approval_not_found")
    return int(text)
