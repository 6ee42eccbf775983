"""The officer's own account: password and second factor."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from casework import secure_account as acts
from casework.callers import Officer
from counter.forms import Form
from counter.keys import DEPS
from counter.pages import html_page, refused, see_other
from counter.proving import proven
from domain.refusal import Refusal
from templates.qr import qr_svg
from templates.refusals import RefusalText

DONE = {
    "password": "密码已修改，其他地方的登录已全部退出。",
    "factor": "动态口令已启用，下次登录时需要输入。其他地方的登录已全部退出。",
    "removed": "动态口令已停用。",
}


async def show(request: web.Request, officer: Officer) -> web.Response:
    """What belongs to the account, and the forms to change it."""
    return await _page(request, officer, done=DONE.get(request.query.get("done", "")))


async def show_factor(request: web.Request, officer: Officer) -> web.Response:
    """The code an authenticator app takes the new second factor from; none once it is in force."""
    factor = await acts.factor_of(request.app[DEPS], officer)
    if factor.uri is None:
        raise Refusal("not_found")
    return web.Response(body=qr_svg(factor.uri), content_type="image/svg+xml")


async def change_password(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """A new password, after the old one was given."""

    async def act(who: Officer) -> None:
        new, again = form.secret("new_password", "新密码"), form.secret("new_password_again", "再输一次新密码")
        await acts.change_password(request.app[DEPS], who, new, again)

    return await _perform(request, officer, form, "password", act)


async def confirm_factor(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """The first right code puts the second factor into force."""

    async def act(who: Officer) -> None:
        await acts.confirm_factor(request.app[DEPS], who, form.text("first_code", "动态口令", 12))

    return await _perform(request, officer, form, "factor", act)


async def remove_factor(request: web.Request, officer: Officer, form: Form) -> web.Response:
    """Without a second factor again, where the role allows it."""

    async def act(who: Officer) -> None:
        await acts.remove_factor(request.app[DEPS], who)

    return await _perform(request, officer, form, "removed", act)


async def _perform(
    request: web.Request, officer: Officer, form: Form, name: str, act: Callable[[Officer], Awaitable[None]]
) -> web.Response:
    try:
        officer = await proven(request, officer, form)
        await act(officer)
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return await _page(request, officer, problem=problem, status=status)
    return see_other(f"/account?done={name}")


async def _page(
    request: web.Request,
    officer: Officer,
    *,
    problem: RefusalText | None = None,
    done: str | None = None,
    status: int = 200,
) -> web.Response:
    factor = await acts.factor_of(request.app[DEPS], officer)
    return html_page("account.html", status=status, officer=officer, factor=factor, problem=problem, done=done)
