"""Clock arithmetic: start day not counted, rest-day rule, no guess beyond the known years (B10, D2, D10)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import CalendarMissing, load_calendar
from domain.deadline import Deadline, deadline, due_day
from domain.terms import DayKind

CALENDAR = load_calendar()
LAST_KNOWN = max(CALENDAR.known_years)
STARTS = st.dates(min_value=date(2005, 1, 1), max_value=date(2026, 6, 30))
WORKING, CALENDAR_DAYS = DayKind.WORKING, DayKind.CALENDAR


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 9, 18), date(2026, 9, 22)),
        (date(2026, 9, 30), date(2026, 10, 10)),
        (date(2026, 2, 12), date(2026, 2, 24)),
    ],
)
def test_three_working_days_with_make_up_days(received: date, due: date) -> None:
    assert due_day(received, 3, WORKING, CALENDAR) == due


def test_past_the_known_calendar_the_answer_is_the_missing_year_and_never_a_guess() -> None:
    with pytest.raises(CalendarMissing) as caught:
        due_day(date(LAST_KNOWN, 11, 20), 30, WORKING, CALENDAR)
    assert caught.value.year == LAST_KNOWN + 1
    answer = deadline(date(LAST_KNOWN, 11, 20), 30, WORKING, CALENDAR)
    assert answer == Deadline(due_on=None, missing_year=LAST_KNOWN + 1)
    assert answer.overdue_from is None


def test_five_calendar_days_from_jiangxi_are_plain_days_unless_the_last_is_a_rest_day() -> None:
    assert due_day(date(2026, 11, 16), 5, CALENDAR_DAYS, CALENDAR) == date(2026, 11, 23)  # the 21st is a Saturday
    assert due_day(date(2026, 11, 13), 5, CALENDAR_DAYS, CALENDAR) == date(2026, 11, 18)
    assert due_day(date(2026, 9, 27), 5, CALENDAR_DAYS, CALENDAR) == date(2026, 10, 8)
    assert due_day(date(2026, 2, 9), 5, CALENDAR_DAYS, CALENDAR) == date(2026, 2, 14)  # a working Saturday


@given(STARTS, st.integers(1, 60))
def test_a_working_day_limit_holds_exactly_that_many_working_days_after_the_start(start: date, days: int) -> None:
    due = due_day(start, days, WORKING, CALENDAR)
    between = [start + timedelta(days=n) for n in range(1, (due - start).days + 1)]
    assert sum(map(CALENDAR.is_working_day, between)) == days
    assert CALENDAR.is_working_day(due)


@given(STARTS, st.integers(1, 60))
def test_a_calendar_limit_ends_on_the_first_working_day_not_before_its_last_day(start: date, days: int) -> None:
    due = due_day(start, days, CALENDAR_DAYS, CALENDAR)
    last = start + timedelta(days=days)
    assert CALENDAR.is_working_day(due)
    assert due >= last
    assert not any(CALENDAR.is_working_day(last + timedelta(days=n)) for n in range((due - last).days))


@given(STARTS, st.integers(1, 40), st.sampled_from(DayKind))
def test_a_later_start_or_a_longer_limit_never_ends_earlier(start: date, days: int, kind: DayKind) -> None:
    due = due_day(start, days, kind, CALENDAR)
    assert due_day(start + timedelta(days=1), days, kind, CALENDAR) >= due
    assert due_day(start, days + 1, kind, CALENDAR) >= due > start


def test_a_limit_is_passed_at_the_first_instant_after_its_last_day_in_china() -> None:
    answer = deadline(date(2026, 9, 18), 3, WORKING, CALENDAR)
    assert answer.overdue_from == datetime(2026, 9, 22, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("days", [0, -1])
def test_a_limit_of_no_days_is_an_error_of_the_caller(days: int) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        due_day(date(2026, 9, 18), days, WORKING, CALENDAR)
