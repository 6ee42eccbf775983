"""The clocks K1–K9 on real rows: who is warned of what and when, and applications that lapse (T20)."""

from datetime import date

from casework.keep_clocks import CALENDAR_MISSING
from casework.lapse import lapse_idle
from casework.notify import deliver_due
from casework.warn import fill_calendars, remind_of_checks, warn_ahead, warn_overdue
from domain.terms import CaseState, ClockKind, CollectorKind, ContactDuty, NoticeKind, ReportKind, WarningLevel, Watcher
from models.case import Case
from models.contact import add_contact
from models.deadline import Deadline, DeadlineWarning
from models.follow_up import FollowUp
from models.notice import Notice
from models.operator_task import open_tasks
from tests.casework.town import Town
from tests.casework.way import ADULT, GUANGDONG, gone, set_out

FRIDAY = date(2026, 9, 18)  # the three working days after it: Sunday 20, Monday 21, Tuesday 22


async def clock(way_number: str, kind: ClockKind) -> Deadline:
    return await Deadline.get(case__number=way_number, kind=kind)


async def test_the_warning_comes_at_the_first_instant_after_the_third_working_day(town: Town) -> None:
    """R090, D10, and a soft one a working day before."""
    way = await gone(town, "under_review", GUANGDONG)
    town.clock.set(date(2026, 9, 20), 23, 59)
    assert await warn_ahead(town.deps) == 0
    town.clock.set(date(2026, 9, 21), 0, 0)
    assert sum([await warn_ahead(town.deps) for _ in range(3)]) == 1
    town.clock.set(date(2026, 9, 22), 23, 59)
    assert await warn_overdue(town.deps) == 0
    town.clock.set(date(2026, 9, 23), 0, 0)
    assert sum([await warn_overdue(town.deps) for _ in range(3)]) == 1
    given = await DeadlineWarning.filter(deadline__case__number=way.number)
    everyone = {Watcher.REVIEWER, Watcher.STATION_HEAD, Watcher.SUPERVISOR}
    for level in WarningLevel:
        told = [warning for warning in given if warning.level is level]
        assert {warning.watcher for warning in told} == everyone
        assert {warning.division for warning in told} == {"441402"}  # the household place's duty (R091)


async def test_what_ran_out_is_followed_up_with_the_named_contact_of_the_nearest_level(town: Town) -> None:
    """R101, R181."""
    for division in ("440000", "441400"):
        await add_contact(
            duty=ContactDuty.LIAISON, division=division, name=f"联络员{division}", phone="000", kept_by="staff:s",
            verified_at=town.clock.now(),
        )  # fmt: skip
    await gone(town, "under_review", GUANGDONG)
    town.clock.turn(days=9)
    await warn_overdue(town.deps)
    (follow_up,) = await FollowUp.all().select_related("contact")
    assert follow_up.contact is not None
    assert follow_up.contact.name == "联络员441400"


async def test_a_clock_knows_whose_duty_it_is(town: Town) -> None:
    """R186: the unit that reported the receipt, and its county."""
    way = await gone(town, "under_review", GUANGDONG)
    review = await clock(way.number, ClockKind.REVIEW)
    assert (review.division, review.unit) == ("441402", "演示单位")
    whole = await clock(way.number, ClockKind.CARD_IN_HAND)
    assert (whole.division, whole.days) == ("440304", 60)


async def test_issued_and_not_packed_is_warned_of_after_a_working_day_and_stops_with_production(town: Town) -> None:
    """K9, R115."""
    late, quick = await gone(town, "issued"), await gone(town, "in_production")
    assert (await clock(quick.number, ClockKind.PACKING)).stopped_at is not None
    packing = await clock(late.number, ClockKind.PACKING)
    assert (packing.due_on, packing.stopped_at) == (date(2026, 9, 20), None)
    town.clock.set(date(2026, 9, 21), 0, 0)
    await warn_overdue(town.deps)
    kinds = [w.deadline.kind for w in await DeadlineWarning.all().select_related("deadline")]
    assert kinds.count(ClockKind.PACKING) == 1


