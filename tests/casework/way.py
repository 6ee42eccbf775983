"""The way of one application, walked by the acts alone: no row is written here."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any

from casework.accept import Acceptance, accept, confirm_letter
from casework.book import book
from casework.callers import Citizen
from casework.counter_views import CounterCase, ReportReceipt
from casework.declare_residence import ResidenceFacts, declare_residence
from casework.deps import Deps
from casework.hand_off import issue_code, redeem_code
from casework.open_case import CaseWish, PostAddress, open_case
from casework.pre_register import PersonFacts, add_ward, declare_self
from casework.register_arrival import register_arrival
from casework.release_card import ReleaseAct, release_card
from casework.report import report
from casework.reported import Report, ReportFacts
from casework.serve import counter_case, read_case
from casework.sign import SigningAct, show_letter, sign_letter
from casework.state_presence import state_presence
from casework.views import CaseView
from domain.local_time import SHANGHAI
from domain.terms import (
    CollectorKind,
    DeliveryMode,
    GuardianRelation,
    GuardianshipCase,
    Kinship,
    Present,
    ProofKind,
    ReportKind,
    ServiceItem,
    SignatureMethod,
    Whose,
)
from models.case import Case
from tests.casework.town import (
    GD_CENTRE,
    GD_POLICE,
    GUANGZHOU,
    HN_POLICE,
    ITEM,
    JIUJIANG,
    JX_CENTRE,
    JX_POLICE,
    NANCHANG,
    SHENZHEN,
    Town,
    identity_number,
    key,
)

STROKES = tuple(tuple((100 + 60 * n, 200 + 40 * n, 15 * n) for n in range(12)) for _ in range(2))
CHECKED = ("data", "fingerprint")
CHECKS = {  # R120, R121
    CollectorKind.SELF: ("slip", "data", "fingerprint", "signature"),
    CollectorKind.PROXY: ("proxy_id_card", "slip", "signature"),
}
RELATIVE = "示例亲属"


@dataclass(frozen=True)
class Kind:
    """A kind of application: who applies where."""

    household: str
    household_address: str
    residence: str
    residence_address: str
    point: str
    police: str
    centre: str
    birth: date = date(2007, 3, 5)
    letter: SignatureMethod | None = SignatureMethod.PHONE
    proof: ProofKind | None = ProofKind.EMPLOYMENT
    declared_locally: bool = False
    delivery: DeliveryMode = DeliveryMode.STATION
    guardian_birth: date | None = None


ADULT = Kind(
    "360702", "江西省赣州市章贡区测试路1号101室", "360102", "江西省南昌市东湖区测试路2号202室",
    NANCHANG, JX_POLICE, JX_CENTRE,
)  # fmt: skip
MINOR = Kind(
    "360102", "江西省南昌市东湖区测试路3号303室", "360403", "江西省九江市浔阳区测试路4号404室",
    JIUJIANG, JX_POLICE, JX_CENTRE, birth=date(2017, 6, 12), guardian_birth=date(1988, 6, 12),
)  # fmt: skip
GUANGDONG = Kind(
    "441402", "广东省梅州市梅江区测试路5号505室", "440304", "广东省深圳市福田区测试路6号606室",
    SHENZHEN, GD_POLICE, GD_CENTRE, letter=None, proof=None, declared_locally=True, delivery=DeliveryMode.POST,
)  # fmt: skip
ACROSS = Kind(
    "360702", "江西省赣州市章贡区测试路7号707室", "440106", "广东省广州市天河区测试路8号808室",
    GUANGZHOU, JX_POLICE, GD_CENTRE, letter=SignatureMethod.PAPER, proof=None, declared_locally=True,
)  # fmt: skip
FROM_GUANGDONG = Kind(
    "441402", "广东省梅州市梅江区测试路5号505室", "360102", "江西省南昌市东湖区测试路2号202室",
    NANCHANG, GD_POLICE, JX_CENTRE, letter=SignatureMethod.PAPER,
)  # fmt: skip
FROM_HUNAN = Kind(
    "430102", "湖南省长沙市芙蓉区测试路9号909室", "360102", "江西省南昌市东湖区测试路2号202室",
    NANCHANG, HN_POLICE, JX_CENTRE, letter=SignatureMethod.PAPER,
)  # fmt: skip

_acceptances = iter(range(1, 10**6))


@dataclass
class Way:
    """One case on its way. Every method is one step through one act."""

    town: Town
    kind: Kind
    citizen: Citizen
    person_id: int
    identity_number: str
    number: str = ""
    acceptance_number: str = field(default_factory=lambda: f"3601{next(_acceptances):018d}")
    slip_number: str = "HZ-2026-0001"

    @property
    def deps(self) -> Deps:
        return self.town.deps

    @property
    def minor(self) -> bool:
        return self.kind.guardian_birth is not None

    def residence(self, **other: Any) -> ResidenceFacts:
        facts = ResidenceFacts(
            person_id=self.person_id,
            item=ITEM,
            division=self.kind.residence,
            address=self.kind.residence_address,
            proof=self.kind.proof,
            proof_of=(Whose.GUARDIAN if self.minor else Whose.APPLICANT) if self.kind.proof else None,
            declared_locally=self.kind.declared_locally,
        )
        return replace(facts, **other)

    async def declare(self, **other: Any) -> int:
        return (await declare_residence(self.deps, self.citizen, self.residence(**other), key())).id

    async def wish(self, declaration_id: int | None = None, **other: Any) -> CaseWish:
        posted = PostAddress("示例收件人", "13800000002", self.kind.residence_address)
        wish = CaseWish(
            declaration_id=declaration_id or await self.declare(),
            item=ServiceItem.ID_CARD_FIRST_APPLICATION,
            delivery=self.kind.delivery,
            post_to=posted if self.kind.delivery is DeliveryMode.POST else None,
            never_held_card=True,
            active_soldier=False,
            information_true=True,
        )
        return replace(wish, **other)

    async def open(self) -> CaseView:
        opened = await open_case(self.deps, self.citizen, await self.wish(), key())
        self.number = opened.number
        return opened

    async def book(self, at: datetime | None = None, point: str | None = None) -> CaseView:
        """Book a place; without a time, one this afternoon."""
        at = at or at_hour(self.deps.today(), 15)
        return await book(self.deps, self.citizen, self.number, point or self.kind.point, at, key())

    async def signing(self, **other: Any) -> SigningAct:
        """Open the letter and make a signature for it."""
        letter = await show_letter(self.deps, self.citizen, self.number)
        act = SigningAct(letter.nonce, letter.digest, True, True, STROKES, client="phone", address="127.0.0.1")
        return replace(act, **other)

    async def sign(self) -> None:
        if self.kind.letter is SignatureMethod.PHONE:
            await sign_letter(self.deps, self.citizen, self.number, await self.signing(), key())

    async def code(self) -> str:
        return (await issue_code(self.deps, self.citizen, self.number, key())).code

    async def scan(self) -> CounterCase:
        await redeem_code(self.deps, await self.town.clerk(self.kind.point), await self.code())
        return await self.at_counter()

    async def at_counter(self) -> CounterCase:
        """The whole case as the counter works on it."""
        return await counter_case(self.deps, await Case.get(number=self.number))

    async def present(self) -> CounterCase:
        """The clerk's word on who stands there; for a minor with leave of a second person."""
        clerk = await self.town.clerk(self.kind.point)
        if self.minor:
            await self.town.give_leave(clerk)
        who = Present.MINOR_AND_GUARDIAN if self.minor else Present.APPLICANT
        return await state_presence(self.deps, clerk, self.number, who)

    async def check_in(self) -> CounterCase:
        scanned = await self.scan()
        await self.present()
        return scanned

    async def confirm(self) -> None:
        if self.kind.letter is not None:
            await confirm_letter(self.deps, await self.town.clerk(self.kind.point), self.number, self.kind.letter)

    async def acceptance(self, **other: Any) -> Acceptance:
        """What a careful clerk states."""
        case = await read_case(self.deps, await self.town.clerk(self.kind.point), self.number)
        stated = Acceptance(
            acceptance_number=self.acceptance_number,
            slip_number=self.slip_number,
            materials_seen=tuple(line.code for line in case.materials),
            checks=tuple(line.code for line in case.checks),
        )
        return replace(stated, **other)

    async def accept(self) -> CounterCase:
        clerk = await self.town.clerk(self.kind.point)
        return await accept(self.deps, clerk, self.number, await self.acceptance())

    async def reported(self, kind: ReportKind, *, at: datetime | None = None, **facts: Any) -> ReportReceipt:
        """The system whose business it is reports."""
        review = kind in {ReportKind.REVIEW_STARTED, ReportKind.ISSUED, ReportKind.ISSUANCE_REFUSED}
        reporter = await self.town.reporter(self.kind.police if review else self.kind.centre)
        return await report(self.deps, reporter, self.saying(kind, at=at, **facts))

    def saying(
        self, kind: ReportKind, *, at: datetime | None = None, report_id: str | None = None, **facts: Any
    ) -> Report:
        return Report(
            report_id=report_id or key(),
            kind=kind,
            acceptance_number=self.acceptance_number,
            at=at or self.town.clock.now(),
            unit="演示单位",
            facts=ReportFacts(**facts),
        )

    async def arrive(self) -> CounterCase:
        return await register_arrival(self.deps, await self.town.clerk(self.kind.point), self.number)

    def releasing(self, collector: CollectorKind = CollectorKind.SELF, **other: Any) -> ReleaseAct:
        act = ReleaseAct(collector, dict.fromkeys(CHECKS[collector], True), self.slip_number)
        if collector is CollectorKind.PROXY:
            own = identity_number("360702", date(1966, 1, 2))
            act = replace(act, kinship=Kinship.PARENT, collector_name=RELATIVE, collector_identity_number=own)
        return replace(act, **other)

    async def release(self, collector: CollectorKind = CollectorKind.SELF, **other: Any) -> CounterCase:
        clerk = await self.town.clerk(self.kind.point)
        return await release_card(self.deps, clerk, self.number, self.releasing(collector, **other))

    async def until(self, stop: str) -> "Way":
        """Walk on, from the start, until a stop of ``STOPS``."""
        for name in STOPS[: STOPS.index(stop) + 1]:
            await self._step(name)
        return self

    async def _step(self, name: str) -> None:
        reports = {
            "under_review": ReportKind.REVIEW_STARTED,
            "issued": ReportKind.ISSUED,
            "in_production": ReportKind.PRODUCTION_STARTED,
            "dispatched": ReportKind.DISPATCHED,
        }
        if name in reports:
            await self.reported(reports[name])
        else:
            await {
                "open": self.open, "booked": self.book, "signed": self.sign, "checked_in": self.check_in,
                "confirmed": self.confirm, "accepted": self.accept, "arrived": self.arrive, "released": self.release,
            }[name]()  # fmt: skip


