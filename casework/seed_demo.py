"""Demo points, clerks and station systems in Jiangxi and Guangdong. All of them are made up; none is a real place."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from casework.deps import Deps
from casework.passwords import hash_password
from domain.division import find_division
from domain.terms import ApprovalKind, ContactDuty, KeyAlgorithm, ReportKind, ServiceItem, StaffRole
from models.approval import give_leave, standing_leave
from models.contact import add_contact, contacts_below
from models.place import AcceptancePoint, find_point, keep_point, set_booking
from models.staff import (
    find_staff,
    find_station_system,
    keep_staff,
    keep_station_key,
    keep_station_system,
    public_keys_of,
)

_ALWAYS = {
    "openings": [{"weekday": day, "start": "00:00", "end": "23:59"} for day in range(7)],
    "slot_minutes": 30,
    "capacity": 20,
    "closed_on_rest_days": False,
    "hours_text": "每天全天（演示）",
}
_OFFICE_HOURS = {
    "openings": [
        {"weekday": day, "start": start, "end": end}
        for day in range(5)
        for start, end in (("09:00", "12:00"), ("14:00", "17:00"))
    ],
    "slot_minutes": 30,
    "capacity": 4,
    "closed_on_rest_days": True,
    "hours_text": "工作日 9:00至12:00，14:00至17:00",
}

_OFFICE_BOOKING = {
    "lead_minutes": 30,
    "release_hour": 9,
    "walk_in_percent": 25,
    "minor_places": 1,
    "cut_off_minutes": 120,
}


@dataclass(frozen=True)
class _Point:
    code: str
    name: str
    division: str
    address: str
    schedule: Mapping[str, Any]
    open_from: date

    @property
    def clerk(self) -> str:
        """The user name of its one clerk: demo-nc-1 …"""
        return self.code.lower()


OPERATOR = "demo-operator"
SUPERVISOR = "demo-supervisor"
AUDITOR = "demo-auditor"
REVIEWER = "demo-reviewer"
_LEAVE = timedelta(days=92)
_JX, _GD = date(2021, 1, 1), date(2023, 3, 24)
_POINTS = (
    _Point(
        "DEMO-NC-1",
        "示范市民中心异地受理点（南昌·演示）",
        "360102",
        "江西省南昌市东湖区示范路1号",
        _ALWAYS,
        _JX,
    ),
    _Point(
        "DEMO-NC-2",
        "示范派出所异地受理点（南昌·演示）",
        "360111",
        "江西省南昌市青山湖区示范路2号",
        _OFFICE_HOURS,
        _JX,
    ),
    _Point(
        "DEMO-JJ-1",
        "示范市民中心异地受理点（九江·演示）",
        "360403",
        "江西省九江市浔阳区示范路3号",
        _ALWAYS,
        _JX,
    ),
    _Point("DEMO-GZ-1", "示范户政窗口（赣州·演示）", "360702", "江西省赣州市章贡区示范路4号", _ALWAYS, _JX),
    _Point(
        "DEMO-CAN-1",
        "示范户政窗口（广州·演示）",
        "440106",
        "广东省广州市天河区示范路5号",
        _ALWAYS,
        _GD,
    ),
    _Point("DEMO-SZ-1", "示范户政窗口（深圳·演示）", "440304", "广东省深圳市福田区示范路6号", _ALWAYS, _GD),
    _Point(
        "DEMO-MZ-1",
        "示范户政窗口（梅州·演示）",
        "441402",
        "广东省梅州市梅江区示范路7号",
        _OFFICE_HOURS,
        _GD,
    ),
)

_POSITIONS = {
    "DEMO-NC-1": (28.685, 115.893),
    "DEMO-NC-2": (28.682, 115.962),
    "DEMO-JJ-1": (29.728, 115.990),
    "DEMO-GZ-1": (25.853, 114.927),
    "DEMO-CAN-1": (23.125, 113.362),
    "DEMO-SZ-1": (22.523, 114.055),
    "DEMO-MZ-1": (24.311, 116.117),
}

_REVIEW = (ReportKind.REVIEW_STARTED, ReportKind.ISSUED, ReportKind.ISSUANCE_REFUSED)
_PRODUCTION = (ReportKind.PRODUCTION_STARTED, ReportKind.DISPATCHED, ReportKind.RECEIVED_BY_POST)
_COUNTER = (ReportKind.ACCEPTED, ReportKind.DECLINED, ReportKind.ARRIVAL_REGISTERED, ReportKind.RELEASED)
_SYSTEMS = (
    ("demo-jx-household", "江西户籍系统（演示）", "360000", "household", _REVIEW),
    ("demo-jx-centre", "江西制证中心（演示）", "360000", "acceptance", _PRODUCTION),
    ("demo-jx-counter", "江西受理点站内系统（演示）", "360000", "acceptance", _COUNTER),
    ("demo-gd-counter", "广东受理点站内系统（演示）", "440000", "acceptance", _COUNTER),
    ("demo-gd-household", "广东户籍系统（演示）", "440000", "household", _REVIEW),
    ("demo-gd-centre", "广东制证部门（演示）", "440000", "acceptance", _PRODUCTION),
)


@dataclass(frozen=True)
class _Watcher:
    """Somebody who watches an area, or is the head of a point."""

    username: str
    display_name: str
    role: StaffRole
    division: str | None = None
    point_code: str | None = None


_WATCHERS = (
    _Watcher("demo-supervisor-jx", "演示督导（江西）", StaffRole.SUPERVISOR, "360000"),
    _Watcher("demo-supervisor-nc", "演示督导（南昌）", StaffRole.SUPERVISOR, "360100"),
    _Watcher("demo-supervisor-dh", "演示督导（东湖）", StaffRole.SUPERVISOR, "360102"),
    _Watcher("demo-head-nc-1", "演示所长（南昌）", StaffRole.SUPERVISOR, point_code="DEMO-NC-1"),
    _Watcher("demo-reviewer-gz", "演示审核员（赣州）", StaffRole.REVIEWER, "360700"),
)


@dataclass(frozen=True)
class DemoLogins:
    """What the demo's clerks and systems sign in with: random, made at the first seeding."""

    clerks: Mapping[str, str]
    points: Mapping[str, str]
    systems: Mapping[str, str]
    signing_keys: Mapping[str, str] = field(default_factory=dict)