async def test_a_case_that_ended_has_no_clock_running(town: Town) -> None:
    way = await gone(town, "under_review")
    await way.reported(ReportKind.ISSUANCE_REFUSED)
    assert await Deadline.filter(case__number=way.number, stopped_at=None).count() == 0
    assert {one.stopped_on for one in await Deadline.filter(case__number=way.number)} == {FRIDAY}


async def test_a_year_nobody_knows_is_told_to_the_operator_and_filled_in_later(town: Town) -> None:
    town.clock.set(date(2026, 12, 30))
    way = await gone(town, "under_review", GUANGDONG)
    waiting = await clock(way.number, ClockKind.REVIEW)
    assert (waiting.due_on, waiting.missing_year) == (None, 2027)
    assert [(task.kind, task.subject) for task in await open_tasks()] == [(CALENDAR_MISSING, "2027")]
    assert await warn_overdue(town.deps) == 0
    told = town.knowing(2027, date(2027, 1, 1))
    assert await fill_calendars(told.deps) > 0
    assert (await clock(way.number, ClockKind.REVIEW)).due_on == date(2027, 1, 5)
    assert await open_tasks() == []


async def test_the_later_check_is_reminded_of_on_the_days_of_the_rule(town: Town) -> None:
    """K5, R122: working days 5, 20 and 28."""
    way = await gone(town, "arrived")
    await way.release(CollectorKind.PROXY)
    sent = []
    for _ in range(50):
        await remind_of_checks(town.deps)
        await remind_of_checks(town.deps)
        sent.append(await Notice.filter(kind=NoticeKind.CHECK_DUE).count())
        town.clock.turn(days=1)
    assert sent[-1] == 4  # at the release, and three times after it
    assert [day for day in range(1, 50) if sent[day] > sent[day - 1]] == [6, 34, 46]


# --- an application nobody goes on with (T20) ---


async def test_an_idle_application_is_told_of_and_lapses_and_no_longer_stands_in_the_way(town: Town) -> None:
    way = await gone(town, "open", ADULT)
    town.clock.turn(days=82)
    assert await lapse_idle(town.deps) == 0
    town.clock.turn(days=2)
    assert [await lapse_idle(town.deps) for _ in range(2)] == [1, 0]
    assert await Notice.filter(kind=NoticeKind.CASE_LAPSING).count() == 1
    town.clock.turn(days=7)
    assert await lapse_idle(town.deps) == 0  # the last day itself is still the person's
    town.clock.turn(days=1)
    assert await lapse_idle(town.deps) == 1
    assert (await Case.get(number=way.number)).state is CaseState.LAPSED
    assert await Notice.filter(kind=NoticeKind.CASE_LAPSED).count() == 1
    await deliver_due(town.deps)
    assert town.sms.about("自动结束")
    again = await (await set_out(town, ADULT, citizen=way.citizen, facts=None)).until("open")
    assert again.number != way.number


async def test_whatever_happens_to_an_application_begins_the_count_anew(town: Town) -> None:
    way = await gone(town, "open", ADULT)
    town.clock.turn(days=84)
    assert await lapse_idle(town.deps) == 1
    await way.book()
    town.clock.turn(days=20)
    assert await lapse_idle(town.deps) == 0
    assert (await Case.get(number=way.number)).state is CaseState.OPEN


async def test_nobody_lapses_untold_however_long_the_job_stood_still(town: Town) -> None:
    way = await gone(town, "open", ADULT)
    town.clock.turn(days=400)
    await lapse_idle(town.deps)
    assert (await Case.get(number=way.number)).state is CaseState.OPEN


async def test_a_case_past_the_counter_never_lapses(town: Town) -> None:
    await gone(town, "accepted")
    town.clock.turn(days=400)
    assert await lapse_idle(town.deps) == 0
