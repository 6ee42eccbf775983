"""The visit itself: reminded of, taken along, missed and counted, and re-checked when rules or ages change."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from casework.count_no_shows import appeal, appeals_here, count_no_shows, my_visits, settle_appeal
from casework.notify import deliver_due
from casework.print_visit import visit_calendar, visit_page
from casework.recheck_visits import recheck_visits
from casework.track import my_notices
from domain.policy.rule import Rulebook
from domain.terms import NoticeKind
from models.case import Case
from models.slot import Booking
from tests.casework.booking import MONDAY, booked, cancelled, opened, what_does_not_add_up
from tests.casework.refused import refused
from tests.casework.town import JIUJIANG, NANCHANG, SMALL, Town
from tests.casework.way import MINOR, Way, gone, set_out


def ruled(town: Town, rule: str, **fields: object) -> Town:
    """The town under another rule value."""
    book: Rulebook = town.deps.rulebook
    old = book.rules[rule]
    rows = tuple(
        replace(row, values=tuple(replace(value, fields={**(value.fields or {}), **fields}) for value in row.values))
        for row in old.rows
    )
    changed = replace(book, rules={**book.rules, rule: replace(old, rows=rows)})
    return replace(town, deps=replace(town.deps, rulebook=changed))


async def kinds(way: Way) -> list[NoticeKind]:
    return [notice.kind for notice in await my_notices(way.deps, way.citizen, way.number)]


async def missed(town: Town, count: int = 1) -> Way:
    """Somebody who did not come, so many days running."""
    way = await opened(town)
    for number in range(count):
        day = MONDAY + timedelta(days=number)
        await booked(way, 10, day=day)
        town.clock.set(day, 13)
        assert await count_no_shows(town.deps) == 1, number
    return way


async def test_a_visit_is_reminded_of_the_day_before_and_the_same_morning(town: Town) -> None:
    town.clock.set(date(2026, 9, 18))
    way = await opened(town)
    await booked(way)
    await deliver_due(town.deps)
    assert len(town.sms.about("提醒")) == 0
    for day, hour, minute, sent in ((20, 17, 59, 0), (20, 18, 0, 1), (21, 7, 30, 2)):
        town.clock.set(MONDAY.replace(day=day), hour, minute)
        await deliver_due(town.deps)
        assert len(town.sms.about("提醒")) == sent


async def test_nobody_is_reminded_of_a_visit_that_was_moved_or_cancelled(town: Town) -> None:
    way, other = await opened(town), await opened(town)
    for one in (way, other):
        await booked(one)
    await booked(way, 10, day=MONDAY.replace(day=22))
    await cancelled(other)
    town.clock.set(MONDAY, 8)
    await deliver_due(town.deps)
    assert town.sms.about("提醒") == []
    town.clock.set(MONDAY.replace(day=22), 8)
    await deliver_due(town.deps)
    assert len(town.sms.about("提醒")) == 2
    assert NoticeKind.VISIT_REMINDER in await kinds(way)
    assert NoticeKind.VISIT_REMINDER not in await kinds(other)


async def test_who_came_is_reminded_of_nothing(town: Town) -> None:
    way = await gone(town, "checked_in")
    town.clock.turn(hours=12)
    await deliver_due(town.deps)
    assert NoticeKind.VISIT_REMINDER not in await kinds(way)


async def test_a_visit_not_kept_is_counted_after_the_grace_and_told_kindly(town: Town) -> None:
    way = await opened(town)
    await booked(way)
    town.clock.set(MONDAY, 12, 59)
    assert await count_no_shows(town.deps) == 0
    town.clock.set(MONDAY, 13)
    assert await count_no_shows(town.deps) == 1
    assert await count_no_shows(town.deps) == 0
    assert (await kinds(way)).count(NoticeKind.VISIT_MISSED) == 1
    visits = await my_visits(town.deps, way.citizen)
    assert (visits.counted, visits.upcoming, visits.blocked_until) == (1, (), None)
    assert await what_does_not_add_up() == []


async def test_who_books_anew_before_the_sweep_missed_the_old_visit_all_the_same(town: Town) -> None:
    way = await opened(town)
    await booked(way)
    town.clock.set(MONDAY, 14)
    await booked(way, 15)
    assert (await my_visits(town.deps, way.citizen)).counted == 1
    assert await what_does_not_add_up() == []


async def test_who_came_missed_nothing(town: Town) -> None:
    way = await gone(town, "checked_in")
    town.clock.turn(days=2)
    assert await count_no_shows(town.deps) == 0
    assert (await my_visits(town.deps, way.citizen)).counted == 0


async def test_missed_visits_block_nobody_unless_a_rule_value_says_so(town: Town) -> None:
    """D18."""
    way = await missed(town, 4)
    assert (await booked(way, 10, day=date(2026, 9, 28))).booking is not None


async def test_strikes_block_for_a_time_and_expire(town: Town) -> None:
    """B84: three in half a year."""
    strict = ruled(town, "no_show", strikes=3, block_days=30)
    way = replace(await missed(strict, 3), town=strict)
    day = strict.deps.today() + timedelta(days=1)
    with refused("booking_blocked"):
        await booked(way, 10, day=day)
    assert (await my_visits(strict.deps, way.citizen)).blocked_until is not None
    town.clock.turn(days=30)
    assert (await booked(way, 10, day=date(2026, 10, 26))).booking is not None
    town.clock.turn(days=200)
    assert (await my_visits(strict.deps, way.citizen)).counted == 0


async def test_a_weekly_cap_counts_every_booking(town: Town) -> None:
    strict = ruled(town, "no_show", weekly_cap=2)
    way = await opened(strict)
    await booked(way, 10)
    await booked(way, 11)
    with refused("bookings_too_often", most=2):
        await booked(way, 12)
    town.clock.turn(days=7, seconds=1)
    assert (await booked(way, 12, day=date(2026, 9, 28))).booking is not None


async def test_an_appeal_is_read_at_the_station_and_a_granted_one_takes_the_visit_off_the_count(town: Town) -> None:
    way = await missed(town)
    (visit,) = (await my_visits(town.deps, way.citizen)).missed
    assert (await appeal(town.deps, way.citizen, visit.id, "当天到过窗口，排队时间较长")).counted == 0
    with refused("appeal_exists"):
        await appeal(town.deps, way.citizen, visit.id, "再说一次")
    assert await appeals_here(town.deps, await town.clerk(NANCHANG)) == ()
    clerk = await town.clerk(SMALL)
    (line,) = await appeals_here(town.deps, clerk)
    assert line.text == "当天到过窗口，排队时间较长"
    with refused("appeal_not_found"):
        await settle_appeal(town.deps, await town.clerk(NANCHANG), line.id, granted=True)
    await settle_appeal(town.deps, clerk, line.id, granted=False)
    assert (await my_visits(town.deps, way.citizen)).counted == 1
    with refused("appeal_not_found"):
        await settle_appeal(town.deps, clerk, line.id, granted=True)


async def test_one_appeals_only_against_one_s_own_missed_visit(town: Town) -> None:
    way, other = await missed(town), await opened(town)
    (visit,) = (await my_visits(town.deps, way.citizen)).missed
    with refused("visit_not_found"):
        await appeal(town.deps, other.citizen, visit.id, "不是我的")


async def test_an_age_that_changes_before_the_visit_is_found_at_night_and_told_once(town: Town) -> None:
    """T10: booked lawfully, then the rules of the day of the visit say no."""
    way = await set_out(town, replace(MINOR, birth=date(2010, 9, 22)))
    await way.open()
    await booked(way, 10, point=JIUJIANG)
    assert await recheck_visits(town.deps) == 0
    await Booking.filter(ended_at=None).update(plan={"who": ["applicant"], "bring": ["旧清单"], "letter": None})
    assert await recheck_visits(town.deps) == 1
    assert await recheck_visits(town.deps) == 0
    assert (await kinds(way)).count(NoticeKind.VISIT_CHANGED) == 1


async def test_a_rule_that_closes_the_way_is_told_with_what_to_do(town: Town) -> None:
    way = await opened(town)
    await booked(way)
    stopped = ruled(town, "availability", status="pilot")
    assert await recheck_visits(stopped.deps) == 1
    assert await recheck_visits(stopped.deps) == 0
    text = next(
        n.text for n in await my_notices(town.deps, way.citizen, way.number) if n.kind is NoticeKind.VISIT_CHANGED
    )
    assert "情况有变化" in text


async def test_a_letter_that_no_longer_fits_its_signature_is_to_be_signed_again(town: Town) -> None:
    """What was signed has changed since: the digest no longer binds it, and the person is told before the visit."""
    way = await gone(town, "signed")
    town.clock.turn(hours=-1)
    case = await Case.get(number=way.number)
    await Case.filter(id=case.id).update(form={**case.form, "phone": "13800000009"})
    assert await recheck_visits(town.deps) == 1
    notices = await my_notices(town.deps, way.citizen, way.number)
    text = next(notice.text for notice in notices if notice.kind is NoticeKind.VISIT_CHANGED)
    assert "重新阅读并签署" in text


@pytest.mark.parametrize("kind", ["adult", "minor"])
async def test_the_calendar_file_is_whole_and_says_nobody_s_name(kind: str, town: Town) -> None:
    way = await opened(town, MINOR) if kind == "minor" else await opened(town)
    await booked(way, 10, point=way.kind.point)
    text = await visit_calendar(town.deps, way.citizen, way.number)
    lines = text.split("\r\n")
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert "DTSTART:20260921T020000Z" in lines
    assert "DTEND:20260921T030000Z" in lines
    assert all(len(line.encode()) <= 75 for line in lines)
    unfolded = text.replace("\r\n ", "")
    assert "示例" not in unfolded
    assert way.number not in unfolded
    assert ("监护人须一同到场" in unfolded) is (kind == "minor")


async def test_the_slip_says_where_when_and_what_to_bring_and_masks_the_name(town: Town) -> None:
    way = await opened(town)
    with refused("booking_not_found"):
        await visit_page(town.deps, way.citizen, way.number)
    await booked(way)
    page = await visit_page(town.deps, way.citizen, way.number)
    for said in ("2026年9月21日 10:00", "演示路1号", "居民户口簿", way.number, "示**"):
        assert said in page
    assert "示例甲" not in page
