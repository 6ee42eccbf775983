"""Proving to be oneself: the password and, where one belongs to the account, a one-time code (V6.5.1, V7.5.3)."""

import hmac

import pyotp

from casework.callers import Officer
from casework.deps import Deps
from casework.passwords import matches
from casework.sign_in_limits import FAILURES_ALLOWED, LOCKED_FOR
from domain.refusal import Refusal
from models.audit import write_audit
from models.staff import Staff, count_failure, end_sessions_of, find_staff, prove_session, spend_step

STEP_SECONDS = 30


async def prove_again(deps: Deps, officer: Officer, password: str, one_time_code: str = "") -> None:
    """Before a sensitive act: whoever proved it within the last minutes is not asked, everybody else is.

    Wrong tries count like those of a login; the one that locks the account ends all its sessions.

    Raises:
        Refusal: ``proof_needed`` when nothing was given, ``proof_wrong``.
    """
    if officer.proven_recently:
        return
    if not password:
        raise Refusal("proof_needed")
    staff = await find_staff(officer.username)
    assert staff is not None
    now = deps.clock.now()
    right = await matches(staff.password_hash, password) and await second_factor_holds(deps, staff, one_time_code)
    await write_audit(
        at=now, actor=officer.actor, act="prove_again" if right else "prove_again_failed", staff_id=officer.staff_id,
        request_id=officer.request_id or None,
    )  # fmt: skip
    if right:
        await prove_session(officer.session_id, now)
        return
    if await count_failure(staff.id, FAILURES_ALLOWED, now + LOCKED_FOR):
        await end_sessions_of(staff.id, now)
    raise Refusal("proof_wrong")


async def second_factor_holds(deps: Deps, staff: Staff, one_time_code: str) -> bool:
    """Whether the code is right and was not used before; an account without a second factor needs none."""
    if staff.totp_since is None or staff.totp_secret is None:
        return True
    step = step_of(deps, staff.totp_secret, one_time_code)
    return step is not None and await spend_step(staff.id, step)


def step_of(deps: Deps, secret: str, one_time_code: str) -> int | None:
    """The 30-second step a code belongs to; one step before and after now are taken, for clocks that differ."""
    now = int(deps.clock.now().timestamp()) // STEP_SECONDS
    generator = pyotp.TOTP(secret)
    given = one_time_code.strip().encode()
    for step in (now, now - 1, now + 1):
        if hmac.compare_digest(generator.at(step * STEP_SECONDS).encode(), given):
            return step
    return None
