"""The operator looks after accounts: add, disable, reset, unlock. Reading cases is none of the operator's business."""

import re
import secrets

from casework.area import WHOLE_COUNTRY, area_name
from casework.callers import Officer
from casework.deps import Deps, unit_of_work
from casework.passwords import hash_password
from casework.put_on_record import put_on_record
from casework.sign_in_limits import INITIAL_PASSWORD_LIFE
from casework.views_staff import Account, PointLine
from domain.division import find_division
from domain.refusal import Refusal
from domain.terms import StaffRole
from models.audit import write_audit
from models.place import all_points, find_point
from models.staff import add_staff, all_staff, end_sessions_of, find_staff, set_staff

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")
_AT_A_COUNTER = {StaffRole.CLERK}
_WATCHING = {StaffRole.SUPERVISOR, StaffRole.REVIEWER}
_INITIAL_BYTES = 12  # 96 bits, to be changed within days


async def accounts(deps: Deps, officer: Officer) -> tuple[Account, ...]:
    """Every account, by name.

    Raises:
        Refusal: ``staff_role_missing``.
    """
    _insist_operator(officer)
    now = deps.clock.now()
    return tuple(
        Account(
            username=one.username,
            display_name=one.display_name,
            role=one.role,
            point=one.point.name if one.point else None,
            division=one.division,
            area=area_name(one.division) if one.division else None,
            disabled=one.disabled_at is not None,
            locked_until=one.locked_until if one.locked_until and one.locked_until > now else None,
            second_factor=one.totp_since is not None,
            initial_password=one.password_until is not None,
        )
        for one in await all_staff()
    )


async def points(deps: Deps, officer: Officer) -> tuple[PointLine, ...]:  # noqa: ARG001 – all acts take deps first
    """The counters somebody may serve at."""
    _insist_operator(officer)
    return tuple(PointLine(point.code, point.name) for point in await all_points())


async def add_account(
    deps: Deps,
    officer: Officer,
    username: str,
    display_name: str,
    role: StaffRole,
    point_code: str | None,
    division: str | None = None,
) -> str:
    """Make an account; returns its initial password, told once and to be changed within three days (V6.4.1).

    Raises:
        Refusal: ``staff_role_missing``, ``username_malformed``, ``username_taken``, ``staff_point_required`` for a
            clerk without a counter, ``station_not_found``, ``staff_area_required`` for who watches and was given
            neither area nor point (R185), ``staff_area_unfit``, ``division_unknown``.
    """
    _insist_operator(officer)
    if not _USERNAME.fullmatch(username):
        raise Refusal("username_malformed")
    if role in _AT_A_COUNTER and not point_code:
        raise Refusal("staff_point_required", source="R039")
    point = await find_point(point_code) if point_code else None
    if point_code and point is None:
        raise Refusal("station_not_found")
    area = _area(role, division, has_point=point is not None)
    password, now = secrets.token_urlsafe(_INITIAL_BYTES), deps.clock.now()
    hashed = await hash_password(password)
    async with unit_of_work(deps):
        made = await add_staff(
            username=username, display_name=display_name, role=role, point_id=point.id if point else None,
            division=area, password_hash=hashed, password_until=now + INITIAL_PASSWORD_LIFE,
        )  # fmt: skip
        if not made:
            raise Refusal("username_taken")
        await _record(deps, officer, "add_staff", username, role=role, division=area)
    return password


async def set_area(deps: Deps, officer: Officer, username: str, division: str | None) -> None:
    """Give an account another area to watch; its sessions end, so that nothing of the old one is seen on.

    Raises:
        Refusal: ``staff_role_missing``, ``staff_not_found``, ``own_account_elsewhere``, ``staff_area_required``,
            ``staff_area_unfit``, ``division_unknown``.
    """
    await _other(officer, username)
    staff = await find_staff(username[:60])
    assert staff is not None
    area = _area(staff.role, division, has_point=staff.point_id is not None)
    await _set(deps, officer, username, "set_staff_area", division=area)


