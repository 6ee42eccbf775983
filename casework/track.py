"""A case as its owner sees it: where it stands, what comes next, what was told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from casework.callers import Citizen
from casework.deps import Deps
from casework.facts import CaseFacts, facts_of, level_of, signed_by
from casework.of_age import account_of, cases_now_of
from casework.service_views import CertificateView, LinkedCase
from casework.views import (
    BookingView,
    CaseLine,
    CaseView,
    ClockView,
    EventView,
    HoldView,
    LetterStanding,
    NoticeView,
    PointView,
    WaitingView,
)
from domain.applicant import mask_name
from domain.case_number import check_case_number
from domain.clock import CLOCKS
from domain.division import find_division
from domain.refusal import Refusal
from domain.terms import CaseEventKind, CaseState, CertificateMatter, DeliveryMode, NoticeKind, ServiceItem, Whose
from models.card import card_of
from models.case import (
    Case,
    CaseEvent,
    events_of,
    find_case,
    find_case_by_id,
    lock_case,
    newest_dependant,
)
from models.certificate import certificate_of
from models.deadline import clocks_of
from models.hold import unended_hold
from models.notice import notices_of
from models.place import AcceptancePoint
from models.slot import Booking, live_booking
from models.waiting import live_waiting
from templates.labels import label
from templates.notices import render_notice

_BEFORE_COUNTER = {
    "booking": "请预约受理点和时间。",
    "letter_signature": "请阅读并签署告知承诺书。",
}
_SIGN_AGAIN = "签署以后申请信息有更正，请重新阅读并签署告知承诺书。"
_NEXT = {
    CaseState.OPEN: "请按预约时间到受理点，出示二维码并交验材料原件。",
    CaseState.ACCEPTED: "受理点正在把材料流转给户籍地公安机关，请保持电话畅通。",
    CaseState.UNDER_REVIEW: "户籍地公安机关可能与您联系核实，请保持电话畅通。",
    CaseState.ISSUED: "已签发，等待制作证件，您不用做什么。",
    CaseState.ISSUANCE_REFUSED: "请回常住户口所在地公安机关办理首次申领手续。",
    CaseState.IN_PRODUCTION: "证件正在制作，您不用做什么。",
    CaseState.DISPATCHED: "证件已在路上，到达后会通知您。",
    CaseState.ARRIVED: "请带领证回执到受理点领取证件。",
    CaseState.RELEASED: "请申请人本人在期限内到受理地或户籍地公安机关核验证件信息、比对指纹。",
    CaseState.CLOSED: "已办结。",
    CaseState.DECLINED: "如对结果有疑问，可以向受理点咨询或投诉。",
    CaseState.WITHDRAWN: "申请已撤回。需要时可以重新申请。",
    CaseState.LAPSED: "申请已过期。需要时可以重新申请。",
    CaseState.TRANSMITTED: "材料已送往户籍地派出所，查证后会通知您。",
    CaseState.CONFIRMED: "户籍地派出所已反馈，受理点正在开具证明。",
    CaseState.READY: "请带本人有效身份证件到受理点领取证明。",
    CaseState.UNVERIFIABLE: "请带有效身份证件到户籍地派出所申请办理。",
    CaseState.VOID: "临时居民身份证不再办理，没有产生费用。",
}
_AMONG_OFFICERS = {"note", "differences", "point", "who", "by", "reason_at_counter"}
_NEXT_OF = {
    (ServiceItem.TEMPORARY_ID_CARD, CaseState.ACCEPTED): "户籍地公安机关签发居民身份证后开始制作，制好会通知您。",
    (ServiceItem.TEMPORARY_ID_CARD, CaseState.IN_PRODUCTION): "临时居民身份证正在制作，三日内制好后通知您。",
    (ServiceItem.TEMPORARY_ID_CARD, CaseState.READY): "请带领证回执到受理点领取临时居民身份证，工本费在窗口缴纳。",
    (ServiceItem.TEMPORARY_ID_CARD, CaseState.RELEASED): "领取居民身份证时，请把临时居民身份证交回受理点。",
    (ServiceItem.HOUSEHOLD_CERTIFICATE, CaseState.ACCEPTED): "受理点正在办理，需要户籍地查证的会尽快联系。",
    (
        ServiceItem.HOUSEHOLD_CERTIFICATE,
        CaseState.UNDER_REVIEW,
    ): "户籍地派出所五个工作日内查证反馈，请保持电话畅通。",
    (
        ServiceItem.HOUSEHOLD_CERTIFICATE,
        CaseState.RELEASED,
    ): "证明已交给您，受理点会向户籍地备案，您不用做什么。",
}
_RIDES_ALONG = "随居民身份证申请一并到窗口办理，不用另外预约；到时请告诉窗口还要办临时居民身份证。"
_POSTED = "证件已寄出，请留意收件并当面核对。"


async def own_case(deps: Deps, citizen: Citizen, number: str) -> Case:
    """A case of this account today. Raises ``case_not_found``: another's is not told apart from none (V8.2.2)."""
    case = await find_case(check_case_number(number))
    if case is None or await account_of(deps, case) != citizen.account_id:
        raise Refusal("case_not_found")
    return case


