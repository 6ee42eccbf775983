"""Staff sign in with a password; failures are counted and lock the account for a while."""

from datetime import datetime

from casework.callers import Officer
from casework.counter_views import StaffSessionView
from casework.deps import Deps, database_expected
from casework.passwords import hash_password, matches
from casework.prove_again import second_factor_holds
from casework.secret import fresh_token, hashed
from casework.sign_in_limits import (
    FAILURES_ALLOWED,
    LOCKED_FOR,
    PROOF_HOLDS,
    SESSION_IDLE,
    SESSION_LIFE,
    TOUCH_EVERY,
)
from domain.refusal import Refusal
from models.audit import write_audit
from models.staff import (
    LiveSession,
    Staff,
    clear_failures,
    count_failure,
    end_staff_session,
    find_staff,
    live_staff_session,
    start_staff_session,
    touch_staff_session,
)


async def sign_in_officer(deps: Deps, username: str, password: str, one_time_code: str = "") -> StaffSessionView:
    """Check password and, where one belongs to the account, the one-time code; open a console session.

    Every attempt is on record (V16.3.1).

    The answer to an unknown name, to a wrong password and to a locked account is the same, and takes as long.

    Raises:
        Refusal: ``staff_login_failed``.
    """
    staff = await find_staff(username[:60])
    now = deps.clock.now()
    right = await matches(staff.password_hash if staff else await _nobody(), password)
    if staff is not None and staff.locked_until is not None and now < staff.locked_until:
        await _record(deps, username, staff, "sign_in_locked")
        raise Refusal("staff_login_failed")
    expired = staff is not None and staff.password_until is not None and now >= staff.password_until
    if staff is None or staff.disabled_at is not None or expired or not right:
        await _failed(deps, username, staff)
    if staff is not None and not await second_factor_holds(deps, staff, one_time_code):
        await _failed(deps, username, staff)
    assert staff is not None
    await clear_failures(staff.id)
    await _record(deps, username, staff, "sign_in", second_factor=staff.totp_since is not None)
    token, csrf, ends_at = fresh_token(deps), fresh_token(deps), now + SESSION_LIFE
    await start_staff_session(
        staff_id=staff.id,
        token_hash=hashed(token),
        csrf_token=csrf,
        created_at=now,
        last_seen_at=now,
        ends_at=ends_at,
        proved_at=now,
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
    officer = officer_of(deps, session, now, request_id)
    if session is not None and is_to_be_touched(session, now):
        await touch_staff_session(session.id, now)
    return officer


def officer_of(deps: Deps, session: LiveSession | None, now: datetime, request_id: str = "") -> Officer:
    """The member of staff whose session this is.

    Raises:
        Refusal: ``staff_session_required`` where it ran out, or its owner was disabled.
    """
    if session is None or now >= session.ends_at or now - session.last_seen_at > SESSION_IDLE:
        raise Refusal("staff_session_required")
    if session.disabled_at is not None:
        raise Refusal("staff_session_required")
    return Officer(
        staff_id=session.staff_id,
        username=session.username,
        display_name=session.display_name,
        role=session.role,
        point_id=session.point_id,
        point_code=session.point_code,
        point_name=session.point_name,
        point_division=session.point_division,
        csrf_token=session.csrf_token,
        request_id=request_id,
        session_id=session.id,
        proven_recently=_proven_recently(session.proved_at or session.created_at, now),
        second_factor=session.totp_since is not None,
        must_enrol=session.totp_since is None and session.role in deps.settings.second_factor_roles,
        must_change_password=session.password_until is not None,
        division=session.division,
    )


def is_to_be_touched(session: LiveSession, now: datetime) -> bool:
    """Whether it is time to note again that the session is used."""
    return now - session.last_seen_at > TOUCH_EVERY


def _proven_recently(proved_at: datetime, now: datetime) -> bool:
    return now - proved_at <= PROOF_HOLDS


async def sign_out_officer(deps: Deps, token: str) -> None:
    """End the session on the server (V7.4.1)."""
    await end_staff_session(hashed(token), deps.clock.now())


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


async def _record(deps: Deps, username: str, staff: Staff | None, act: str, **facts: object) -> None:
    actor = f"staff:{staff.username}" if staff else f"unknown:{hashed(username)[:12]}"
    await write_audit(
        at=deps.clock.now(), actor=actor, act=act, staff_id=staff.id if staff else None, facts=dict(facts)
    )
