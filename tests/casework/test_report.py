"""What police systems report: believed when signed, in order, once, from those whose business it is."""

from datetime import date, timedelta

import pytest

from casework.report import report, who_reports
from casework.track import my_case
from domain.terms import CaseState, ClockKind, NoticeKind, ReportKind
from models.card import card_of
from models.case import Case, CaseEvent
from models.deadline import clocks_of
from models.notice import Notice
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import (
    GD_CENTRE,
    GD_POLICE,
    JX_CENTRE,
    JX_POLICE,
    Town,
    identity_number,
    signature,
)
from tests.casework.way import (
    ACROSS,
    ADULT,
    FROM_GUANGDONG,
    FROM_HUNAN,
    GUANGDONG,
    MINOR,
    Kind,
    Way,
    at_hour,
    gone,
    person,
    set_out,
)

BODY = b'{"kind": "issued"}'
STARTED, ISSUED, REFUSED = ReportKind.REVIEW_STARTED, ReportKind.ISSUED, ReportKind.ISSUANCE_REFUSED


async def prove(town: Town, *, key_id: str = JX_POLICE, off: float = 0, body: bytes = BODY, **wrong: str) -> None:
    stamp = str(int(town.clock.now().timestamp() + off))
    said = {"timestamp": stamp, "signature": signature(stamp, BODY)} | wrong
    await who_reports(town.deps, key_id=key_id, body=body, **said)


async def state_of(way: Way) -> CaseState:
    return (await my_case(way.deps, way.citizen, way.number)).state


@pytest.mark.parametrize("off", [0, 300, -300])
async def test_a_signed_request_of_the_last_five_minutes_is_believed(off: int, town: Town) -> None:
    await prove(town, off=off)


async def test_a_request_is_signed_by_a_known_system_over_exactly_these_bytes(town: Town) -> None:
    with refused("reporter_unknown"):
        await prove(town, key_id="nobody")
    with refused("reporter_unknown"):
        await prove(town, key_id="x" * 5000)
    for wrong in ("", "0" * 64, "签名", signature("1", BODY), signature("1", BODY, "another secret")):
        with refused("report_signature_bad"):
            await prove(town, signature=wrong)
    with refused("report_signature_bad"):
        await prove(town, body=BODY + b" ")
    with refused("report_signature_bad"):
        await prove(town, timestamp=str(int(town.clock.now().timestamp()) + 1))


@pytest.mark.parametrize("off", [301, -301, 86400, -(10**9)])
async def test_a_recorded_request_is_not_believed_later(off: int, town: Town) -> None:
    with refused("report_stale", seconds=300):
        await prove(town, off=off)


@pytest.mark.parametrize("timestamp", ["", "now", "-1", "1.5", "9" * 400, "9" * 5000], ids=range(6))
async def test_a_timestamp_that_is_none_is_refused_not_crashed_on(timestamp: str, town: Town) -> None:
    with refused("report_stale"):
        await prove(town, timestamp=timestamp, signature=signature(timestamp, BODY))


async def test_a_capital_signature_is_the_same_signature(town: Town) -> None:
    stamp = str(int(town.clock.now().timestamp()))
    await prove(town, timestamp=stamp, signature=signature(stamp, BODY).upper())


@pytest.mark.parametrize(
    ("kind", "reporter", "said"),
    [
        (ADULT, GD_POLICE, STARTED),  # another province's police
        (ACROSS, GD_POLICE, STARTED),  # the acceptance place does not review (R091)
        (FROM_GUANGDONG, JX_POLICE, STARTED),
        (ADULT, JX_CENTRE, STARTED),  # a card centre reviews nothing
        (ADULT, JX_POLICE, ReportKind.DISPATCHED),  # and the police dispatches nothing
    ],
)
async def test_a_system_reports_only_what_is_its_business(
    kind: Kind, reporter: str, said: ReportKind, town: Town
) -> None:
    way = await gone(town, "accepted", kind)
    with refused("report_not_yours"):
        await report(town.deps, await town.reporter(reporter), way.saying(said))
    assert await state_of(way) is CaseState.ACCEPTED


@pytest.mark.parametrize(("kind", "centre"), [(ACROSS, JX_CENTRE), (FROM_GUANGDONG, GD_CENTRE)])
async def test_cards_are_made_where_the_application_was_accepted(kind: Kind, centre: str, town: Town) -> None:
    """R110: the place of acceptance has the card made, whatever the household place."""
    way = await gone(town, "issued", kind)
    with refused("report_not_yours"):
        await report(town.deps, await town.reporter(centre), way.saying(ReportKind.PRODUCTION_STARTED))
    assert (await way.reported(ReportKind.PRODUCTION_STARTED)).state is CaseState.IN_PRODUCTION