async def own_case_to_change(deps: Deps, citizen: Citizen, number: str) -> Case:
    """As ``own_case``, inside a transaction: nobody else changes the case until it ends. Raises ``case_not_found``."""
    await lock_case(check_case_number(number))
    return await own_case(deps, citizen, number)


async def my_cases(deps: Deps, citizen: Citizen) -> tuple[CaseLine, ...]:
    """All cases of the account, newest first."""
    return tuple([await _line(case) for case in await cases_now_of(deps, citizen.account_id)])


async def my_case(deps: Deps, citizen: Citizen, number: str) -> CaseView:
    """One case in full. Raises ``case_not_found``."""
    return await case_view(deps, await own_case(deps, citizen, number))


async def my_notices(deps: Deps, citizen: Citizen, number: str) -> tuple[NoticeView, ...]:
    """What was told about a case, whether or not it arrived on the phone. Raises ``case_not_found``."""
    case = await own_case(deps, citizen, number)
    told: dict[tuple[str, str], NoticeView] = {}
    for notice in await notices_of(case.id):
        if notice.kind is NoticeKind.VISIT_REMINDER and notice.status in {"owed", "skipped"}:
            continue  # not told yet, or never
        text = render_notice(notice.kind, notice.facts)
        told.setdefault(
            (notice.kind, text.sms), NoticeView(notice.kind, text.title, text.sms, notice.owed_at, notice.status)
        )
    return tuple(told.values())


async def case_view(deps: Deps, case: Case) -> CaseView:
    """The full view."""
    facts, history = await facts_of(deps, case), await history_of(case)
    view = shown(
        case, facts, history, clocks=await clock_views(case), hold=await _hold_view(deps, case),
        waiting=await _waiting_view(case),
    )  # fmt: skip
    return replace(
        view, parent=await parent_view(case), temporary_card=await dependant_view(case),
        valid_until=await _valid_until(case), certificate=await _certificate_view(case),
    )  # fmt: skip


def shown(
    case: Case,
    facts: CaseFacts,
    history: tuple[EventView, ...],
    clocks: tuple[ClockView, ...] = (),
    hold: HoldView | None = None,
    waiting: WaitingView | None = None,
) -> CaseView:
    """The full view, of what was loaded."""
    return CaseView(
        number=case.number,
        item=case.item,
        scope=case.scope,
        state=case.state,
        state_label=label(case.state),
        next_step=next_step(case, facts, history),
        applicant_name=str(case.form["name"]),
        is_minor=case.is_minor,
        delivery=case.delivery,
        opened_at=case.opened_at,
        missing=facts.missing if case.state is CaseState.OPEN else (),
        booking=booking_view(facts.booking, facts) if facts.booking else None,
        letter=letter_standing(facts),
        acceptance_number=case.acceptance_number,
        slip_number=case.slip_number,
        clocks=clocks,
        history=history,
        hold=hold,
        waiting=waiting,
        fee=facts.guidance.fee_fen,
        urgent_need=case.form.get("urgent_need"),
    )


async def parent_view(case: Case) -> LinkedCase | None:
    """The case this one hangs on."""
    return _linked(await find_case_by_id(case.parent_id)) if case.parent_id is not None else None


async def dependant_view(case: Case) -> LinkedCase | None:
    """The newest case that hangs on this one."""
    return _linked(found) if (found := await newest_dependant(case.id)) else None


def _linked(case: Case) -> LinkedCase:
    return LinkedCase(case.number, case.item, case.state, label(case.state))


async def _valid_until(case: Case) -> date | None:
    """Until when a temporary card is good; an identity card tells that itself."""
    if case.item is not ServiceItem.TEMPORARY_ID_CARD:
        return None
    card = await card_of(case.id)
    return card.valid_until if card else None


def asked_matters(case: Case) -> tuple[CertificateMatter, ...]:
    """What a certificate is asked for, besides free words."""
    return tuple(CertificateMatter(word) for word in str(case.form.get("matters", "")).split(",") if word)


async def _certificate_view(case: Case) -> CertificateView | None:
    if case.item is not ServiceItem.HOUSEHOLD_CERTIFICATE:
        return None
    made = await certificate_of(case.id)
    issued = made if made and made.issued_at else None
    return CertificateView(
        matters=tuple(map(label, asked_matters(case))),
        other=str(case.form["other_matter"]),
        number=issued.number if issued else None,
        way=issued.way if issued else None,
        unit=issued.unit if issued else None,
        issued_at=issued.issued_at if issued else None,
    )


