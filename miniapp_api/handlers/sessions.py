"""Signing in and out."""

from casework import sign_in
from casework.deps import Deps
from casework.views import SessionView
from miniapp_api.access import Token
from miniapp_api.shapes import NewSession


async def start_session(deps: Deps, body: NewSession) -> SessionView:
    """Sign in with the code of wx.login.

    The token is told once and stands in ``Authorization: Bearer`` from then on.
    """
    return await sign_in.sign_in(deps, body.code)


async def end_session(deps: Deps, token: Token) -> None:
    """Sign out: this token is refused from now on."""
    await sign_in.sign_out(deps, token)
