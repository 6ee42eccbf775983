"""A bag of cards came in: scan them one after the other, register them at once (R116, R117)."""

from aiohttp import web

from casework.callers import Officer
from casework.register_arrival import register_arrivals
from casework.views_staff import ArrivalLine
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import html_page, refused
from domain.refusal import Refusal
from templates.refusals import RefusalText, refusal_text

MOST = 200


async def show(_request: web.Request, officer: Officer) -> web.Response:
    """The box to scan into."""
    return _page(officer)


async def register(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Register every number; those that failed stay in the box, with the reason beside each."""
    try:
        typed = form.lines("numbers", "证件编号", most=MOST, longest=60)
        if not typed:
            raise Refusal("malformed", fields="证件编号（没有填写）")  # noqa: TRY301
        lines = await register_arrivals(request.app[DEPS], officer, typed)
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return _page(officer, typed=form.raw("numbers")[:10_000], problem=problem, status=status)
    return _page(officer, lines=lines, typed="\n".join(line.typed for line in lines if line.refusal))


def _page(
    officer: Officer,
    *,
    lines: tuple[ArrivalLine, ...] = (),
    typed: str = "",
    problem: RefusalText | None = None,
    status: int = 200,
) -> web.Response:
    outcomes = [(line, _words(line)) for line in lines]
    return html_page("arrivals.html", status=status, officer=officer, outcomes=outcomes, typed=typed, problem=problem)


def _words(line: ArrivalLine) -> RefusalText | None:
    return refusal_text(line.refusal.code, line.refusal.facts, audience="counter") if line.refusal else None
