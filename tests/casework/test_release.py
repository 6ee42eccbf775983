"""The card leaves the counter after every check of the law; what was left out is checked later."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from casework.notify import deliver_due
from casework.register_arrival import register_arrival
from casework.release_card import name_collector, record_check, release_card
from casework.serve import read_case
from casework.track import my_case
from casework.warn import fill_calendars, warn_overdue
from domain.terms import CaseEventKind, CaseState, ClockKind, CollectorKind, Kinship, ReportKind
from models.audit import AuditEntry
from models.card import Release, card_of
from models.case import Case, CaseEvent
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import GANZHOU, JIUJIANG, NANCHANG, SHENZHEN, Town, identity_number, key
from tests.casework.way import CHECKED, CHECKS, GUANGDONG, RELATIVE, Way, gone, set_out

SELF, PROXY, POST = CollectorKind.SELF, CollectorKind.PROXY, CollectorKind.POST
DONE_CHECKS = dict.fromkeys(CHECKED, True)
OTHER = identity_number("360702", date(1960, 1, 1))


async def due_of(way: Way) -> tuple[date | None, int | None, bool]:
    clocks = (await my_case(way.deps, way.citizen, way.number)).clocks
    clock = next(clock for clock in clocks if clock.kind is ClockKind.COLLECTION_CHECK)
    return clock.due_on, clock.calendar_missing, clock.stopped


@pytest.mark.parametrize(("collector", "check"), [(c, check) for c in (SELF, PROXY) for check in CHECKS[c]])
async def test_every_check_of_the_collector_must_be_made(collector: CollectorKind, check: str, town: Town) -> None:
    """R120: in person slip, data, fingerprint, signature; R121: a relative's own card, slip, signature."""
    way = await gone(town, "arrived")
    for given in ({}, {check: False}):
        checks = {name: True for name in CHECKS[collector] if name != check} | given
        with refused("collection_checks_missing", missing=[check]):
            await way.release(collector, checks=checks)
    assert await Release.all().count() == 0
    assert (await Case.get(number=way.number)).state is CaseState.ARRIVED


async def test_the_slip_must_be_this_case_s(town: Town) -> None:
    way = await gone(town, "arrived")
    for slip in ("", "HZ-2026-0002", way.slip_number + "0"):
        with refused("slip_mismatch"):
            await way.release(slip_number=slip)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"kinship": None}, "collector_not_relative"),
        ({"collector_name": ""}, "collector_not_relative"),
        ({"collector_identity_number": None}, "collector_not_relative"),
        ({"collector_name": "1"}, "name_malformed"),
        ({"collector_identity_number": OTHER[:-1]}, "identity_number_malformed"),
        ({"collector_identity_number": OTHER[:-1] + ("0" if OTHER[-1] != "0" else "1")}, "identity_number_check_digit"),
    ],
)
async def test_a_relative_is_written_down_with_kinship_name_and_number(
    wrong: dict[str, object], code: str, town: Town
) -> None:
    way = await gone(town, "arrived")
    with refused(code):
        await way.release(PROXY, **wrong)
    await way.release(PROXY)
    kept = await Release.get()
    assert (kept.kinship, kept.collector_name) == (Kinship.PARENT, RELATIVE)


async def test_collected_in_person_the_case_is_closed_without_a_later_check(town: Town) -> None:
    way = await gone(town, "arrived")
    assert (await way.release()).state is CaseState.CLOSED
    clocks = (await my_case(town.deps, way.citizen, way.number)).clocks
    assert ClockKind.COLLECTION_CHECK not in {clock.kind for clock in clocks}  # C6.6
    with refused("check_not_due"):
        await record_check(town.deps, await town.clerk(), way.number, DONE_CHECKS)


async def test_a_card_is_released_once(town: Town) -> None:
    way = await gone(town, "arrived")
    verdicts = await at_once([*(way.release() for _ in range(3)), *(way.release(PROXY) for _ in range(3))])
    assert verdicts == {DONE: 1, "step_out_of_order": 5}
    assert await Release.all().count() == 1


