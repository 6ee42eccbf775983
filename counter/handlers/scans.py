"""The scan box: a scanner types the code and Enter; a hand may type a code, a case, acceptance or slip number."""

from aiohttp import web

from casework.callers import Officer
from casework.hand_off import redeem_at_once, redeem_code
from casework.read_picture import code_in_picture
from casework.serve import find_at_counter
from counter.forms import Form
from counter.keys import ACTOR, DEPS, REQUEST_ID
from counter.pages import day_page, refused, see_other
from counter.sent_on import SentOn
from counter.sessions import CSRF_FIELD
from domain.handoff import Scanned, what_was_scanned
from domain.pass_text import is_pass
from domain.refusal import Refusal

LONGEST_CODE = 60  # a code has 37 characters; a hand may put blanks between them
LONGEST_SCAN = 4000  # an offline pass of another window may land in the box; it is told what it is
_NEED_REASONS = {"not_service_day", "code_other_station"}


async def scan(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Redeem a code or find a number, and go to its case. A refusal comes back on top of the box, without
    the day's list: nobody's name is read, and none put on record as read, for a code that opens nothing."""
    return await _take(request, officer, form, form.raw("code")[: LONGEST_SCAN + 1])


async def scan_at_once(request: web.Request, token: str, form: Form) -> web.Response | None:
    """The same for a plain code without a reason, the clerk looked up together with it; None for all else."""
    try:
        text, csrf_token = form.raw("code").strip(), form.raw(CSRF_FIELD)
        reason = form.raw("other_day_reason") or form.raw("other_station_reason")
    except Refusal:
        return None
    if reason or not (len(text) <= LONGEST_CODE and text.isascii() and text.isprintable()):
        return None
    done = await redeem_at_once(request.app[DEPS], token, csrf_token, text, request[REQUEST_ID])
    if done is None:
        return None
    request[ACTOR] = done.officer.actor
    return SentOn(_opened(done.number))


async def scan_picture(request: web.Request, officer: Officer, form: Form, picture: bytes) -> web.Response:
    """The same with a picture of the code."""
    try:
        text = await code_in_picture(request.app[DEPS], picture)
    except Refusal as refusal:
        return await _refuse(request, officer, form, refusal, "")
    return await _take(request, officer, form, text)


async def _take(request: web.Request, officer: Officer, form: Form, text: str) -> web.Response:
    try:
        return see_other(await _address(request, officer, form, text))
    except Refusal as refusal:
        return await _refuse(request, officer, form, refusal, text)


async def _refuse(request: web.Request, officer: Officer, form: Form, refusal: Refusal, text: str) -> web.Response:
    problem, status = refused(request, refusal)
    asks = refusal.code if refusal.code in _NEED_REASONS else ""
    return day_page(
        officer,
        None,
        problem=problem,
        again=(text, asks, form.raw("other_station_reason")[:100]) if asks else None,
        box_only=True,
        status=status,
    )


async def _address(request: web.Request, officer: Officer, form: Form, text: str) -> str:
    deps = request.app[DEPS]
    other_day = form.maybe("other_day_reason", "办理原因", 100)
    other_station = form.maybe("other_station_reason", "在本受理点办理的原因", 100)
    if is_pass(text):
        raise Refusal("pass_at_counter")
    text = Form([("code", text)]).text("code", "编码", LONGEST_SCAN)
    if what_was_scanned(text) is Scanned.NUMBER:
        return f"/cases/{await find_at_counter(deps, officer, text)}"
    number = await redeem_code(deps, officer, text, other_day_reason=other_day, other_station_reason=other_station)
    return _opened(number)


def _opened(number: str) -> str:
    return f"/cases/{number}?done=scan"
