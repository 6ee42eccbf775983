"""How a point is booked: the settings of each item, and the form that changes them."""

from aiohttp import web

from casework import set_supply as acts
from casework.booking_views import BookingSettings
from casework.callers import Officer
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import html_page, refused, see_other
from domain.refusal import Refusal
from domain.terms import ServiceItem
from templates.refusals import RefusalText


async def show_all(request: web.Request, officer: Officer) -> web.Response:
    """Every item of every point the officer answers for."""
    lines = await acts.supplies(request.app[DEPS], officer)
    return html_page("supplies.html", officer=officer, lines=lines)


async def show(request: web.Request, officer: Officer) -> web.Response:
    """One item of one point, and the form."""
    return await _page(request, officer)


async def change(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Change the settings; a refusal comes back on top of the form, with what was typed."""
    try:
        wanted = BookingSettings(
            capacity=form.maybe_number("capacity", "每个时段的名额"),
            lead_minutes=form.number("lead_minutes", "提前预约的分钟数"),
            horizon_days=form.number("horizon_days", "可预约的天数"),
            release_hour=form.number("release_hour", "每天放号的钟点"),
            walk_in_percent=form.number("walk_in_percent", "现场名额的百分比"),
            minor_places=form.number("minor_places", "留给未满十六周岁的名额"),
            cut_off_minutes=form.maybe_number("cut_off_minutes", "改约截止的分钟数"),
        )
        await acts.set_supply(request.app[DEPS], officer, *_asked(request), wanted)
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _page(request, officer, problem=problem, typed=form, status=status)
    return see_other("/supplies")


async def _page(
    request: web.Request,
    officer: Officer,
    *,
    problem: RefusalText | None = None,
    typed: Form | None = None,
    status: int = 200,
) -> web.Response:
    line = await acts.supply_of(request.app[DEPS], officer, *_asked(request))
    names = BookingSettings.__dataclass_fields__
    kept = {name: getattr(line, name) for name in names}
    shown = {name: typed.raw(name)[:9] if typed else _text(value) for name, value in kept.items()}
    return html_page("supply.html", status=status, officer=officer, line=line, shown=shown, problem=problem)


def _asked(request: web.Request) -> tuple[str, ServiceItem]:
    """Point and item of the path. Raises Refusal ``not_found`` for an item that there is not."""
    try:
        return request.match_info["point"], ServiceItem(request.match_info["item"])
    except ValueError:
        raise Refusal("not_found") from None


def _text(value: int | None) -> str:
    return "" if value is None else str(value)
