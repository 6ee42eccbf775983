"""The temporary card beside the identity card: asked for, made after its issue, handed back with it (B20–B22, K7)."""

from dataclasses import replace
from datetime import date

import pytest

from casework.accept import Acceptance, DeclineReason, accept, confirm_letter, decline
from casework.book import book
from casework.counter_views import CounterCase
from casework.hand_off import issue_code, redeem_code
from casework.hand_over import hand_over
from casework.make_temporary_card import register_made, take_back
from casework.open_case import open_case
from casework.request_temporary_card import request_temporary_card
from casework.serve import read_case
from casework.state_presence import state_presence
from casework.track import my_case
from casework.views import CaseView
from casework.withdraw import withdraw
from domain.terms import (
    CardReturn,
    CaseState,
    ClockKind,
    NoticeKind,
    Present,
    ReportKind,
    ServiceItem,
    SignatureMethod,
)
from models.case import Case
from models.deadline import clocks_of
from models.notice import notices_of
from models.place import find_point, keep_point
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import GUANGZHOU, SHENZHEN, Town, key
from tests.casework.way import ACROSS, ADULT, GUANGDONG, Way, at_hour, gone, set_out
from tests.casework.way import person as person_of

NEED = "近期要参加考试"
HANDED = dict.fromkeys(("slip", "identity_checked", "fee_paid"), True)


async def asked_along(town: Town) -> Way:
    """Opened with a temporary card in the same pre-registration."""
    way = await set_out(town, ACROSS)
    opened = await open_case(town.deps, way.citizen, await way.wish(urgent_need=NEED), key())
    way.number = opened.number
    return way


async def temporary(way: Way) -> CaseView:
    parent = await my_case(way.deps, way.citizen, way.number)
    assert parent.temporary_card is not None
    return await my_case(way.deps, way.citizen, parent.temporary_card.number)


async def accepted_along(town: Town) -> Way:
    way = await asked_along(town)
    for step in ("booked", "checked_in", "confirmed"):
        await way._step(step)
    clerk = await town.clerk(GUANGZHOU)
    await accept(town.deps, clerk, way.number, await way.acceptance(temporary_card=True))
    return way


async def made(town: Town) -> Way:
    way = await accepted_along(town)
    await way.reported(ReportKind.REVIEW_STARTED)
    await way.reported(ReportKind.ISSUED)
    await register_made(town.deps, await town.clerk(GUANGZHOU), (await temporary(way)).number)
    return way


async def told(number: str) -> list[NoticeKind]:
    case = await Case.get(number=number)
    return [notice.kind for notice in await notices_of(case.id)]


async def test_asked_along_it_needs_no_visit_of_its_own_and_shows_its_fee(town: Town) -> None:
    way = await asked_along(town)
    card = await temporary(way)
    assert (card.item, card.state, card.fee) == (ServiceItem.TEMPORARY_ID_CARD, CaseState.OPEN, 1000)
    assert (card.missing, card.urgent_need) == ((), NEED)
    assert card.parent is not None
    assert card.parent.number == way.number
    assert "一并" in card.next_step
    with refused("temporary_card_rides_along", number=way.number):
        await book(town.deps, way.citizen, card.number, GUANGZHOU, at_hour(town.deps.today(), 15), key())


async def test_the_whole_way_to_the_card_handed_back(town: Town) -> None:
    """C4: waits for the issue, is made within three days (K7), good for three months, comes back with the card."""
    way = await accepted_along(town)
    card = await temporary(way)
    assert card.state is CaseState.ACCEPTED
    await way.reported(ReportKind.REVIEW_STARTED)
    clerk = await town.clerk(GUANGZHOU)
    with refused("step_out_of_order"):
        await register_made(town.deps, clerk, card.number)
    await way.reported(ReportKind.ISSUED)
    card = await temporary(way)
    (clock,) = [clock for clock in card.clocks if clock.kind is ClockKind.TEMPORARY_CARD]
    assert (card.state, clock.due_on) == (CaseState.IN_PRODUCTION, date(2026, 9, 21))
    await register_made(town.deps, clerk, card.number)
    ready = await temporary(way)
    assert (ready.state, ready.valid_until) == (CaseState.READY, date(2026, 12, 18))
    assert NoticeKind.TEMPORARY_CARD_READY in await told(card.number)
    with refused("handover_checks_missing"):
        await hand_over(town.deps, clerk, card.number, {**HANDED, "fee_paid": False})
    assert (await hand_over(town.deps, clerk, card.number, HANDED)).state is CaseState.RELEASED
    for kind in (ReportKind.PRODUCTION_STARTED, ReportKind.DISPATCHED):
        await way.reported(kind)
    await way.arrive()
    with refused("temporary_card_return_required"):
        await way.release()
    assert (await way.release(temporary_card=CardReturn.HANDED_BACK)).state is CaseState.CLOSED
    assert (await temporary(way)).state is CaseState.CLOSED


async def test_asked_later_it_has_a_visit_at_the_same_station_and_is_made_at_once_if_issued(town: Town) -> None:
    """B21: at the station that accepted the identity card's application."""
    way = await gone(town, "issued", ACROSS)
    card = await request_temporary_card(town.deps, way.citizen, way.number, NEED, key())
    assert card.missing == ("booking",)
    at = at_hour(town.deps.today(), 15)
    with refused("station_elsewhere"):
        await book(town.deps, way.citizen, card.number, SHENZHEN, at, key())
    await book(town.deps, way.citizen, card.number, GUANGZHOU, at, key())
    clerk = await town.clerk(GUANGZHOU)
    await redeem_code(town.deps, clerk, (await issue_code(town.deps, way.citizen, card.number, key())).code)
    await state_presence(town.deps, clerk, card.number, Present.APPLICANT)
    await confirm_letter(town.deps, clerk, card.number, SignatureMethod.PAPER)
    page = await read_case(town.deps, clerk, card.number)
    assert page.asks == ()
    done = await accept(town.deps, clerk, card.number, await stated(way, page))
    assert done.state is CaseState.IN_PRODUCTION


