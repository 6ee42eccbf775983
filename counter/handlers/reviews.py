"""The reviewer's list at the household place, and the entry of what was decided (R090–R106)."""

from datetime import date

from aiohttp import web

from casework import review_by_hand as acts
from casework.callers import Officer
from counter.forms import Form, read_day
from counter.keys import DEPS
from counter.pages import html_page, refused, see_other
from domain.case_number import check_case_number
from domain.refusal import Refusal
from domain.terms import CaseEventKind
from templates.refusals import RefusalText


async def show(request: web.Request, officer: Officer) -> web.Response:
    """What has to be reviewed, those due first."""
    done = "已登记，申请人会收到通知。" if request.query.get("done") == "yes" else None
    return await _page(request, officer, done=done)


async def enter(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """One result."""
    try:
        number = check_case_number(request.match_info["number"][:60])
        await acts.enter_review(
            request.app[DEPS],
            officer,
            number,
            form.choice("kind", "审核结果", CaseEventKind),
            issued_on=_day(form),
            reason=form.maybe("reason", "不予签发的原因", 200) or "",
        )
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _page(request, officer, problem=problem, status=status)
    return see_other("/reviews?done=yes")


def _day(form: Form) -> date | None:
    return read_day({"day": form.raw("issued_on")[:20]})


async def _page(
    request: web.Request,
    officer: Officer,
    *,
    problem: RefusalText | None = None,
    done: str | None = None,
    status: int = 200,
) -> web.Response:
    deps = request.app[DEPS]
    lines = await acts.cases_to_review(deps, officer)
    return html_page(
        "reviews.html", status=status, officer=officer, lines=lines, today=deps.today(), problem=problem, done=done
    )