def posters() -> Mapping[str, str]:
    """The codes on the demo points' posters: what a scan tells the chat → the point's name."""
    return {f"station:{one.code}": one.name for one in _POINTS}


def positions() -> Mapping[str, tuple[float, float]]:
    """Where the demo points stand: the place's name → latitude and longitude."""
    return {find_division(one.division).full_name: _POSITIONS[one.code] for one in _POINTS}


NewKey = Callable[[], tuple[str, str]]
"""Makes a key a station signs files and slips with: the private and the public half as PEM."""


async def seed_demo(deps: Deps, known: DemoLogins | None = None, new_key: NewKey | None = None) -> DemoLogins:
    """Make the demo places or bring them up to date. ``known``: logins of an earlier seeding, kept as they are.

    Without ``new_key`` no demo system signs files.
    """
    clerks: dict[str, str] = {}
    for one in _POINTS:
        point = await keep_point(
            one.code,
            dict.fromkeys(ServiceItem, one.open_from),
            name=one.name,
            division=one.division,
            address=one.address,
            phone="000-0000000",
            schedule=dict(one.schedule),
            latitude=_POSITIONS[one.code][0],
            longitude=_POSITIONS[one.code][1],
            is_demo=True,
        )
        if one.schedule is _OFFICE_HOURS:
            await set_booking(point.id, ServiceItem.ID_CARD_FIRST_APPLICATION, **_OFFICE_BOOKING)
        clerks[one.clerk] = await _seed_clerk(one, point, known)
    clerks[SUPERVISOR] = await _seed_staff(SUPERVISOR, "演示负责人", StaffRole.SUPERVISOR, None, known, "000000")
    for watcher in _WATCHERS:
        clerks[watcher.username] = await _seed_watcher(watcher, known)
    household = await find_point("DEMO-GZ-1")
    assert household is not None
    clerks[REVIEWER] = await _seed_staff(REVIEWER, "演示审核民警", StaffRole.REVIEWER, household.id, known)
    clerks[AUDITOR] = await _seed_staff(AUDITOR, "演示审计员", StaffRole.AUDITOR, None, known)
    await _seed_leave(deps, [one.clerk for one in _POINTS])
    clerks[OPERATOR] = await _seed_staff(OPERATOR, "演示管理员", StaffRole.OPERATOR, None, known)
    return DemoLogins(
        clerks=clerks,
        points={one.clerk: one.code for one in _POINTS},
        systems={system[0]: await _seed_system(*system, known=known) for system in _SYSTEMS},
        signing_keys=await _seed_keys(deps, known, new_key) if new_key else {},
    )