async def test_a_report_about_nobody_is_refused(town: Town) -> None:
    way = await gone(town, "confirmed")
    with refused("case_not_found"):
        await way.reported(STARTED)


OUT_OF_ORDER = [
    ("accepted", ISSUED),
    ("accepted", REFUSED),
    ("accepted", ReportKind.PRODUCTION_STARTED),
    ("under_review", ReportKind.DISPATCHED),
    ("issued", REFUSED),
    ("issued", ReportKind.DISPATCHED),
    ("in_production", ReportKind.RECEIVED_BY_POST),
    ("dispatched", ReportKind.RECEIVED_BY_POST),  # this one is collected at the station
]


@pytest.mark.parametrize(("stop", "kind"), OUT_OF_ORDER)
async def test_a_step_out_of_order_is_refused_and_changes_nothing(stop: str, kind: ReportKind, town: Town) -> None:
    way = await gone(town, stop)
    events = await CaseEvent.all().count()
    with refused("step_out_of_order"):
        await way.reported(kind)
    assert await CaseEvent.all().count() == events


async def test_nothing_is_issued_after_it_was_refused(town: Town) -> None:
    way = await gone(town, "under_review")
    await way.reported(REFUSED, refusal_reason="难以确认身份")
    with refused("step_out_of_order"):
        await way.reported(ISSUED)
    assert await state_of(way) is CaseState.ISSUANCE_REFUSED


async def test_a_refusal_owes_the_person_a_notice_by_sms_whatever_wechat_does(town: Town) -> None:
    """R106, C6.4: told that it was not issued, and to go to the household place."""
    way = await gone(town, "under_review")
    await way.reported(REFUSED, refusal_reason="难以确认身份")
    owed = await Notice.filter(kind=NoticeKind.ISSUANCE_REFUSED)
    assert {(notice.route, notice.status) for notice in owed} == {("sms", "owed"), ("wechat", "owed")}
    assert (await way.open()).state is CaseState.OPEN  # and the way to apply anew is free


async def test_a_report_delivered_again_counts_once(town: Town) -> None:
    way = await gone(town, "accepted")
    said, reporter = way.saying(STARTED, report_id="r-1"), await town.reporter()
    first = await report(town.deps, reporter, said)
    again = await report(town.deps, reporter, said)
    assert (first.duplicate, again.duplicate) == (False, True)
    assert (first.state, first.review_due_on) == (again.state, again.review_due_on)
    assert await CaseEvent.filter(report_id="r-1").count() == 1


async def test_a_report_delivered_many_times_at_once_counts_once(town: Town) -> None:
    way = await gone(town, "accepted")
    said, reporter = way.saying(STARTED, report_id="r-1"), await town.reporter()
    answers = []

    async def deliver() -> None:
        answers.append(await report(town.deps, reporter, said))

    assert await at_once(deliver() for _ in range(8)) == {DONE: 8}
    assert sorted(answer.duplicate for answer in answers) == [False] + [True] * 7
    assert await CaseEvent.filter(kind="review_started").count() == 1


async def test_a_late_duplicate_under_a_new_id_changes_nothing(town: Town) -> None:
    way = await gone(town, "in_production")
    for kind in (STARTED, ISSUED, ReportKind.PRODUCTION_STARTED):
        receipt = await way.reported(kind)
        assert (receipt.duplicate, receipt.state) == (True, CaseState.IN_PRODUCTION)
    assert await CaseEvent.filter(kind="issued").count() == 1


@pytest.mark.parametrize(
    ("kind", "facts"),
    [(ISSUED, {"issued_on": date(2026, 9, 19)}), (STARTED, {"at": timedelta(minutes=6)})],
)
async def test_nothing_is_reported_from_the_future(kind: ReportKind, facts: dict[str, object], town: Town) -> None:
    way = await gone(town, "accepted" if kind is STARTED else "under_review")
    if isinstance(late := facts.get("at"), timedelta):
        facts = {"at": town.clock.now() + late}
    with refused("report_malformed"):
        await way.reported(kind, **facts)  # type: ignore[arg-type]


async def test_an_event_keeps_who_reported_it_where_and_under_which_rules(town: Town) -> None:
    way = await gone(town, "accepted")
    await way.reported(STARTED, at=at_hour(date(2026, 9, 18), 9), report_id="r-9")
    event = await CaseEvent.get(report_id="r-9")
    assert (event.actor, event.unit, event.rule_day) == ("system:jx-police", "演示单位", date(2026, 9, 18))
    assert event.at < event.recorded_at