@pytest.mark.parametrize("stop", ["accepted", "dispatched"])
async def test_a_card_that_is_not_there_is_not_released(stop: str, town: Town) -> None:
    way = await gone(town, stop)
    with refused("step_out_of_order"):
        await way.release()


async def test_a_card_by_post_does_not_pass_the_counter(town: Town) -> None:
    way = await gone(town, "dispatched", GUANGDONG)
    with refused("card_goes_by_post"):
        await way.arrive()
    with refused("step_out_of_order"):
        await way.release()
    arrived = await gone(town, "arrived")
    with refused("step_out_of_order"):
        await release_card(town.deps, await town.clerk(), arrived.number, replace(arrived.releasing(), collector=POST))


async def test_only_a_clerk_of_the_station_registers_and_releases(town: Town) -> None:
    way = await gone(town, "dispatched")
    with refused("case_of_other_station"):
        await register_arrival(town.deps, await town.clerk(JIUJIANG), way.number)
    await way.arrive()
    with refused("case_of_other_station"):
        await release_card(town.deps, await town.clerk(GANZHOU), way.number, way.releasing())
    with refused("staff_role_missing"):
        await release_card(town.deps, await town.officer("reviewer"), way.number, way.releasing())


# --- the later check (R122, K5) ---

K5 = [
    (date(2026, 9, 18), date(2026, 11, 5), None),
    (date(2026, 11, 20), None, 2027),  # runs past the calendar that is known: said, not guessed
]


@pytest.mark.parametrize(("received", "due", "missing"), K5)
async def test_thirty_working_days_begin_when_a_relative_collects(
    received: date, due: date | None, missing: int | None, town: Town
) -> None:
    town.clock.set(received)
    way = await gone(town, "arrived")
    assert (await way.release(PROXY)).state is CaseState.RELEASED
    assert await due_of(way) == (due, missing, False)
    await deliver_due(town.deps)
    told = town.sms.about("核验证件信息")
    assert any(("2026年11月5日" if due else "30个工作日内") in message.text for message in told)


async def test_thirty_working_days_begin_with_the_day_a_card_came_by_post(town: Town) -> None:
    way = await gone(town, "dispatched", GUANGDONG)
    town.clock.set(date(2026, 9, 21))
    await way.reported(ReportKind.RECEIVED_BY_POST, received_on=date(2026, 9, 18))
    assert await due_of(way) == (date(2026, 11, 5), None, False)
    card = await card_of((await Case.get(number=way.number)).id)
    assert card is not None
    assert card.received_on == date(2026, 9, 18)


async def test_nothing_came_by_post_tomorrow(town: Town) -> None:
    way = await gone(town, "dispatched", GUANGDONG)
    with refused("report_malformed", field="received_on"):
        await way.reported(ReportKind.RECEIVED_BY_POST, received_on=date(2026, 9, 19))


@pytest.mark.parametrize("point", [NANCHANG, GANZHOU])
async def test_the_later_check_is_made_at_the_acceptance_or_the_household_place(point: str, town: Town) -> None:
    way = await gone(town, "arrived")
    await way.release(PROXY)
    clerk = await town.clerk(point)
    assert (await read_case(town.deps, clerk, way.number)).may == ("record_check",)
    for checks in ({}, {"data": True}, {"data": True, "fingerprint": False}):
        with refused("collection_checks_missing"):
            await record_check(town.deps, clerk, way.number, checks)
    checked = await record_check(town.deps, clerk, way.number, DONE_CHECKS)
    assert checked.state is CaseState.CLOSED
    assert (await due_of(way))[2]


async def test_no_third_place_makes_the_later_check_or_reads_the_case(town: Town) -> None:
    way = await gone(town, "arrived")
    await way.release(PROXY)
    for point in (JIUJIANG, SHENZHEN):
        with refused("case_of_other_station"):
            await record_check(town.deps, await town.clerk(point), way.number, DONE_CHECKS)
    assert await AuditEntry.filter(act="read_to_record_check_refused").count() == 2


