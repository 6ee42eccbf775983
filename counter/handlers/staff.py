"""The operator's page: accounts of the staff."""

from aiohttp import web

from casework import manage_staff as acts
from casework.callers import Officer
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import Typed, html_page, refused, see_other
from counter.proving import proven
from domain.refusal import Refusal
from domain.terms import StaffRole
from templates.refusals import RefusalText

_DO = {
    "unlock": acts.unlock,
    "disable": acts.disable,
    "enable": acts.enable,
    "drop_factor": acts.drop_factor,
}


async def show(request: web.Request, officer: Officer) -> web.Response:
    """Every account, and the form for a new one."""
    done = "账号状态已更新。" if request.query.get("done") == "yes" else None
    return await _page(request, officer, done=done)


async def add(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """A new account; its initial password is on the page that follows, and nowhere else."""
    try:
        officer = await proven(request, officer, form)
        username = form.text("username", "账号", 40)
        password = await acts.add_account(
            request.app[DEPS],
            officer,
            username,
            form.text("display_name", "姓名或称呼", 60),
            form.choice("role", "岗位", StaffRole),
            form.maybe("point", "受理点", 24),
            form.maybe("division", "辖区", 6),
        )
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _page(request, officer, problem=problem, typed=Typed("add", form), status=status)
    return await _page(request, officer, told=(username, password))


async def change(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """One account: unlocked, closed, opened, its password reset, its second factor dropped."""
    username, what, deps = request.match_info["username"][:60], form.raw("act"), request.app[DEPS]
    try:
        officer = await proven(request, officer, form)
        if what == "reset":
            return await _page(request, officer, told=(username, await acts.reset_password(deps, officer, username)))
        if what == "area":
            await acts.set_area(deps, officer, username, form.maybe("division", "辖区", 6))
            return see_other("/staff?done=yes")
        if what not in _DO:
            raise Refusal("malformed", fields="操作")  # noqa: TRY301
        await _DO[what](deps, officer, username)
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _page(request, officer, problem=problem, status=status)
    return see_other("/staff?done=yes")


async def _page(
    request: web.Request,
    officer: Officer,
    *,
    problem: RefusalText | None = None,
    typed: Typed | None = None,
    told: tuple[str, str] | None = None,
    done: str | None = None,
    status: int = 200,
) -> web.Response:
    deps = request.app[DEPS]
    return html_page(
        "staff.html",
        status=status,
        officer=officer,
        accounts=await acts.accounts(deps, officer),
        points=await acts.points(deps, officer),
        roles=tuple(StaffRole),
        problem=problem,
        typed=typed or Typed(),
        told=told,
        done=done,
    )
