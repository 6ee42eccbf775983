"""The operator's page: the systems that report to us, and their keys."""

from aiohttp import web

from casework import keep_stations as acts
from casework.callers import Officer
from casework.views_staff import GivenWord
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import Typed, html_page, refused, see_other
from counter.proving import proven
from domain.refusal import Refusal
from templates.refusals import RefusalText

DONE = {
    "key": "公钥已登记，用对应私钥签名的文件和回执单从现在起有效。",
    "end": "密钥已收回，立即失效。",
    "close": "系统已停用，它的上报不再接收。",
    "open": "系统已启用。",
}
_LONGEST_ID = 40


async def show(request: web.Request, officer: Officer) -> web.Response:
    """Every system with its keys, and the form for a new one."""
    return await _page(request, officer, done=DONE.get(request.query.get("done", "")))


async def add(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """A new system; its word is on the page that follows, and nowhere else."""
    try:
        officer = await proven(request, officer, form)
        new = acts.NewSystem(
            id=form.text("id", "系统编号", _LONGEST_ID),
            name=form.text("name", "系统名称", 60),
            division=form.text("division", "地区代码", 6),
            duty=form.choice("duty", "业务", acts.StationDuty),
        )
        told = await acts.add_system(request.app[DEPS], officer, new)
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _page(request, officer, problem=problem, typed=Typed("add", form), status=status)
    return await _page(request, officer, told=told)


async def change(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """One system: a further word, a public key, a key taken back, closed, opened."""
    system, what, deps = request.match_info["id"][:60], form.raw("act"), request.app[DEPS]
    try:
        officer = await proven(request, officer, form)
        if what == "word":
            return await _page(request, officer, told=await acts.give_word(deps, officer, system))
        if what == "key":
            key_id, pem = form.text("key_id", "密钥编号", _LONGEST_ID), form.raw("public_key")
            await acts.register_public_key(deps, officer, system, key_id, pem)
        elif what == "end":
            await acts.end_key(deps, officer, system, form.text("key_id", "密钥编号", _LONGEST_ID))
        elif what == "close":
            await acts.close_system(deps, officer, system)
        elif what == "open":
            await acts.open_system(deps, officer, system)
        else:
            raise Refusal("malformed", fields="操作")  # noqa: TRY301
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _page(request, officer, problem=problem, typed=Typed(system, form), status=status)
    return see_other(f"/stations?done={what}")


async def _page(
    request: web.Request,
    officer: Officer,
    *,
    problem: RefusalText | None = None,
    typed: Typed | None = None,
    told: GivenWord | None = None,
    done: str | None = None,
    status: int = 200,
) -> web.Response:
    return html_page(
        "stations.html",
        status=status,
        officer=officer,
        systems=await acts.station_systems(request.app[DEPS], officer),
        duties=tuple(acts.StationDuty),
        problem=problem,
        typed=typed or Typed(),
        told=told,
        done=done,
    )
