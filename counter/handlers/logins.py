"""Signing in to the console and out of it."""

from aiohttp import web

from casework.callers import Officer
from casework.sign_in_officer import sign_in_officer, sign_out_officer
from counter.forms import Form, read_form
from counter.keys import DEPS
from counter.pages import html_page, refused, see_other
from counter.sessions import drop_session, insist_kept_cookie, session_token, set_session
from domain.refusal import Refusal


async def show(_request: web.Request) -> web.Response:
    """The sign-in page."""
    return html_page("login.html", officer=None, username="", problem=None)


async def sign_in(request: web.Request) -> web.Response:
    """Open a session under a new token; one that the browser still had ends (ASVS V7.2.4)."""
    form = await read_form(request)
    try:
        insist_kept_cookie(request)
        session = await sign_in_officer(
            request.app[DEPS],
            form.text("username", "账号", 60),
            form.secret("password", "密码"),
            form.raw("one_time_code")[:12],
        )
    except Refusal as refusal:
        problem, status = refused(request, refusal)
        return html_page("login.html", status=status, officer=None, username=_username(form), problem=problem)
    await _end_old(request)
    response = see_other("/")
    set_session(response, session.token)
    return response


async def sign_out(request: web.Request, _officer: Officer, _form: Form) -> web.Response:
    """End the session on the server and clear the browser."""
    await _end_old(request)
    response = see_other("/login")
    drop_session(response)
    return response


async def _end_old(request: web.Request) -> None:
    if token := session_token(request):
        await sign_out_officer(request.app[DEPS], token)


def _username(form: Form) -> str:
    return "".join(form.all("username")[:1])[:60]