STOPS = (
    "open", "booked", "signed", "checked_in", "confirmed", "accepted", "under_review", "issued", "in_production",
    "dispatched", "arrived", "released",
)  # fmt: skip


def at_hour(day: date, hour: int) -> datetime:
    """A full hour of a day in China."""
    return datetime.combine(day, time(hour), tzinfo=SHANGHAI)


def person(kind: Kind, **other: Any) -> PersonFacts:
    """An invented person of a kind."""
    facts = PersonFacts(
        name="示例甲",
        identity_number=identity_number(kind.household, kind.birth),
        household_division=kind.household,
        household_address=kind.household_address,
        collective_household=False,
    )
    return replace(facts, **other)


async def set_out(
    town: Town, kind: Kind = ADULT, *, citizen: Citizen | None = None, facts: PersonFacts | None = None
) -> Way:
    """Somebody who signed in, agreed, and declared who applies; nothing else yet."""
    facts = facts or person(kind)
    citizen = citizen or await town.newcomer()
    if kind.guardian_birth is None:
        profile = await declare_self(town.deps, citizen, facts)
        return Way(town, kind, citizen, profile.persons[0].id, facts.identity_number)
    guardian = PersonFacts(
        "示例家长", identity_number("360103", kind.guardian_birth), "360103", "江西省南昌市西湖区测试路5号505室", False
    )
    await declare_self(town.deps, citizen, guardian)
    ward = await add_ward(town.deps, citizen, facts, GuardianRelation.MOTHER, GuardianshipCase.BIRTH_CERTIFICATE)
    return Way(town, kind, citizen, ward.id, facts.identity_number)


async def gone(town: Town, stop: str, kind: Kind = ADULT) -> Way:
    """Somebody of a kind, at a stop of the way."""
    return await (await set_out(town, kind)).until(stop)
