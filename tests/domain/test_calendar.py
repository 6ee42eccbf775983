"""Working days by the State Council's notices (B11)."""

from datetime import date, timedelta

import chinese_calendar
import pytest

from domain.calendar import CalendarMissing, WorkCalendar, load_calendar

CALENDAR = load_calendar()


@pytest.mark.parametrize("day", [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)])
def test_the_make_up_weekends_of_2026_are_worked(day: tuple[int, int]) -> None:
    made_up = date(2026, *day)
    assert made_up.weekday() >= 5
    assert CALENDAR.is_working_day(made_up)


@pytest.mark.parametrize("day", [(1, 1), (2, 16), (2, 23), (4, 6), (5, 5), (6, 19), (9, 25), (10, 7), (11, 21)])
def test_holidays_and_weekends_of_2026_are_not_worked(day: tuple[int, int]) -> None:
    assert not CALENDAR.is_working_day(date(2026, *day))


def test_the_notice_kept_as_data_and_the_library_agree_on_every_day_of_2026() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [d for d in days if CALENDAR.is_working_day(d) != chinese_calendar.is_workday(d)] == []


def test_a_year_without_a_notice_is_refused_by_name() -> None:
    for year in (2003, max(CALENDAR.known_years) + 1):
        with pytest.raises(CalendarMissing) as caught:
            CALENDAR.is_working_day(date(year, 6, 1))
        assert caught.value.year == year


def test_a_new_notice_as_data_makes_its_year_known() -> None:
    holiday, made_up = date(2031, 10, 1), date(2031, 10, 11)
    calendar = WorkCalendar(known_years=frozenset({2031}), noticed={holiday: False, made_up: True})
    assert not calendar.is_working_day(holiday)
    assert calendar.is_working_day(made_up)
    assert calendar.is_working_day(date(2031, 10, 13))
    assert not calendar.is_working_day(date(2031, 10, 12))