def next_step(case: Case, facts: CaseFacts, history: Sequence[EventView]) -> str:
    """One sentence that says what to do next."""
    if facts.rides_along:
        return _RIDES_ALONG
    if case.state is CaseState.OPEN and facts.missing:
        again = facts.signed_before and facts.missing[0] == "letter_signature"
        return _bring_again(history) or (_SIGN_AGAIN if again else _BEFORE_COUNTER[facts.missing[0]])
    return next_in_state(case)


async def step_to_take(deps: Deps, case: Case) -> str:
    """The same sentence for a case of which nothing else is told; before acceptance it depends on what is done."""
    if case.state is not CaseState.OPEN:
        return next_in_state(case)
    return next_step(case, await facts_of(deps, case), await history_of(case))


def _bring_again(history: Sequence[EventView]) -> str:
    """What the counter listed as missing stays in sight until the next visit (B10)."""
    listed = [event.facts["items"] for event in history if event.kind is CaseEventKind.SUPPLEMENTS_LISTED]
    return f"请备齐窗口告知需补充的材料（{'、'.join(listed[-1])}），再重新预约。" if listed else ""


def next_in_state(case: Case) -> str:
    """What to do next by the state alone."""
    if case.state is CaseState.DISPATCHED and case.delivery is DeliveryMode.POST:
        return _POSTED
    return _NEXT_OF.get((case.item, case.state)) or _NEXT[case.state]


def letter_standing(facts: CaseFacts) -> LetterStanding:
    """Where the letter stands."""
    return LetterStanding(
        standing=facts.letter_standing,
        version=facts.letter.text.version if facts.letter else None,
        signed_at=facts.signature.signed_at if facts.signature else None,
        method=signed_by(facts),
        number=facts.signature.number if facts.signature else None,
        level=level_of(facts.signature.evidence) if facts.signature else None,
        sign_again=facts.signed_before and facts.letter_standing == "to_sign",
    )


def point_view(point: AcceptancePoint) -> PointView:
    """An acceptance point."""
    return PointView(
        code=point.code,
        name=point.name,
        division=point.division,
        place=find_division(point.division).full_name,
        address=point.address,
        phone=point.phone,
        hours=point.hours_text or "",
        latitude=point.latitude,
        longitude=point.longitude,
    )


def booking_view(booking: Booking, facts: CaseFacts) -> BookingView:
    """A booking, with who must come (R031)."""
    return BookingView(
        point=point_view(booking.slot.point),
        starts_at=booking.slot.starts_at,
        ends_at=booking.slot.ends_at,
        seats=booking.seats,
        who_must_come=facts.guidance.who_must_come or (Whose.APPLICANT,),
    )


async def _hold_view(deps: Deps, case: Case) -> HoldView | None:
    """The place held; one that ran out is none, whether it was swept or not."""
    held = await unended_hold(case.id)
    if held is None or held.until <= deps.clock.now():
        return None
    return HoldView(
        point=point_view(held.slot.point), starts_at=held.slot.starts_at, ends_at=held.slot.ends_at,
        until=held.until, offered=held.is_offer,
    )  # fmt: skip


async def _waiting_view(case: Case) -> WaitingView | None:
    waiting = await live_waiting(case.id)
    if waiting is None:
        return None
    return WaitingView(point_view(waiting.point), waiting.from_day, waiting.to_day, waiting.since)


async def clock_views(case: Case) -> tuple[ClockView, ...]:
    """The clocks of a case, as far as they promise something to the person."""
    return tuple(
        ClockView(
            kind=clock.kind,
            started_on=clock.started_on,
            days=clock.days,
            day_kind=clock.day_kind,
            due_on=clock.due_on,
            calendar_missing=clock.missing_year,
            stopped=clock.stopped_at is not None,
        )
        for clock in await clocks_of(case.id)
        if not CLOCKS[clock.kind].internal
    )


async def history_of(case: Case) -> tuple[EventView, ...]:
    """What happened so far, oldest first."""
    return tuple(event_view(event) for event in await events_of(case.id))


def event_view(event: CaseEvent) -> EventView:
    """What happened, as its citizen reads it."""
    return told_of(event.kind, event.at, event.unit, {**event.facts, **(event.words or {})})


def told_of(kind: CaseEventKind, at: datetime, unit: str | None, facts: Mapping[str, Any]) -> EventView:
    """An event, facts and words of it; what officers wrote for each other is not among them."""
    told = {name: fact for name, fact in facts.items() if name not in _AMONG_OFFICERS}
    return EventView(kind=kind, label=label(kind), at=at, reported_by=unit, facts=told)


async def _line(case: Case) -> CaseLine:
    booking = await live_booking(case.id)
    return CaseLine(
        number=case.number,
        item=case.item,
        state=case.state,
        state_label=label(case.state),
        applicant_name_masked=mask_name(str(case.form["name"])),
        opened_at=case.opened_at,
        booked_for=booking.slot.starts_at if booking else None,
    )
