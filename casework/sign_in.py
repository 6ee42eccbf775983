"""Citizens sign in with a WeChat login code and get a session of our own."""

from datetime import timedelta

from casework.callers import Citizen
from casework.deps import Deps, database_expected
from casework.pre_register import privacy_notice
from casework.secret import fresh_token, hashed
from casework.views import SessionView
from domain.refusal import Refusal
from models.account import (
    end_session,
    find_or_make_account,
    has_consented,
    live_session,
    start_session,
    touch_session,
)

SESSION_IDLE = timedelta(hours=2)
SESSION_LIFE = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)  # a write per request would be waste


async def sign_in(deps: Deps, login_code: str) -> SessionView:
    """Exchange a single-use login code for a session (B71).

    Raises:
        Refusal: ``login_code_invalid``, ``login_code_used``, ``login_blocked``, ``login_too_often``,
            ``wechat_unreachable``.
    """
    who = await deps.mini_program.login(login_code)
    now = deps.clock.now()
    account = await find_or_make_account(appid=deps.settings.miniapp.appid, openid=who.openid, at=now)
    token, ends_at = fresh_token(deps), now + SESSION_LIFE
    await start_session(account.id, hashed(token), now, ends_at)
    consented = await has_consented(account.id, privacy_notice(deps).version)
    return SessionView(token=token, expires_at=ends_at, consent_needed=not consented)


async def who_is(deps: Deps, token: str, request_id: str = "") -> Citizen:
    """The citizen behind a session token.

    Raises:
        Refusal: ``not_signed_in`` for an unknown or ended token, ``session_expired`` past the idle or absolute end.
    """
    with database_expected():
        session = await live_session(hashed(token))
    if session is None:
        raise Refusal("not_signed_in")
    now = deps.clock.now()
    if now >= session.ends_at or now - session.last_seen_at > SESSION_IDLE:
        raise Refusal("session_expired")
    if now - session.last_seen_at > TOUCH_EVERY:
        await touch_session(session.id, now)
    return Citizen(account_id=session.account_id, request_id=request_id)


async def sign_out(deps: Deps, token: str) -> None:
    """End the session; the token is refused from now on (V7.4.1)."""
    await end_session(hashed(token), deps.clock.now())