async def test_the_household_place_reads_nothing_before_the_check_is_due(town: Town) -> None:
    way = await gone(town, "arrived")
    with refused("case_of_other_station"):
        await read_case(town.deps, await town.clerk(GANZHOU), way.number)


async def test_a_later_check_is_recorded_once(town: Town) -> None:
    way = await gone(town, "arrived")
    await way.release(PROXY)
    clerks = [await town.clerk(point) for point in (NANCHANG, GANZHOU) * 3]
    verdicts = await at_once(record_check(town.deps, clerk, way.number, DONE_CHECKS) for clerk in clerks)
    assert verdicts[DONE] == 1
    assert await CaseEvent.filter(kind=CaseEventKind.CLOSED).count() == 1


async def test_an_overdue_check_is_warned_of_on_the_day_after_once(town: Town) -> None:
    """D10: at the first instant after the close of the last day."""
    way = await gone(town, "arrived")
    await way.release(PROXY)
    due = (await due_of(way))[0]
    assert due is not None
    town.clock.set(due, 23, 59)
    assert await warn_overdue(town.deps) == 0
    town.clock.set(due + timedelta(days=1), 0, 0)
    assert sum([await warn_overdue(town.deps) for _ in range(3)]) == 1
    entry = await AuditEntry.get(act="deadline_passed")
    told = {"kind": "collection_check", "due_on": due.isoformat(), "division": "360102", "unit": "演示受理点T-NC"}
    assert entry.facts == told
    assert await due_of(way) == (due, None, False)  # and the check can still be made


async def test_watchers_at_once_warn_once(town: Town) -> None:
    way = await gone(town, "under_review")
    town.clock.turn(days=30)
    warned = []

    async def watch() -> None:
        warned.append(await warn_overdue(town.deps))

    await at_once(watch() for _ in range(5))
    assert sum(warned) == 1
    assert await AuditEntry.filter(act="deadline_passed").count() == 1
    assert way.number


async def test_what_was_decided_in_time_is_warned_of_never(town: Town) -> None:
    await gone(town, "issued")
    town.clock.turn(days=90)
    await warn_overdue(town.deps)
    warned = {entry.facts["kind"] for entry in await AuditEntry.filter(act="deadline_passed")}
    assert warned == {"packing", "card_in_hand"}


async def test_a_due_day_is_filled_in_when_the_calendar_comes(town: Town) -> None:
    town.clock.set(date(2026, 11, 20))
    way = await gone(town, "arrived")
    await way.release(PROXY)
    assert await fill_calendars(town.deps) == 0
    told = town.knowing(2027, date(2027, 1, 1))
    assert await fill_calendars(told.deps) == 1
    assert await due_of(way) == (date(2027, 1, 4), None, False)
    assert await fill_calendars(told.deps) == 0
    town.clock.set(date(2027, 1, 5))
    assert await warn_overdue(told.deps) >= 1


# --- naming a relative beforehand (D12) ---


async def test_a_relative_may_be_named_beforehand_and_the_newest_counts(town: Town) -> None:
    way = await gone(town, "accepted")
    for name in ("示例亲属", "示例表亲"):
        named = await name_collector(town.deps, way.citizen, way.number, name, OTHER, Kinship.SIBLING, key())
    assert (named.name_masked, named.kinship) == ("示***", Kinship.SIBLING)
    assert (await read_case(town.deps, await town.clerk(), way.number)).named_collector == "示例表亲（兄弟姐妹）"


async def test_nobody_is_named_after_the_card_is_out_nor_by_another_account(town: Town) -> None:
    way, other = await gone(town, "released"), await set_out(town)
    with refused("case_already_ended"):
        await name_collector(town.deps, way.citizen, way.number, RELATIVE, OTHER, Kinship.PARENT, key())
    with refused("case_not_found"):
        await name_collector(town.deps, other.citizen, way.number, RELATIVE, OTHER, Kinship.PARENT, key())
