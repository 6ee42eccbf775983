"""The training tenant's other days: temporary cards, certificates, signed letters, complaints, consultations (R215).

Unlike the many first cards (``casework.seed_training``) these few are made by the acts themselves, each at its own hour
of the past; where an act says no, that story ends there. What they owe is marked as told: nobody is written to.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

from casework.accept import Acceptance, accept, confirm_letter
from casework.ask_household import Sending, record_answer, record_receipt, record_unverifiable, send_materials
from casework.book import book
from casework.callers import Citizen, Officer
from casework.certify_household import (
    SystemFacts,
    certify_household,
    certify_on_the_spot,
    file_certificate,
)
from casework.complain import ComplaintWish, answer_complaint, open_complaint, take_complaint
from casework.consult import write_to_thread
from casework.declare_residence import ResidenceFacts, declare_residence
from casework.deps import Deps
from casework.find_place import free_slots
from casework.hand_off import issue_code, redeem_code
from casework.hand_over import hand_over
from casework.make_temporary_card import register_made
from casework.open_case import CaseWish, CertificateWish, open_case
from casework.request_temporary_card import request_temporary_card
from casework.secret import fresh_token
from casework.serve import read_case
from casework.sign import SigningAct, show_letter, sign_letter
from casework.state_presence import state_presence
from domain.division import find_division
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import (
    AnnouncementKind,
    CaseState,
    CertificateMatter,
    ComplaintKind,
    DeliveryMode,
    Present,
    ProofKind,
    ServiceItem,
    ServiceScope,
    SignatureMethod,
    TransmissionChannel,
    Whose,
)
from domain.training import Life
from models.announcement import write_announcement
from models.training import clerk_at, settle_notices

_CERTIFICATE, _TEMPORARY = ServiceItem.HOUSEHOLD_CERTIFICATE, ServiceItem.TEMPORARY_ID_CARD
_HOUR, _DAY, _WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
_ONE_IN = 40  # of so many people one has a story of each kind
_LONG_AGO = 13  # days; a certificate asked for then is overdue by now
_UNIT = "示范派出所（演示）"
_WORDS = ("该人户籍登记在示范路1号，系家庭户成员。\n与户主关系：子女。", "该人于2019年由示范路2号迁入现户籍登记地址。")
_CERTIFICATES = (  # how far each goes
    "overdue", "handed", "ready", "filed", "checking", "spot", "unverifiable", "sent", "answered", "accepted", "booked",
)  # fmt: skip
_MATTERS = (CertificateMatter.KINSHIP, CertificateMatter.HOUSEHOLD_MOVES, CertificateMatter.ADDRESS_CHANGES)
_COMPLAINTS = (
    (
        ComplaintKind.COMPLAINT,
        "窗口排队时间太长，预约的时间过了一个小时才轮到。",
        "已增开窗口，按预约时间叫号，感谢提醒。",
    ),
    (ComplaintKind.SUGGESTION, "希望周末也能领取证件，平时要上班。", "周六上午可以领取，领取时间已在小程序更新。"),
    (ComplaintKind.COMPLAINT, "电话一直打不通，想问证件到了没有。", "已核实并加派接听人员，证件到达后会短信通知。"),
    (ComplaintKind.SUGGESTION, "材料清单能不能提前发到手机上？", "可以，在小程序“办理指南”里能看到要带的材料。"),
)
_NEEDS = ("下周参加考试，需要身份证件", "已买好车票，出行要用证件", "入职体检需要身份证件")
_STROKES = tuple(tuple((120 + 45 * n, 260 + 35 * ((n * side) % 5), 18 * n) for n in range(14)) for side in (2, 3, 4))


@dataclass(frozen=True)
class Known:
    """Somebody of the training tenant: the life, and the rows it has."""

    life: Life
    number: str
    account_id: int
    person_id: int

    @property
    def citizen(self) -> Citizen:
        """As the doors know them."""
        return Citizen(self.account_id)

    @property
    def told_at(self) -> datetime:
        """When something happened last."""
        return self.life.turns[-1].at


@dataclass(frozen=True)
class _Then:
    """A clock that stands still in the past."""

    at: datetime

    def now(self) -> datetime:
        return self.at


async def seed_services(deps: Deps, people: Sequence[Known]) -> None:
    """Some stories of each kind, so that every screen has something to show."""
    many = len(people) // _ONE_IN + 1
    now = deps.clock.now()
    old = [one for one in people if one.life.turns[0].at < now - _WEEK]
    strangers = [one for one in old if one.life.scope is ServiceScope.CROSS_PROVINCE and one.life.guardian is None]
    ways = cycle(_CERTIFICATES)
    await _each(strangers[: 2 * many], lambda one: _certificate(deps, one, next(ways)))
    await _each([one for one in people if _may_ask(one)][: 2 * many], _cards(deps))
    to_sign = [one for one in people if one.life.state is CaseState.OPEN and one.life.counter.division[:2] == "36"]
    await _each(to_sign[:many], lambda one: _letter(deps, one))
    order: Iterator[int] = iter(range(len(people)))
    await _each(old[-2 * many :], lambda one: _complaint(deps, one, next(order)))
    reviewed = [one for one in people if one.life.state is CaseState.UNDER_REVIEW]
    await _each(reviewed[:many], lambda one: _consultation(deps, one))
    await _announce(deps)
    await settle_notices(now)


async def _each(people: Sequence[Known], story: Callable[[Known], Awaitable[None]]) -> None:
    for one in people:
        try:
            await story(one)
        except Refusal:
            continue  # the rules of that day said no; what was done until then stands


async def _certificate(deps: Deps, one: Known, way: str) -> None:
    """A certificate, as far as ``way`` says."""
    days = {"overdue": _LONG_AGO - 1, "booked": 0, "accepted": 1, "sent": 1, "checking": 2}.get(way, 6)
    spot = way in {"spot", "filed"}
    asked = deps.clock.now() - days * _DAY - 3 * _HOUR
    number = await _opened(_at(deps, asked), one, spot=spot)
    visit = await _booked(deps, one, number, _CERTIFICATE, asked, ahead=way == "booked")
    if way == "booked":
        return
    clerk = await _arrived(deps, one, number, visit)
    then = _at(deps, visit + _HOUR / 4)
    await _accepted(then, clerk, number)
    if spot:
        await _on_the_spot(then, clerk, one, number, way)
    elif way != "accepted":
        await _by_officer(deps, clerk, number, visit, way)


async def _on_the_spot(then: Deps, clerk: Officer, one: Known, number: str, way: str) -> None:
    address = f"{find_division(one.life.household).full_name}示范路1号"
    facts = SystemFacts(one.life.name, one.life.identity_number, address)
    await certify_on_the_spot(then, clerk, number, facts)
    if way == "filed":
        await _handed(then, clerk, number)
        await file_certificate(then, clerk, number, Sending(TransmissionChannel.PLATFORM, _UNIT))


async def _by_officer(deps: Deps, clerk: Officer, number: str, visit: datetime, way: str) -> None:
    fax = Sending(TransmissionChannel.FAX, _UNIT, "示例专管员")
    await send_materials(_at(deps, visit + _HOUR / 2), clerk, number, fax)
    if way == "sent":
        return
    await record_receipt(_at(deps, visit + _HOUR), clerk, number)
    then = _at(deps, visit + 2 * _DAY)
    if way == "unverifiable":
        await record_unverifiable(then, clerk, number, "档案中查不到对应记录（演示）")
    elif way not in {"checking", "overdue"}:
        await record_answer(then, clerk, number, _UNIT, _WORDS[int(number[-1]) % len(_WORDS)], "示例专管员")
        if way != "answered":
            await certify_household(then, clerk, number)
        if way == "handed":
            await _handed(then, clerk, number)


async def _opened(deps: Deps, one: Known, *, spot: bool) -> str:
    home = ResidenceFacts(
        one.person_id, _CERTIFICATE, one.life.counter.division, f"{_place(one)}示范路1号", ProofKind.EMPLOYMENT,
        Whose.APPLICANT, declared_locally=False,
    )  # fmt: skip
    declared = await declare_residence(deps, one.citizen, home, fresh_token(deps))
    matters = (CertificateMatter.NAME, CertificateMatter.REGISTERED_ADDRESS) if spot else (_MATTERS[one.person_id % 3],)
    wish = CaseWish(
        declared.id, _CERTIFICATE, DeliveryMode.STATION, None, never_held_card=True, active_soldier=False,
        information_true=True, booklet_obtainable=False, applied_online=False, certificate=CertificateWish(matters),
    )  # fmt: skip
    return (await open_case(deps, one.citizen, wish, fresh_token(deps))).number


def _cards(deps: Deps) -> Callable[[Known], Awaitable[None]]:
    ways = cycle(("asked", "booked", "accepted", "made", "handed"))
    return lambda one: _temporary_card(deps, one, next(ways))


async def _temporary_card(deps: Deps, one: Known, way: str) -> None:
    """A temporary card beside a first card under way, as far as ``way`` says and the first card allows."""
    asked, need = one.told_at + _HOUR / 2, _NEEDS[one.person_id % len(_NEEDS)]
    card = await request_temporary_card(_at(deps, asked), one.citizen, one.number, need, fresh_token(deps))
    if way == "asked":
        return
    visit = await _booked(deps, one, card.number, _TEMPORARY, asked, ahead=way == "booked")
    if way == "booked":
        return
    clerk = await _arrived(deps, one, card.number, visit)
    then = _at(deps, visit + _HOUR / 4)
    if card.letter.standing != "not_required":
        await confirm_letter(then, clerk, card.number, SignatureMethod.PAPER)
    await _accepted(then, clerk, card.number)
    if way == "accepted":
        return
    then = _at(deps, min(visit + 20 * _HOUR, deps.clock.now()))
    await register_made(then, clerk, card.number)
    if way == "handed":
        await _handed(then, clerk, card.number)


async def _letter(deps: Deps, one: Known) -> None:
    """The commitment letter of a case that is still open, signed on the phone."""
    then = _at(deps, one.told_at + timedelta(minutes=4))
    shown = await show_letter(then, one.citizen, one.number)
    act = SigningAct(
        nonce=shown.nonce, digest=shown.digest, read_to_end=True, information_true=True, strokes=_STROKES,
        client="演示手机", address="",
    )  # fmt: skip
    await sign_letter(then, one.citizen, one.number, act, fresh_token(deps))


async def _complaint(deps: Deps, one: Known, order: int) -> None:
    """A complaint or a suggestion about the own case: waiting, taken in hand, answered, or waiting too long."""
    kind, text, words = _COMPLAINTS[order % len(_COMPLAINTS)]
    opened = deps.clock.now() - (9 if order % 5 == 0 else 1 + order % 4) * _DAY
    wish = ComplaintWish(kind, text, one.number)
    number = (await open_complaint(_at(deps, opened), one.citizen, wish, fresh_token(deps))).number
    if order % 5 == 0 or order % 3 == 0:
        return
    clerk, then = await _clerk(one), _at(deps, opened + 5 * _HOUR)
    await take_complaint(then, clerk, number)
    if order % 4:
        await answer_complaint(then, clerk, number, words)


async def _consultation(deps: Deps, one: Known) -> None:
    """The place of acceptance asks the household place."""
    words = "申请人反映照片是三年前的，请核对人口信息中的照片后再审核。（演示）"
    await write_to_thread(_at(deps, one.told_at + _HOUR), await _clerk(one), one.number, words)


async def _announce(deps: Deps) -> None:
    """Something to read today, and something that may be read tomorrow."""
    now = deps.clock.now()
    for title, text, publish_at in (
        ("节假日办理安排（演示）", "节假日期间市民中心照常受理，派出所窗口休息。已约好的预约不变。", now),
        ("新增异地受理点（演示）", "下月起新增一处受理点，开放预约的时间另行公告。", now + _DAY),
    ):
        await write_announcement(
            kind=AnnouncementKind.NEWS, title=title, text=text, division="360100", publish_at=publish_at,
            made_by="system", made_at=now,
        )  # fmt: skip


async def _booked(
    deps: Deps, one: Known, number: str, item: ServiceItem, asked: datetime, *, ahead: bool = False
) -> datetime:
    """A place at the own counter: the first one ahead of now, or of the hour it was asked for."""
    then = _at(deps, deps.clock.now() if ahead else asked)
    for days in range(4):
        day = day_of(then.clock.now() + days * _DAY)
        for slot in await free_slots(then, one.life.counter.code, item, day):
            if slot.starts_at > then.clock.now() and (ahead or slot.starts_at + 2 * _HOUR < deps.clock.now()):
                await book(then, one.citizen, number, one.life.counter.code, slot.starts_at, fresh_token(deps))
                return slot.starts_at
    raise Refusal("slot_full", station=one.life.counter.name, places=1, alternatives=())


async def _arrived(deps: Deps, one: Known, number: str, visit: datetime) -> Officer:
    """The person came; the clerk who redeemed the code."""
    then, clerk = _at(deps, visit), await _clerk(one)
    code = await issue_code(then, one.citizen, number, fresh_token(deps))
    await redeem_code(then, clerk, code.code)
    await state_presence(then, clerk, number, Present.APPLICANT)
    return clerk


async def _accepted(deps: Deps, clerk: Officer, number: str) -> None:
    case = await read_case(deps, clerk, number)
    seen, checks = (tuple(line.code for line in lines) for lines in (case.materials, case.checks))
    await accept(deps, clerk, number, Acceptance("", "", seen, checks))


async def _handed(deps: Deps, clerk: Officer, number: str) -> None:
    page = await state_presence(deps, clerk, number, Present.APPLICANT)
    await hand_over(deps, clerk, number, {line.code: True for line in page.handover_checks})


async def _clerk(one: Known) -> Officer:
    """The clerk of the own counter."""
    staff, counter = await clerk_at(one.life.counter.id), one.life.counter
    if staff is None:
        raise Refusal("staff_not_found")
    return Officer(
        staff.id, staff.username, staff.display_name, staff.role, counter.id, counter.code, counter.name,
        counter.division, "",
    )  # fmt: skip


def _may_ask(one: Known) -> bool:
    """A first card of somebody grown up under way in Guangdong, where the temporary one is offered."""
    under_way = {CaseState.ACCEPTED, CaseState.UNDER_REVIEW, CaseState.ISSUED, CaseState.IN_PRODUCTION}
    return one.life.state in under_way and one.life.guardian is None and one.life.counter.division[:2] == "44"


def _place(one: Known) -> str:
    return find_division(one.life.counter.division).full_name


def _at(deps: Deps, moment: datetime) -> Deps:
    """The same service at an hour of the past. Raises ``slot_past`` for one that has not come yet."""
    if moment > deps.clock.now():
        raise Refusal("slot_past")
    clock: Any = _Then(moment)
    return replace(deps, clock=clock)
