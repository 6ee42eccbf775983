"""Clerks and other staff, their sessions, and the station systems that report to us."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.expressions import F, Q
from tortoise.models import Model

from domain.terms import KeyAlgorithm, StaffRole
from models.columns import SealedText, UtcDatetime, moment
from models.group import Group
from models.many import Row, rows
from models.place import AcceptancePoint
from models.store import insert_once


class Staff(Model):
    """A member of staff. ``point`` is null for those who watch an area instead of serving at a counter.

    ``division``: that area, a province, a city or a county; 000000 for the whole country.

    ``totp_secret`` counts as a second factor from ``totp_since`` on; ``totp_step`` is the newest 30-second step a code
    was taken of. ``password_until`` is set while the password is an initial one: it has to be changed before.
    """

    id = fields.IntField(primary_key=True)
    username = fields.CharField(max_length=60, unique=True)
    display_name = fields.CharField(max_length=60)
    password_hash = fields.CharField(max_length=200)
    role = fields.CharEnumField(StaffRole, max_length=20)
    point: fields.ForeignKeyNullableRelation[AcceptancePoint] = fields.ForeignKeyField(
        "models.AcceptancePoint", related_name="staff", on_delete=fields.RESTRICT, null=True
    )
    point_id: int | None
    division = fields.CharField(max_length=6, null=True)
    failed_attempts = fields.IntField(default=0)
    locked_until = UtcDatetime(null=True)
    disabled_at = UtcDatetime(null=True)
    totp_secret = SealedText(null=True)
    totp_since = UtcDatetime(null=True)
    totp_step = fields.IntField(default=0, db_default=0)
    password_until = UtcDatetime(null=True)

    class Meta:
        table = "staff"


class StaffSession(Model):
    """A console session: hash of the cookie token, the CSRF token that goes with it, idle and absolute end."""

    id = fields.IntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, unique=True)
    csrf_token = fields.CharField(max_length=64)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="sessions", on_delete=fields.RESTRICT
    )
    staff_id: int
    created_at = UtcDatetime()
    last_seen_at = UtcDatetime()
    ends_at = UtcDatetime()
    ended_at = UtcDatetime(null=True)
    proved_at = UtcDatetime(null=True)

    class Meta:
        table = "staff_session"


class StationSystem(Model):
    """A system that reports what the police did. It may report ``kinds`` for cases below ``division`` (a code prefix).

    ``side`` says which place of the case must lie below ``division``: "household" reviews (R091), "acceptance" makes
    and dispatches cards (R110). ``secret`` is the word of its first key, empty once that was taken back.
    """

    id = fields.IntField(primary_key=True)
    key_id = fields.CharField(max_length=40, unique=True)
    secret = SealedText()
    name = fields.CharField(max_length=120)
    division = fields.CharField(max_length=6)
    side = fields.CharField(max_length=12)
    kinds: fields.JSONField[list[str]] = fields.JSONField()
    disabled_at = UtcDatetime(null=True)

    class Meta:
        table = "station_system"


class StationKey(Model):
    """A further key of a system: the next word of a rotation, or the public key (PEM) of what it signs itself.

    Several may be valid at once; one ends at ``ends_at``.
    """

    id = fields.IntField(primary_key=True)
    system: fields.ForeignKeyRelation[StationSystem] = fields.ForeignKeyField(
        "models.StationSystem", related_name="further_keys", on_delete=fields.RESTRICT
    )
    system_id: int
    key_id = fields.CharField(max_length=40, unique=True)
    algorithm = fields.CharEnumField(KeyAlgorithm, max_length=8)
    material = SealedText()
    added_at = UtcDatetime()
    ends_at = UtcDatetime(null=True)

    class Meta:
        table = "station_key"


async def find_staff(username: str) -> Staff | None:
    """A member of staff by user name, the point loaded."""
    return await Staff.get_or_none(username=username).select_related("point")


async def staff_at(point_id: int | None, role: StaffRole, limit: int) -> list[Staff]:
    """Active staff of a role at a counter, at all counters where none is named, by name."""
    active = Staff.filter(role=role, disabled_at=None)
    active = active.filter(point_id=point_id) if point_id is not None else active
    return await active.select_related("point").order_by("username").limit(limit)


async def all_staff() -> list[Staff]:
    """Every member of staff, the point loaded, by name."""
    return await Staff.all().select_related("point").order_by("username")


async def add_staff(**columns: Any) -> bool:
    """Make a member of staff; False when the name is taken."""
    return await insert_once(Staff, **columns)


async def set_staff(staff_id: int, **columns: Any) -> None:
    """Write columns of a member of staff."""
    await Staff.filter(id=staff_id).update(**columns)


async def spend_step(staff_id: int, step: int) -> bool:
    """Use a one-time code's step; False when it, or a later one, was used before."""
    return await Staff.filter(id=staff_id, totp_step__lt=step).update(totp_step=step) == 1