async def _seed_keys(deps: Deps, known: DemoLogins | None, new_key: NewKey) -> dict[str, str]:
    """The private keys of the demo systems, by system; the public halves stand in the database."""
    keys: dict[str, str] = {}
    for key_id, *_ in _SYSTEMS:
        system = await find_station_system(key_id)
        assert system is not None
        kept = known.signing_keys.get(key_id) if known else None
        if kept and await public_keys_of(system.id, deps.clock.now()):
            keys[key_id] = kept
            continue
        keys[key_id], public = new_key()
        await keep_station_key(key_id, f"{key_id}-sign", KeyAlgorithm.ES256, public, deps.clock.now())
    return keys


async def _seed_clerk(one: _Point, point: AcceptancePoint, known: DemoLogins | None) -> str:
    return await _seed_staff(one.clerk, f"演示民警（{one.name[:6]}）", StaffRole.CLERK, point.id, known)


async def _seed_watcher(one: _Watcher, known: DemoLogins | None) -> str:
    point = await find_point(one.point_code) if one.point_code else None
    return await _seed_staff(one.username, one.display_name, one.role, point.id if point else None, known, one.division)


async def seed_people_who_watch(deps: Deps) -> None:
    """Liaisons of the demo's provinces and cities (R181–R183), and verification officers (R184): all invented.

    One city still names no liaison, and one officer was not looked at for long.
    """
    if await contacts_below(""):
        return
    for division, name in (
        ("360000", "示例联络甲"),
        ("360100", "示例联络乙"),
        ("360700", "示例联络丙"),
        ("440000", "示例联络丁"),
        ("440100", "示例联络戊"),
        ("441400", "示例联络己"),
    ):
        await add_contact(
            duty=ContactDuty.LIAISON, division=division, name=name, phone=f"000-{division}", kept_by="system",
            verified_at=deps.clock.now(),
        )  # fmt: skip
    for division, unit, name, days in (
        ("360000", "示范省级户政部门", "示例专管员甲", 8),
        ("360700", "示范市级户政部门", "示例专管员乙", 20),
        ("360702", "示范派出所", "示例专管员丙", 3),
        ("440000", "示范省级户政部门", "示例专管员丁", 200),
        ("441402", "示范派出所", "示例专管员戊", 12),
    ):
        await add_contact(
            duty=ContactDuty.TRANSFER_VERIFICATION, division=division, unit=unit, name=name, phone=f"000-{division}",
            kept_by="system", verified_at=deps.clock.now() - timedelta(days=days),
        )  # fmt: skip


async def _seed_leave(deps: Deps, clerks: list[str]) -> None:
    """The demo's supervisor lets its clerks read the data of minors (B51)."""
    now, supervisor = deps.clock.now(), await find_staff(SUPERVISOR)
    assert supervisor is not None
    standing = {leave.asked_by.username for leave in await standing_leave(None, now, len(clerks) + 1)}
    for clerk in [name for name in clerks if name not in standing]:
        staff = await find_staff(clerk)
        assert staff is not None
        await give_leave(
            kind=ApprovalKind.READ_MINOR, case_id=None, asked_by_id=staff.id, reason="演示：窗口受理未满16周岁申请人",
            asked_at=now, decided_by_id=supervisor.id, decided_at=now, until=now + _LEAVE,
        )  # fmt: skip


async def _seed_staff(
    username: str,
    display_name: str,
    role: StaffRole,
    point_id: int | None,
    known: DemoLogins | None,
    division: str | None = None,
) -> str:
    if known and username in known.clerks and await find_staff(username):
        return known.clerks[username]
    password = secrets.token_urlsafe(12)
    await keep_staff(
        username,
        display_name=display_name,
        password_hash=await hash_password(password),
        role=role,
        point_id=point_id,
        division=division,
        failed_attempts=0,
        locked_until=None,
    )
    return password


async def _seed_system(
    key_id: str, name: str, division: str, side: str, kinds: tuple[ReportKind, ...], *, known: DemoLogins | None
) -> str:
    if known and key_id in known.systems and await find_station_system(key_id):
        return known.systems[key_id]
    secret = secrets.token_urlsafe(24)
    await keep_station_system(key_id, secret=secret, name=name, division=division, side=side, kinds=list(kinds))
    return secret