async def stated(way: Way, page: CounterCase) -> Acceptance:
    return replace(
        await Way(way.town, way.kind, way.citizen, way.person_id, way.identity_number, page.number).acceptance(),
        acceptance_number="", slip_number="",
    )  # fmt: skip


async def test_another_point_of_the_same_city_does_not_take_it(town: Town) -> None:
    way = await gone(town, "accepted", ACROSS)
    await keep_point(
        "T-CAN2", {ServiceItem.TEMPORARY_ID_CARD: date(2023, 3, 24)}, name="演示受理点二", division="440106",
        address="演示路9号", phone="000-0000000", is_demo=True, schedule=(await point_schedule()),
    )  # fmt: skip
    card = await request_temporary_card(town.deps, way.citizen, way.number, NEED, key())
    with refused("temporary_card_other_station", station=f"演示受理点{GUANGZHOU}"):
        await book(town.deps, way.citizen, card.number, "T-CAN2", at_hour(town.deps.today(), 15), key())


async def point_schedule() -> dict[str, object]:
    point = await find_point(GUANGZHOU)
    assert point is not None
    return point.schedule


async def test_alone_twice_too_late_or_where_it_is_not_offered_it_is_refused(town: Town) -> None:
    way = await set_out(town, ACROSS)
    with refused("temporary_card_needs_parent"):
        await open_case(town.deps, way.citizen, await way.wish(item=ServiceItem.TEMPORARY_ID_CARD), key())
    way.number = (await open_case(town.deps, way.citizen, await way.wish(urgent_need=NEED), key())).number
    with refused("temporary_card_asked_already"):
        await request_temporary_card(town.deps, way.citizen, way.number, NEED, key())
    with refused("case_not_found"):
        await request_temporary_card(town.deps, await town.newcomer(), way.number, NEED, key())
    with refused("temporary_card_needs_parent"):
        await request_temporary_card(town.deps, way.citizen, (await temporary(way)).number, NEED, key())
    jiangxi = await gone(town, "open", ADULT)
    with refused("temporary_card_not_offered"):
        await request_temporary_card(town.deps, jiangxi.citizen, jiangxi.number, NEED, key())
    late = await gone(town, "dispatched", GUANGDONG)
    with refused("temporary_card_too_late"):
        await request_temporary_card(town.deps, late.citizen, late.number, NEED, key())


async def test_asking_twice_at_once_makes_one(town: Town) -> None:
    way = await gone(town, "open", ACROSS)
    wish = [request_temporary_card(town.deps, way.citizen, way.number, NEED, key()) for _ in range(4)]
    assert await at_once(wish) == {DONE: 1, "temporary_card_asked_already": 3}
    assert await Case.filter(item=ServiceItem.TEMPORARY_ID_CARD).count() == 1


async def test_nothing_is_kept_of_a_pre_registration_whose_temporary_card_is_refused(town: Town) -> None:
    way = await set_out(town, ADULT, facts=person_of(ADULT))
    with refused("temporary_card_not_offered"):
        await open_case(town.deps, way.citizen, await way.wish(urgent_need=NEED), key())
    assert await Case.all().count() == 0


@pytest.mark.parametrize("end", ["withdrawn", "declined", "issuance_refused"])
async def test_it_is_void_when_the_identity_card_s_application_ends(end: str, town: Town) -> None:
    """C4: parent not issued or withdrawn → VOID, told why, no fee."""
    if end == "withdrawn":
        way = await asked_along(town)
        await withdraw(town.deps, way.citizen, way.number, key())
    elif end == "declined":
        way = await asked_along(town)
        await way.book()
        await way.check_in()
        await decline(town.deps, await town.clerk(GUANGZHOU), way.number, DeclineReason.DATA_MISMATCH)
    else:
        way = await accepted_along(town)
        await way.reported(ReportKind.REVIEW_STARTED)
        await way.reported(ReportKind.ISSUANCE_REFUSED, refusal_reason="经核查仍难以确认身份")
    card = await temporary(way)
    assert card.state is CaseState.VOID
    assert card.history[-1].facts == {"because": end}
    assert NoticeKind.TEMPORARY_CARD_VOID in await told(card.number)
    case = await Case.get(number=card.number)
    assert all(clock.stopped_at for clock in await clocks_of(case.id))


async def test_a_lost_one_is_recorded_by_itself(town: Town) -> None:
    way = await made(town)
    card = await temporary(way)
    clerk = await town.clerk(GUANGZHOU)
    await hand_over(town.deps, clerk, card.number, HANDED)
    with refused("case_of_other_station"):
        await take_back(town.deps, await town.clerk(SHENZHEN), card.number, CardReturn.LOST)
    assert (await take_back(town.deps, clerk, card.number, CardReturn.LOST)).state is CaseState.CLOSED


async def test_made_and_handed_over_once_however_many_click(town: Town) -> None:
    way = await accepted_along(town)
    await way.reported(ReportKind.REVIEW_STARTED)
    await way.reported(ReportKind.ISSUED)
    number, clerk = (await temporary(way)).number, await town.clerk(GUANGZHOU)
    assert await at_once(register_made(town.deps, clerk, number) for _ in range(3)) == {DONE: 1, "step_out_of_order": 2}
    handed = await at_once(hand_over(town.deps, clerk, number, HANDED) for _ in range(3))
    assert handed == {DONE: 1, "step_out_of_order": 2}
    assert (await told(number)).count(NoticeKind.TEMPORARY_CARD_READY) == 1
