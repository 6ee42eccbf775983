"""Invented people on their way to the counter, brought there by the acts themselves."""

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count

from argon2 import PasswordHasher

from casework.book import book
from casework.callers import Citizen
from casework.declare_residence import ResidenceFacts, declare_residence
from casework.deps import Deps
from casework.find_place import free_slots
from casework.hand_off import issue_code
from casework.open_case import CaseWish, PostAddress, open_case
from casework.pre_register import PersonFacts, add_ward, declare_self, give_consent, privacy_notice
from casework.sign import SigningAct, show_letter, sign_letter
from domain.identity_number import check_character
from domain.terms import (
    ApprovalKind,
    DeliveryMode,
    GuardianRelation,
    GuardianshipCase,
    ProofKind,
    ReportKind,
    ServiceItem,
    StaffRole,
    Whose,
)
from models.account import find_or_make_account, keep_phone
from models.approval import give_leave as grant
from models.place import find_point, keep_point
from models.staff import Staff, keep_staff, keep_station_system

ITEM = ServiceItem.ID_CARD_FIRST_APPLICATION
PASSWORD = "correct horse 电池 staple"
NANCHANG, JIUJIANG, GUANGZHOU, GUANGZHOU_2, GANZHOU = "NC-DEMO", "JJ-DEMO", "GZ-DEMO", "GZ2-DEMO", "GZH-DEMO"
HOUSEHOLD_KEY, CENTRE_KEY, COUNTER_KEY = "demo-household-36", "demo-centre-36", "demo-counter-36"
SECRET = "a secret of the test"
_DIVISIONS = {NANCHANG: "360102", JIUJIANG: "360403", GUANGZHOU: "440103", GUANGZHOU_2: "440106", GANZHOU: "360702"}
_STROKES = tuple(((100, 100, 0), (400, 300, 40), (700, 500, 80), (300, 700, 120), (600, 200, 160)) for _ in range(4))


@dataclass(frozen=True)
class Walker:
    """Somebody whose case is ready for the counter."""

    citizen: Citizen
    number: str
    name: str
    identity_number: str


_SEQUENCE = count()  # of everybody invented here: two of them in one test are never one person


def identity_number(region: str, birth: date, sequence: int) -> str:
    body = f"{region}{birth:%Y%m%d}{sequence:03d}"
    return body + check_character(body)


def key() -> str:
    return secrets.token_hex(8)


@cache
def password_hash() -> str:
    """A cheap hash: what it costs is not the point here."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


async def furnish() -> None:
    """Acceptance points, their staff, and the station systems: all invented."""
    hours = [{"weekday": day, "start": "09:00", "end": "17:00"} for day in range(5)]
    schedule = {"openings": hours, "slot_minutes": 30, "capacity": 8, "closed_on_rest_days": True}
    for code, division in _DIVISIONS.items():
        await keep_point(
            code, {ITEM: date(2022, 1, 1)},
            name=f"{code} 演示受理点", division=division, address="演示路1号", phone="0791-0000000",
            schedule=schedule, is_demo=True,
        )  # fmt: skip
    await _employ("clerk-nc", StaffRole.CLERK, NANCHANG)
    await _employ("clerk-jj", StaffRole.CLERK, JIUJIANG)
    await _employ("clerk-gz", StaffRole.CLERK, GUANGZHOU)
    await _employ("clerk-gz2", StaffRole.CLERK, GUANGZHOU_2)
    await _employ("reviewer-nc", StaffRole.REVIEWER, NANCHANG)
    await _employ("reviewer-gzh", StaffRole.REVIEWER, GANZHOU)
    await _employ("supervisor-nc", StaffRole.SUPERVISOR, NANCHANG)
    await _employ("supervisor", StaffRole.SUPERVISOR, None)
    await _employ("operator", StaffRole.OPERATOR, None)
    await _employ("auditor", StaffRole.AUDITOR, None)
    for username in ("clerk-jj", "clerk-nc"):
        await give_leave(username)
    review = [ReportKind.REVIEW_STARTED, ReportKind.ISSUED, ReportKind.ISSUANCE_REFUSED]
    make = [ReportKind.PRODUCTION_STARTED, ReportKind.DISPATCHED, ReportKind.RECEIVED_BY_POST]
    await _connect(HOUSEHOLD_KEY, "household", "360000", review)
    await _connect(CENTRE_KEY, "acceptance", "360000", make)
    at_counter = [ReportKind.ACCEPTED, ReportKind.DECLINED, ReportKind.ARRIVAL_REGISTERED, ReportKind.RELEASED]
    await _connect(COUNTER_KEY, "acceptance", "360000", at_counter)
    await _connect("demo-household-44", "household", "440000", review)


async def _employ(username: str, role: StaffRole, point_code: str | None) -> None:
    point = await find_point(point_code) if point_code else None
    await keep_staff(
        username,
        display_name=f"演示人员{username}",
        password_hash=password_hash(),
        role=role,
        point_id=point.id if point else None,
    )


async def give_leave(username: str) -> None:
    """Leave of the supervisor to read the data of minors (B51)."""
    clerk, supervisor = await Staff.get(username=username), await Staff.get(username="supervisor")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    await grant(
        kind=ApprovalKind.READ_MINOR, case_id=None, asked_by_id=clerk.id, reason="测试授权", asked_at=at,
        decided_by_id=supervisor.id, decided_at=at, until=datetime(2030, 1, 1, tzinfo=UTC),
    )  # fmt: skip


async def _connect(key_id: str, side: str, division: str, kinds: list[ReportKind]) -> None:
    await keep_station_system(
        key_id, secret=SECRET, name="演示系统", side=side, division=division, kinds=[str(kind) for kind in kinds]
    )


async def citizen(deps: Deps) -> Citizen:
    account = await find_or_make_account(appid="wx-test", openid=key(), at=deps.clock.now())
    who = Citizen(account.id)
    await give_consent(deps, who, privacy_notice(deps).version)
    await keep_phone(account.id, "13800000000", deps.clock.now())
    return who


async def adult(
    deps: Deps, *, name: str = "示例青年", days_ahead: int = 0, delivery: DeliveryMode = DeliveryMode.STATION
) -> Walker:
    """Registered in Ganzhou, living and working in Nanchang: province-wide, with a letter signed on the phone."""
    who = await citizen(deps)
    number = identity_number("360702", date(2007, 3, 4), next(_SEQUENCE) % 999)
    facts = PersonFacts(name, number, "360702", "江西省赣州市章贡区演示路2号", collective_household=False)
    profile = await declare_self(deps, who, facts)
    case = await _open(deps, who, profile.persons[0].id, "360102", "江西省南昌市东湖区演示路3号", delivery=delivery)
    await _book(deps, who, case, NANCHANG, days_ahead)
    await _sign(deps, who, case)
    return Walker(who, case, name, number)


async def minor(deps: Deps) -> Walker:
    """Nine years old, registered in Nanchang, living in Jiujiang; the guardian's household is another one."""
    who = await citizen(deps)
    guardian = identity_number("360103", date(1988, 5, 6), 22)
    await declare_self(
        deps,
        who,
        PersonFacts("示例家长", guardian, "360103", "江西省南昌市西湖区演示路4号", collective_household=False),
    )
    number = identity_number("360102", date(2017, 7, 8), next(_SEQUENCE) % 999)
    child = PersonFacts("示例孩子", number, "360102", "江西省南昌市东湖区演示路5号", collective_household=False)
    ward = await add_ward(deps, who, child, GuardianRelation.MOTHER, GuardianshipCase.BIRTH_CERTIFICATE)
    case = await _open(deps, who, ward.id, "360403", "江西省九江市浔阳区演示路6号", proof_of=Whose.GUARDIAN)
    await _book(deps, who, case, JIUJIANG, 0)
    await _sign(deps, who, case)
    return Walker(who, case, "示例孩子", number)


