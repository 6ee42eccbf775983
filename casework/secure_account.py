"""A member of staff looks after the own account: password and second factor."""

import hmac

import pyotp

from casework.callers import Officer
from casework.deps import Deps, unit_of_work
from casework.passwords import hash_password, insist_good
from casework.prove_again import step_of
from casework.views_staff import Factor
from domain.refusal import Refusal
from models.audit import write_audit
from models.staff import end_other_sessions, find_staff, set_staff, spend_step

ISSUER = "通办窗口工作台"


async def change_password(deps: Deps, officer: Officer, new: str, again: str) -> None:
    """Set a new password; every other session of the account ends (V6.2.2, V7.4.3). To be proven before.

    Raises:
        Refusal: ``passwords_differ``, ``password_too_short``, ``password_too_common``.
    """
    if not hmac.compare_digest(new.encode(), again.encode()):
        raise Refusal("passwords_differ")
    insist_good(new, officer.username)
    hashed = await hash_password(new)
    await _change(deps, officer, "change_password", password_hash=hashed, password_until=None)


async def factor_of(deps: Deps, officer: Officer) -> Factor:  # noqa: ARG001 – all acts take deps first
    """Whether a second factor belongs to the account; where not, a secret to take into an app, kept until confirmed."""
    staff = await find_staff(officer.username)
    assert staff is not None
    if staff.totp_since is not None:
        return Factor(enrolled=True, since=staff.totp_since, secret=None, uri=None)
    secret = staff.totp_secret
    if secret is None:
        secret = pyotp.random_base32()
        await set_staff(staff.id, totp_secret=secret)
    uri = pyotp.TOTP(secret).provisioning_uri(name=officer.username, issuer_name=ISSUER)
    return Factor(enrolled=False, since=None, secret=secret, uri=uri)


async def confirm_factor(deps: Deps, officer: Officer, one_time_code: str) -> None:
    """From a first right code on the second factor counts; other sessions end (V7.4.3). To be proven before.

    Raises:
        Refusal: ``one_time_code_wrong``, ``factor_enrolled_already``.
    """
    staff = await find_staff(officer.username)
    assert staff is not None
    if staff.totp_since is not None:
        raise Refusal("factor_enrolled_already")
    step = step_of(deps, staff.totp_secret, one_time_code) if staff.totp_secret else None
    if step is None or not await spend_step(staff.id, step):
        raise Refusal("one_time_code_wrong")
    await _change(deps, officer, "enrol_factor", totp_since=deps.clock.now())


async def remove_factor(deps: Deps, officer: Officer) -> None:
    """Give the second factor up, where the role does not demand one. To be proven before.

    Raises:
        Refusal: ``factor_required``.
    """
    if officer.role in deps.settings.second_factor_roles:
        raise Refusal("factor_required")
    await _change(deps, officer, "remove_factor", totp_since=None, totp_secret=None)


async def _change(deps: Deps, officer: Officer, act: str, **columns: object) -> None:
    now = deps.clock.now()
    async with unit_of_work(deps):
        await set_staff(officer.staff_id, **columns)
        await end_other_sessions(officer.staff_id, officer.session_id, now)
        await write_audit(
            at=now, actor=officer.actor, act=act, staff_id=officer.staff_id, request_id=officer.request_id or None
        )