async def count_failure(staff_id: int, limit: int, locked_until: datetime) -> bool:
    """Count a wrong password; the ``limit``-th locks the account until the given time and starts the count anew.

    True when this one locked it.
    """
    await Staff.filter(id=staff_id).update(failed_attempts=F("failed_attempts") + 1)
    full = Staff.filter(id=staff_id, failed_attempts__gte=limit)
    return await full.update(failed_attempts=0, locked_until=locked_until) == 1


async def clear_failures(staff_id: int) -> None:
    """Forget failed logins after a good one."""
    await Staff.filter(id=staff_id).update(failed_attempts=0, locked_until=None)


async def start_staff_session(**columns: Any) -> None:
    """Open a console session."""
    await StaffSession.create(**columns)


@dataclass(frozen=True)
class LiveSession:
    """A console session that was not ended, and whose it is. The names of the point are None without one.

    Whether it ran out, and whether its owner still serves, is for ``casework.sign_in_officer`` to decide.
    """

    id: int
    csrf_token: str
    created_at: datetime
    last_seen_at: datetime
    ends_at: datetime
    proved_at: datetime | None
    staff_id: int
    username: str
    display_name: str
    role: StaffRole
    division: str | None
    disabled_at: datetime | None
    totp_since: datetime | None
    password_until: datetime | None
    point_id: int | None
    point_code: str | None
    point_name: str | None
    point_division: str | None


SESSION_COLUMNS = """s.token_hash, s.id AS session_id, s.csrf_token, s.created_at AS began_at, s.last_seen_at,
s.ends_at, s.proved_at, w.id AS staff_id, w.username, w.display_name, w.role, w.division, w.disabled_at, w.totp_since,
w.password_until, p.id AS staff_point_id, p.code AS point_code, p.name AS point_name, p.division AS point_division"""
"""What ``session_of`` reads, of a session ``s``, its member of staff ``w`` and that one's point ``p``, if any."""
_LIVE = f"""SELECT {SESSION_COLUMNS} FROM staff_session s JOIN staff w ON w.id = s.staff_id
LEFT JOIN acceptance_point p ON p.id = w.point_id WHERE s.token_hash = ANY($1::varchar[]) AND s.ended_at IS NULL"""  # noqa: S608


async def live_staff_session(token_hash: str) -> LiveSession | None:
    """A session that was not ended. Those who come at once are looked up together."""
    return await _SESSIONS.do(token_hash)


async def _live_sessions(token_hashes: Sequence[str]) -> list[LiveSession | Exception | None]:
    found = {row["token_hash"]: session_of(row) for row in await rows(_LIVE, list(token_hashes))}
    return [found.get(token_hash) for token_hash in token_hashes]


def session_of(row: Row) -> LiveSession:
    """A session out of a row with ``SESSION_COLUMNS``; read at every request of the console, and so without models."""
    began_at, seen_at, ends_at = moment(row["began_at"]), moment(row["last_seen_at"]), moment(row["ends_at"])
    assert began_at is not None
    assert seen_at is not None
    assert ends_at is not None
    return LiveSession(
        row["session_id"], row["csrf_token"], began_at, seen_at, ends_at, moment(row["proved_at"]), row["staff_id"],
        row["username"], row["display_name"], StaffRole(row["role"]), row["division"], moment(row["disabled_at"]),
        moment(row["totp_since"]), moment(row["password_until"]), row["staff_point_id"], row["point_code"],
        row["point_name"], row["point_division"],
    )  # fmt: skip


_SESSIONS: Group[str, LiveSession | None] = Group(_live_sessions, reading=True)


async def touch_staff_session(session_id: int, at: datetime) -> None:
    """Note that the session was used."""
    await StaffSession.filter(id=session_id).update(last_seen_at=at)


async def prove_session(session_id: int, at: datetime) -> None:
    """Note that the password was given again; wrong tries before it are forgotten."""
    await StaffSession.filter(id=session_id).update(proved_at=at)
    session = await StaffSession.get(id=session_id).only("id", "staff_id")
    await Staff.filter(id=session.staff_id).update(failed_attempts=0)


async def end_sessions_of(staff_id: int, at: datetime) -> None:
    """End every console session of a member of staff."""
    await StaffSession.filter(staff_id=staff_id, ended_at=None).update(ended_at=at)


