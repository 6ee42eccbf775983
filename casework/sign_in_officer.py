"""Staff sign in with a password; failures are counted and lock the account for a while."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache, partial

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from casework.callers import Officer
from casework.deps import Deps, database_expected
from casework.secret import fresh_token, hashed
from casework.views import StaffSessionView
from domain.refusal import Refusal
from models.audit import write_audit
from models.staff import (
    Staff,
    clear_failures,
    count_failure,
    end_staff_session,
    find_staff,
    live_staff_session,
    start_staff_session,
    touch_staff_session,
)
from templates.shown import when

FAILURES_ALLOWED = 5
LOCKED_FOR = timedelta(minutes=15)
SESSION_IDLE = timedelta(minutes=30)
SESSION_LIFE = timedelta(hours=10)
TOUCH_EVERY = timedelta(minutes=1)
_AT_ONCE = 2  # Argon2id takes memory and a core; a rush of logins must not starve the counter


async def sign_in_officer(deps: Deps, username: str, password: str) -> StaffSessionView:
    """Check a password and open a console session. Every attempt is on record (V16.3.1).

    The answer to an unknown name and to a wrong password is the same, and takes as long.

    Raises:
        Refusal: ``staff_login_failed``, ``staff_locked``.
    """
    staff = await find_staff(username[:60])
    now = deps.clock.now()
    if staff is not None and staff.locked_until is not None and now < staff.locked_until:
        await _record(deps, username, staff, "sign_in_locked")
        raise Refusal("staff_locked", until=when(staff.locked_until))
    right = await _matches(staff.password_hash if staff else await _nobody(), password)
    if staff is None or staff.disabled_at is not None or not right:
        await _failed(deps, username, staff)
    assert staff is not None
    await clear_failures(staff.id)
    await _record(deps, username, staff, "sign_in")
    token, csrf, ends_at = fresh_token(deps), fresh_token(deps), now + SESSION_LIFE
    await start_staff_session(
        staff_id=staff.id, token_hash=hashed(token), csrf_token=csrf, created_at=now, last_seen_at=now, ends_at=ends_at
    )
    return StaffSessionView(token=token, csrf_token=csrf, expires_at=ends_at)


async def who_serves(deps: Deps, token: str, request_id: str = "") -> Officer:
    """The member of staff behind a console session; a disabled one is out at once (V7.4.2).

    Raises:
        Refusal: ``staff_session_required``.
    """
    with database_expected():
        session = await live_staff_session(hashed(token))
    now = deps.clock.now()
    if session is None or now >= session.ends_at or now - session.last_seen_at > SESSION_IDLE:
        raise Refusal("staff_session_required")
    staff = session.staff
    if staff.disabled_at is not None:
        raise Refusal("staff_session_required")
    if now - session.last_seen_at > TOUCH_EVERY:
        await touch_staff_session(session.id, now)
    point = staff.point
    return Officer(
        staff_id=staff.id,
        username=staff.username,
        display_name=staff.display_name,
        role=staff.role,
        point_id=staff.point_id,
        point_code=point.code if point else None,
        point_name=point.name if point else None,
        point_division=point.division if point else None,
        csrf_token=session.csrf_token,
        request_id=request_id,
        division=staff.division,
    )


async def sign_out_officer(deps: Deps, token: str) -> None:
    """End the session on the server (V7.4.1)."""
    await end_staff_session(hashed(token), deps.clock.now())


async def hash_password(password: str) -> str:
    """Argon2id with the library's current parameters (V11.4.2), off the loop."""
    return await asyncio.get_running_loop().run_in_executor(_hashers(), PasswordHasher().hash, password)


async def _matches(password_hash: str, password: str) -> bool:
    check = partial(PasswordHasher().verify, password_hash, password)
    try:
        return await asyncio.get_running_loop().run_in_executor(_hashers(), check)
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _hashers() -> ThreadPoolExecutor:
    """So many threads hash at once and no more, whatever comes in."""
    return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")


_NOBODY: list[str] = []


async def _nobody() -> str:
    """A hash nobody knows the password of, so that an unknown name costs the same time."""
    if not _NOBODY:
        _NOBODY.append(await hash_password("nobody"))
    return _NOBODY[0]


async def _failed(deps: Deps, username: str, staff: Staff | None) -> None:
    if staff is not None:
        await count_failure(staff.id, FAILURES_ALLOWED, deps.clock.now() + LOCKED_FOR)
    await _record(deps, username, staff, "sign_in_failed")
    raise Refusal("staff_login_failed")


async def _record(deps: Deps, username: str, staff: Staff | None, act: str) -> None:
    actor = f"staff:{staff.username}" if staff else f"unknown:{hashed(username)[:12]}"
    await write_audit(at=deps.clock.now(), actor=actor, act=act, staff_id=staff.id if staff else None)
