"""An invented town: its acceptance points, officers and reporting systems, and an outside that remembers everything."""

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from hashlib import sha256
from itertools import count

from argon2 import PasswordHasher

from casework.callers import Citizen, Officer, Reporter
from casework.deps import Deps
from casework.pre_register import give_consent, privacy_notice, verify_phone
from casework.report import who_reports
from casework.sign_in import sign_in, who_is
from casework.sign_in_officer import sign_in_officer, who_serves
from domain.identity_number import check_character
from domain.local_time import SHANGHAI
from domain.notice import Delivery, DeliveryOutcome, ProviderReport
from domain.terms import ApprovalKind, ReportKind, ServiceItem, StaffRole
from models.approval import give_leave
from models.db import transaction
from models.place import find_point, keep_point
from models.staff import keep_staff, keep_station_system

ITEM = ServiceItem.ID_CARD_FIRST_APPLICATION
FRIDAY_MORNING = datetime(2026, 9, 18, 9, 30, tzinfo=SHANGHAI)
PASSWORD = "a pass phrase of the test 甲乙丙"
PHONE = "13800000001"

NANCHANG, SMALL, JIUJIANG, GANZHOU = "T-NC", "T-SMALL", "T-JJ", "T-GZ"
GUANGZHOU, SHENZHEN = "T-CAN", "T-SZ"
_DIVISIONS = {
    NANCHANG: "360102", SMALL: "360102", JIUJIANG: "360403", GANZHOU: "360702", GUANGZHOU: "440106", SHENZHEN: "440304",
}  # fmt: skip
SMALL_CAPACITY = 3
JX_POLICE, JX_CENTRE, GD_POLICE, GD_CENTRE = "jx-police", "jx-centre", "gd-police", "gd-centre"
HN_POLICE, JX_COUNTER = "hn-police", "jx-counter"
_REVIEW = (ReportKind.REVIEW_STARTED, ReportKind.ISSUED, ReportKind.ISSUANCE_REFUSED)
_PRODUCTION = (ReportKind.PRODUCTION_STARTED, ReportKind.DISPATCHED, ReportKind.RECEIVED_BY_POST)
_COUNTER = (ReportKind.ACCEPTED, ReportKind.DECLINED, ReportKind.ARRIVAL_REGISTERED, ReportKind.RELEASED)
_SYSTEMS = {
    JX_POLICE: ("360000", "household", _REVIEW), JX_CENTRE: ("360000", "acceptance", _PRODUCTION),
    GD_POLICE: ("440000", "household", _REVIEW), GD_CENTRE: ("440000", "acceptance", _PRODUCTION),
    JX_COUNTER: ("360000", "acceptance", _COUNTER),
    HN_POLICE: ("430000", "household", _REVIEW),
}  # fmt: skip
SYSTEM_SECRET = "a shared word of the test"

ACCEPTED = Delivery(DeliveryOutcome.ACCEPTED, provider_id="p-1")
BUSY = Delivery(DeliveryOutcome.RETRY_LATER, error="timeout")
NO_CONSENT = Delivery(DeliveryOutcome.NEXT_CHANNEL, error="43101")
NUMBER_UNKNOWN = Delivery(DeliveryOutcome.NEXT_CHANNEL, error="number_unknown")
OUR_FAULT = Delivery(DeliveryOutcome.BROKEN, error="47003")

_sequence = count(1)


@dataclass
class TurnedClock:
    """Time passes when a test says so."""

    at: datetime = field(default=FRIDAY_MORNING)

    def now(self) -> datetime:
        return self.at.astimezone(UTC)

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)

    def set(self, day: date, hour: int = 9, minute: int = 30) -> None:
        """A moment of a day in China."""
        self.at = datetime.combine(day, time(hour, minute), tzinfo=SHANGHAI)


class StrongRandom:
    def token(self, size: int) -> bytes:
        return secrets.token_bytes(size)


@dataclass(frozen=True)
class Login:
    openid: str


@dataclass(frozen=True)
class Message:
    """One attempt to tell somebody something."""

    to: str
    text: str
    key: str
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass
class WeChat:
    """Knows who holds a code, and keeps what it was asked to send. ``answer`` is what it says to the next messages."""

    answer: Delivery = ACCEPTED
    phones: dict[str, str] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)

    async def login(self, code: str) -> Login:
        return Login(openid=f"openid of {code}")

    async def phone_number(self, code: str) -> str:
        return self.phones.get(code, PHONE)

    async def send_subscribe_message(
        self, *, openid: str, template_id: str, page: str, data: Mapping[str, str]
    ) -> Delivery:
        self.messages.append(Message(openid, page, template_id, data))
        return self.answer


@dataclass
class Sms:
    """Keeps every message it was handed; ``arrived`` drops what it had before, as a provider does by the id."""

    answer: Delivery = ACCEPTED
    messages: list[Message] = field(default_factory=list)
    fails: bool = False

    async def send(self, *, phone: str, text: str, message_id: str) -> Delivery:
        self.messages.append(Message(phone, text, message_id))
        if self.fails:
            raise RuntimeError(f"no message could be sent to {phone}")
        return self.answer

    def read_reports(self, body: bytes, signature: str) -> tuple[ProviderReport, ...]:
        raise AssertionError("nobody brings this town a report")

    @property
    def arrived(self) -> list[Message]:
        return list({message.key: message for message in self.messages}.values())

    def about(self, words: str) -> list[Message]:
        return [message for message in self.arrived if words in message.text]