async def end_other_sessions(staff_id: int, session_id: int, at: datetime) -> None:
    """End every console session of a member of staff but one."""
    await StaffSession.filter(staff_id=staff_id, ended_at=None).exclude(id=session_id).update(ended_at=at)


async def end_staff_session(token_hash: str, at: datetime) -> None:
    """End a console session."""
    await StaffSession.filter(token_hash=token_hash, ended_at=None).update(ended_at=at)


async def keep_staff(username: str, **columns: Any) -> None:
    """Make a member of staff or bring the row up to date (seeding)."""
    await Staff.update_or_create(username=username, defaults=columns)


async def keep_station_system(key_id: str, **columns: Any) -> None:
    """Make a station system or bring the row up to date (seeding)."""
    await StationSystem.update_or_create(key_id=key_id, defaults=columns)


async def find_station_system(key_id: str) -> StationSystem | None:
    """A reporting system that is not disabled."""
    return await StationSystem.get_or_none(key_id=key_id, disabled_at=None)


async def any_station_system(key_id: str) -> StationSystem | None:
    """A reporting system, also one that is disabled."""
    return await StationSystem.get_or_none(key_id=key_id)


async def all_station_systems() -> list[StationSystem]:
    """Every reporting system, by id."""
    return await StationSystem.all().order_by("key_id")


async def all_station_keys() -> list[StationKey]:
    """Every further key, oldest first."""
    return await StationKey.all().order_by("id")


async def station_key_exists(key_id: str) -> bool:
    """Whether a system or a further key has this name: one name is one key."""
    return await StationSystem.filter(key_id=key_id).exists() or await StationKey.filter(key_id=key_id).exists()


async def add_station_system(**columns: Any) -> bool:
    """Make a station system; False when the id is taken."""
    return await insert_once(StationSystem, **columns)


async def add_station_key(**columns: Any) -> bool:
    """Give a system a further key; False when the name is taken."""
    return await insert_once(StationKey, **columns)


async def set_station_system(system_id: int, **columns: Any) -> None:
    """Write columns of a station system."""
    await StationSystem.filter(id=system_id).update(**columns)


async def forget_first_word(system_id: int) -> bool:
    """Drop the word of a system's first key; False when it was dropped before."""
    system = await StationSystem.select_for_update().get(id=system_id)
    if not system.secret:
        return False
    return await StationSystem.filter(id=system_id).update(secret="") == 1


async def end_station_key(system_id: int, key_id: str, at: datetime) -> bool:
    """End a further key now; False when there is none such, or it had ended."""
    live = StationKey.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=at), system_id=system_id, key_id=key_id)
    return await live.update(ends_at=at) == 1


async def keep_station_key(
    system_key_id: str,
    key_id: str,
    algorithm: KeyAlgorithm,
    material: str,
    at: datetime,
    *,
    ends_at: datetime | None = None,
) -> None:
    """Give a system a further key, or say when one ends."""
    system = await StationSystem.get(key_id=system_key_id)
    given = {"system_id": system.id, "algorithm": algorithm, "material": material, "added_at": at, "ends_at": ends_at}
    await StationKey.update_or_create(key_id=key_id, defaults=given)


async def secrets_of(key_id: str, at: datetime) -> tuple[StationSystem, str] | None:
    """The system that signs its requests with this key, and the shared word; None for none that is valid."""
    system = await find_station_system(key_id)
    if system is not None:
        return (system, system.secret) if system.secret else None
    key = await StationKey.get_or_none(key_id=key_id, algorithm=KeyAlgorithm.HMAC).select_related("system")
    if key is None or key.system.disabled_at is not None or (key.ends_at is not None and key.ends_at <= at):
        return None
    return key.system, key.material


async def public_keys_of(system_id: int, at: datetime) -> dict[str, str]:
    """The public keys (PEM) a system signs files and slips with, by key id."""
    keys = await StationKey.filter(system_id=system_id, algorithm=KeyAlgorithm.ES256)
    return {key.key_id: key.material for key in keys if key.ends_at is None or key.ends_at > at}


async def public_key_named(key_id: str, at: datetime) -> tuple[StationSystem, str] | None:
    """The system behind one of these keys, and the key; None for none that is valid."""
    key = await StationKey.get_or_none(key_id=key_id, algorithm=KeyAlgorithm.ES256).select_related("system")
    if key is None or key.system.disabled_at is not None or (key.ends_at is not None and key.ends_at <= at):
        return None
    return key.system, key.material
