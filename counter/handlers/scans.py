"""The scan box: a scanner types the code and Enter; a hand may type a code, a case, acceptance or slip number."""

from aiohttp import web

from casework.callers import Officer
from casework.hand_off import redeem_code
from casework.serve import find_at_counter
from counter.forms import Form
from counter.handlers.days import list_of
from counter.keys import DEPS
from counter.pages import day_page, refused, see_other
from domain.handoff import normalise_code
from domain.pass_text import is_pass
from domain.refusal import Refusal

_LONGEST_SCAN = 200
_NEEDS_REASON = "not_service_day"


async def scan(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Redeem a code or find a number, and go to its case. A refusal comes back on top of the day's list."""
    try:
        return see_other(await _address(request, officer, form))
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        asks = form.raw("code")[:_LONGEST_SCAN] if refusal.code == _NEEDS_REASON else ""
        today = await list_of(request, officer)
        return day_page(officer, today, problem=problem, code_for_other_day=asks, status=status)


async def _address(request: web.Request, officer: Officer, form: Form) -> str:
    deps = request.app[DEPS]
    if is_pass(form.raw("code")):
        raise Refusal("pass_at_counter")
    text = form.text("code", "编码", _LONGEST_SCAN)
    reason = form.maybe("other_day_reason", "办理原因", 100)
    code = _code_in(text)
    if code is None:
        return f"/cases/{await find_at_counter(deps, officer, text)}"
    case = await redeem_code(deps, officer, code, other_day_reason=reason)
    return f"/cases/{case.number}?done=scan"


def _code_in(text: str) -> str | None:
    """The hand-off code typed, or None for a number; what begins like a code but is damaged stays refused."""
    try:
        return normalise_code(text)
    except Refusal:
        if text.upper().startswith("TB"):
            raise
        return None