# --- the review clock (K1, K2, K3; vectors of E) ---

CLOCKS = [
    (GUANGDONG, date(2026, 9, 18), date(2026, 9, 22)),  # working Sunday, Monday, Tuesday
    (GUANGDONG, date(2026, 9, 30), date(2026, 10, 10)),  # a week of holidays, then a working Saturday
    (GUANGDONG, date(2026, 2, 12), date(2026, 2, 24)),  # the Spring Festival
    (FROM_GUANGDONG, date(2026, 9, 18), date(2026, 9, 22)),  # accepted in Jiangxi: still Guangdong's clock
    (ADULT, date(2026, 9, 18), date(2026, 9, 23)),  # five calendar days
    (ADULT, date(2026, 9, 21), date(2026, 9, 28)),  # the fifth is a holiday: the next working day
    (ADULT, date(2026, 9, 30), date(2026, 10, 8)),
    (ACROSS, date(2026, 9, 18), date(2026, 9, 23)),  # accepted in Guangdong: still Jiangxi's clock
    (FROM_HUNAN, date(2026, 9, 18), None),  # no source gives a limit (R101)
]


@pytest.mark.parametrize(("kind", "received", "due"), CLOCKS)
async def test_the_household_place_s_clock_runs(kind: Kind, received: date, due: date | None, town: Town) -> None:
    town.clock.set(received)
    way = await gone(town, "accepted", kind)
    receipt = await way.reported(STARTED)
    assert (receipt.review_due_on, receipt.calendar_missing) == (due, None)
    clocks = (await my_case(town.deps, way.citizen, way.number)).clocks
    reviews = [clock.due_on for clock in clocks if clock.kind is ClockKind.REVIEW]
    assert reviews == ([due] if due else [])


async def test_what_arrives_late_in_the_evening_arrived_on_that_day_in_china(town: Town) -> None:
    way = await gone(town, "accepted", GUANGDONG)
    town.clock.set(date(2026, 9, 18), 23, 59)
    assert (await way.reported(STARTED)).review_due_on == date(2026, 9, 22)


async def test_a_year_nobody_knows_the_holidays_of_is_said_not_guessed(town: Town) -> None:
    town.clock.set(date(2026, 12, 30))
    way = await gone(town, "accepted", GUANGDONG)
    receipt = await way.reported(STARTED)
    assert (receipt.review_due_on, receipt.calendar_missing) == (None, 2027)


async def test_the_clock_stops_with_the_decision(town: Town) -> None:
    for kind in (ISSUED, REFUSED):
        way = await gone(town, "under_review")
        town.clock.turn(hours=1)
        await way.reported(kind)
        clocks = {clock.kind: clock for clock in await clocks_of((await Case.get(number=way.number)).id)}
        assert clocks[ClockKind.REVIEW].stopped_at == town.clock.now()


# --- the card (D5, B02, B03) ---

VALIDITY = [
    (date(2010, 9, 19), date(2031, 9, 18)),  # 15 on the day of issue: five years
    (date(2010, 9, 18), date(2036, 9, 18)),  # 16 that day: ten
    (date(2000, 9, 19), date(2036, 9, 18)),  # 25
    (date(2000, 9, 18), date(2046, 9, 18)),  # 26 that day: twenty
    (date(1980, 9, 18), None),  # 46: without end
]


@pytest.mark.parametrize(("born", "until"), VALIDITY)
async def test_the_day_of_issue_decides_how_long_the_card_is_valid(born: date, until: date | None, town: Town) -> None:
    minor = born > date(2010, 9, 18)
    kind = MINOR if minor else ADULT
    facts = person(kind, identity_number=identity_number(kind.household, born))
    way = await (await set_out(town, kind, facts=facts)).until("under_review")
    await way.reported(ISSUED, issued_on=date(2026, 9, 18))
    card = await card_of((await Case.get(number=way.number)).id)
    assert card is not None
    assert (card.valid_from, card.valid_until, card.is_long_term) == (date(2026, 9, 18), until, until is None)


async def test_who_turns_16_before_the_issue_gets_the_card_of_their_age(town: Town) -> None:
    facts = person(MINOR, identity_number=identity_number("360102", date(2010, 9, 21)))
    way = await (await set_out(town, MINOR, facts=facts)).until("under_review")
    town.clock.set(date(2026, 9, 21))
    await way.reported(ISSUED)
    card = await card_of((await Case.get(number=way.number)).id)
    assert card is not None
    assert card.valid_until == date(2036, 9, 21)