@dataclass
class Bell:
    """The queue: it keeps what it was handed."""

    rung: list[object] = field(default_factory=list)

    async def wake(self, job: str) -> None:
        self.rung.append(job)


@dataclass
class Town:
    """Everything the acts are given, with a hand on the outside."""

    deps: Deps
    clock: TurnedClock
    wechat: WeChat
    sms: Sms
    bell: Bell

    async def newcomer(self, phone: str = PHONE) -> Citizen:
        """Somebody with a WeChat account who agreed to the notice and showed a phone number."""
        who = await self.stranger()
        await give_consent(self.deps, who, privacy_notice(self.deps).version)
        self.wechat.phones["phone"] = phone
        await verify_phone(self.deps, who, "phone")
        return who

    async def stranger(self) -> Citizen:
        """Somebody who only signed in."""
        session = await sign_in(self.deps, secrets.token_hex(6))
        return await who_is(self.deps, session.token)

    async def officer(self, username: str) -> Officer:
        session = await sign_in_officer(self.deps, username, PASSWORD)
        return await who_serves(self.deps, session.token)

    async def clerk(self, point: str = NANCHANG) -> Officer:
        return await self.officer(f"clerk-{point.lower()}")

    async def give_leave(self, clerk: Officer) -> None:
        """Let a clerk read the data of minors, by a second person's word (B51)."""
        now, other = self.deps.clock.now(), await self.clerk(GANZHOU if clerk.point_code != GANZHOU else NANCHANG)
        await give_leave(
            kind=ApprovalKind.READ_MINOR, case_id=None, asked_by_id=clerk.staff_id, reason="-", asked_at=now,
            decided_by_id=other.staff_id, decided_at=now, until=now + timedelta(days=30),
        )  # fmt: skip

    async def reporter(self, key_id: str = JX_POLICE) -> Reporter:
        """A station system that has just signed a request."""
        body = json.dumps({"from": key_id}).encode()
        stamp = str(int(self.clock.now().timestamp()))
        return await who_reports(
            self.deps, key_id=key_id, timestamp=stamp, signature=signature(stamp, body), body=body, request_id="r"
        )

    def knowing(self, year: int, *rest_days: date) -> "Town":
        """The same town once the State Council's notice for a year is there."""
        calendar = self.deps.calendar
        told = replace(
            calendar,
            known_years=calendar.known_years | {year},
            noticed={**calendar.noticed, **dict.fromkeys(rest_days, False)},
        )
        return replace(self, deps=replace(self.deps, rulebook=replace(self.deps.rulebook, calendar=told)))


def signature(timestamp: str, body: bytes, secret: str = SYSTEM_SECRET) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()


def key() -> str:
    """A key no request used before."""
    return secrets.token_hex(8)


def identity_number(region: str, birth: date, *, male: bool = True) -> str:
    """A number nobody has: right in form, its sequence counted through."""
    body = f"{region}{birth:%Y%m%d}{next(_sequence) % 99:02d}{1 if male else 2}"
    return body + check_character(body)


@cache
def password_hash() -> str:
    """Of ``PASSWORD``; cheap, since what it costs is not the point here."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


async def furnish() -> None:
    """Points, officers and systems as an operator would set them up; none of them is real."""
    async with transaction():
        for code, division in _DIVISIONS.items():
            await keep_point(
                code, dict.fromkeys(ServiceItem, date(2023, 3, 24)),
                name=f"演示受理点{code}", division=division, address="演示路1号", phone="000-0000000",
                schedule=_schedule(SMALL_CAPACITY if code == SMALL else 30), is_demo=True,
            )  # fmt: skip
            await employ(f"clerk-{code.lower()}", StaffRole.CLERK, code)
        await employ("reviewer", StaffRole.REVIEWER, NANCHANG)
        await employ("auditor", StaffRole.AUDITOR, None)
        for key_id, (division, side, kinds) in _SYSTEMS.items():
            await keep_station_system(
                key_id, secret=SYSTEM_SECRET, name=f"演示系统{key_id}", division=division, side=side, kinds=list(kinds)
            )


async def employ(username: str, role: StaffRole, point_code: str | None) -> None:
    point = await find_point(point_code) if point_code else None
    point_id = point.id if point else None
    await keep_staff(username, display_name="演示人员", password_hash=password_hash(), role=role, point_id=point_id)


def _schedule(capacity: int) -> dict[str, object]:
    openings = [{"weekday": day, "start": "09:00", "end": "17:00"} for day in range(5)]
    return {
        "openings": openings, "slot_minutes": 60, "capacity": capacity, "closed_on_rest_days": True,
        "hours_text": "工作日 9:00至17:00",
    }  # fmt: skip