async def add_first_operator(deps: Deps, username: str) -> str:
    """Make the operator who makes all others, from the command line; returns the initial password, told once (V6.3.2).

    Raises:
        Refusal: ``username_malformed``, ``username_taken``.
    """
    if not _USERNAME.fullmatch(username):
        raise Refusal("username_malformed")
    password, now = secrets.token_urlsafe(_INITIAL_BYTES), deps.clock.now()
    hashed = await hash_password(password)
    async with unit_of_work(deps):
        made = await add_staff(
            username=username, display_name=username, role=StaffRole.OPERATOR, point_id=None, password_hash=hashed,
            password_until=now + INITIAL_PASSWORD_LIFE,
        )  # fmt: skip
        if not made:
            raise Refusal("username_taken")
        await write_audit(at=now, actor="command:add-operator", act="add_staff", facts={"account": username})
    return password


async def reset_password(deps: Deps, officer: Officer, username: str) -> str:
    """A new initial password, told once; sessions end, the second factor stays (V6.4.3).

    Raises:
        Refusal: ``staff_role_missing``, ``staff_not_found``, ``own_account_elsewhere``.
    """
    staff_id = await _other(officer, username)
    password, now = secrets.token_urlsafe(_INITIAL_BYTES), deps.clock.now()
    hashed = await hash_password(password)
    async with unit_of_work(deps):
        await set_staff(
            staff_id, password_hash=hashed, password_until=now + INITIAL_PASSWORD_LIFE, locked_until=None,
            failed_attempts=0,
        )  # fmt: skip
        await end_sessions_of(staff_id, now)
        await _record(deps, officer, "reset_password", username)
    return password


async def unlock(deps: Deps, officer: Officer, username: str) -> None:
    """Let an account that wrong passwords locked try again."""
    await _set(deps, officer, username, "unlock_staff", locked_until=None, failed_attempts=0)


async def disable(deps: Deps, officer: Officer, username: str) -> None:
    """Close an account; its sessions end at once (V7.4.2)."""
    await _set(deps, officer, username, "disable_staff", disabled_at=deps.clock.now())


async def enable(deps: Deps, officer: Officer, username: str) -> None:
    """Open a closed account again."""
    await _set(deps, officer, username, "enable_staff", disabled_at=None)


async def drop_factor(deps: Deps, officer: Officer, username: str) -> None:
    """Recovery of a lost phone, after the person proved who they are in person (V6.4.4)."""
    await _set(deps, officer, username, "drop_factor", totp_secret=None, totp_since=None)


async def _set(deps: Deps, officer: Officer, username: str, act: str, **columns: object) -> None:
    staff_id = await _other(officer, username)
    async with unit_of_work(deps):
        await set_staff(staff_id, **columns)
        if act != "unlock_staff":
            await end_sessions_of(staff_id, deps.clock.now())
        await _record(deps, officer, act, username)


async def _other(officer: Officer, username: str) -> int:
    _insist_operator(officer)
    if username == officer.username:
        raise Refusal("own_account_elsewhere")
    staff = await find_staff(username[:60])
    if staff is None:
        raise Refusal("staff_not_found")
    return staff.id


def _area(role: StaffRole, division: str | None, *, has_point: bool) -> str | None:
    """The area somebody watches: a province, city or county, or the whole country (R185)."""
    if role not in _WATCHING:
        if division:
            raise Refusal("staff_area_unfit", source="R185")
        return None
    if not division:
        if not has_point:
            raise Refusal("staff_area_required", source="R185")
        return None
    return division if division == WHOLE_COUNTRY else find_division(division).code


def _insist_operator(officer: Officer) -> None:
    if officer.role is not StaffRole.OPERATOR:
        raise Refusal("staff_role_missing", source="R078")


async def _record(deps: Deps, officer: Officer, act: str, username: str, **facts: object) -> None:
    await put_on_record(deps, officer, act, {"account": username, **facts})