async def crosser(deps: Deps) -> Walker:
    """Registered in Ganzhou, living in Guangzhou: the letter is signed on paper at the counter (D1)."""
    who = await citizen(deps)
    number = identity_number("360702", date(2006, 3, 4), next(_SEQUENCE) % 999)
    facts = PersonFacts("示例异乡人", number, "360702", "江西省赣州市章贡区演示路7号", collective_household=False)
    profile = await declare_self(deps, who, facts)
    case = await _open(deps, who, profile.persons[0].id, "440103", "广东省广州市荔湾区演示路8号", declared_locally=True)
    await _book(deps, who, case, GUANGZHOU, 0)
    return Walker(who, case, "示例异乡人", number)


async def code_of(deps: Deps, walker: Walker) -> str:
    """What the walker's phone shows now."""
    return (await issue_code(deps, walker.citizen, walker.number, key())).code


async def _open(
    deps: Deps,
    who: Citizen,
    person_id: int,
    division: str,
    address: str,
    *,
    proof_of: Whose = Whose.APPLICANT,
    declared_locally: bool = False,
    delivery: DeliveryMode = DeliveryMode.STATION,
) -> str:
    facts = ResidenceFacts(
        person_id, ITEM, division, address,
        proof=None if declared_locally else ProofKind.EMPLOYMENT,
        proof_of=None if declared_locally else proof_of,
        declared_locally=declared_locally,
    )  # fmt: skip
    declared = await declare_residence(deps, who, facts, key())
    post_to = PostAddress("示例收件人", "13800000000", address) if delivery is DeliveryMode.POST else None
    wish = CaseWish(
        declared.id, ITEM, delivery, post_to, never_held_card=True, active_soldier=False, information_true=True
    )
    return (await open_case(deps, who, wish, key())).number


async def _book(deps: Deps, who: Citizen, number: str, point: str, days_ahead: int) -> None:
    day = deps.today() + timedelta(days=days_ahead)
    slots = [slot for slot in await free_slots(deps, point, ITEM, day) if slot.free > 1]
    await book(deps, who, number, point, slots[-1].starts_at, key())


async def _sign(deps: Deps, who: Citizen, number: str) -> None:
    letter = await show_letter(deps, who, number)
    act = SigningAct(letter.nonce, letter.digest, True, True, _STROKES, client="test", address="127.0.0.1")
    await sign_letter(deps, who, number, act, key())
