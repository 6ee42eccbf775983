"""Opening hours cut into slots (R013)."""

from datetime import date, time, timedelta

from domain.calendar import load_calendar
from domain.local_time import SHANGHAI
from domain.slot import Opening, Schedule, slots_on

CALENDAR = load_calendar()
WEEK = tuple(Opening(weekday, time(9), time(11, 45)) for weekday in range(5))
AFTERNOONS = tuple(Opening(weekday, time(14), time(15)) for weekday in range(5))
OFFICE = Schedule(
    openings=AFTERNOONS + WEEK, slot_minutes=30, capacity=2, open_from=date(2026, 3, 2), closed_on_rest_days=True
)


def starts(schedule: Schedule, day: date) -> list[str]:
    return [f"{start:%H:%M}" for start, _ in slots_on(schedule, day, CALENDAR)]


def test_a_day_is_cut_into_whole_slots_in_order() -> None:
    assert starts(OFFICE, date(2026, 11, 20)) == ["09:00", "09:30", "10:00", "10:30", "11:00", "14:00", "14:30"]


def test_slots_are_aware_and_last_as_long_as_the_schedule_says() -> None:
    slots = slots_on(OFFICE, date(2026, 11, 20), CALENDAR)
    assert {end - start for start, end in slots} == {timedelta(minutes=30)}
    assert {start.tzinfo for start, _ in slots} == {SHANGHAI}


def test_holidays_are_closed_and_make_up_days_have_mondays_hours() -> None:
    assert starts(OFFICE, date(2026, 10, 1)) == []
    assert starts(OFFICE, date(2026, 11, 21)) == []
    assert starts(OFFICE, date(2026, 10, 10)) == starts(OFFICE, date(2026, 10, 12))


def test_a_point_that_also_opens_on_rest_days_keeps_its_own_hours() -> None:
    daily = Schedule(
        openings=(*WEEK, Opening(5, time(9), time(10))),
        slot_minutes=30,
        capacity=1,
        open_from=None,
        closed_on_rest_days=False,
    )
    assert starts(daily, date(2026, 11, 21)) == ["09:00", "09:30"]
    assert starts(daily, date(2026, 11, 22)) == []
    assert starts(daily, date(2026, 10, 1)) == starts(daily, date(2026, 11, 19))


def test_nothing_is_open_before_the_first_day_of_service() -> None:
    assert starts(OFFICE, date(2026, 3, 1)) == []
    assert starts(OFFICE, date(2026, 2, 27)) == []
    assert starts(OFFICE, date(2026, 3, 2)) != []


def test_a_year_without_a_holiday_notice_falls_back_to_plain_weekdays() -> None:
    unknown = max(CALENDAR.known_years) + 1
    monday = next(d for n in range(7) if (d := date(unknown, 6, 1) + timedelta(days=n)).weekday() == 0)
    assert starts(OFFICE, monday) != []
    assert starts(OFFICE, monday + timedelta(days=5)) == []
