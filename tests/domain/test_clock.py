"""The table of clocks (C2): how long each runs by which place, and what starts and stops it."""

from datetime import date

import pytest

from domain.calendar import load_calendar
from domain.clock import CLOCKS, Limit, day_ahead, limit_of, started_by, stopped_by
from domain.division import find_division
from domain.policy.loader import load_rulebook
from domain.terms import CaseEventKind, ClockKind, DayKind, ServiceItem, Watcher

BOOK = load_rulebook()
RULES = BOOK.on(date(2026, 11, 20))
GUANGDONG, JIANGXI, HUNAN = "441402", "360702", "430102"


@pytest.mark.parametrize(
    ("kind", "household", "limit"),
    [
        (ClockKind.REVIEW, GUANGDONG, Limit(3, DayKind.WORKING)),  # K1, R090
        (ClockKind.REVIEW, JIANGXI, Limit(5, DayKind.CALENDAR)),  # K2, R093
        (ClockKind.REVIEW, HUNAN, None),  # K3, R101: no source gives days
        (ClockKind.CERTIFICATE_CHECK, HUNAN, Limit(5, DayKind.WORKING)),  # K4, R165
        (ClockKind.COLLECTION_CHECK, HUNAN, Limit(30, DayKind.WORKING)),  # K5, R122
        (ClockKind.CARD_IN_HAND, HUNAN, Limit(60, DayKind.CALENDAR)),  # K6, B04
        (ClockKind.TEMPORARY_CARD, HUNAN, Limit(3, DayKind.CALENDAR)),  # K7, B20
        (ClockKind.PACKING, HUNAN, Limit(1, DayKind.WORKING)),  # K9, R115
    ],
)
def test_every_clock_has_the_length_its_rule_gives(kind: ClockKind, household: str, limit: Limit | None) -> None:
    assert limit_of(RULES, kind, find_division(household)) == limit


def test_every_clock_stands_in_the_table_and_somebody_is_warned_of_it() -> None:
    assert set(CLOCKS) == set(ClockKind)
    assert all(clock.warned for clock in CLOCKS.values())


def test_a_review_that_ran_out_is_told_to_reviewer_station_head_and_supervisor_and_followed_up() -> None:
    """K1, K4: R090, R101, R186."""
    for kind in (ClockKind.REVIEW, ClockKind.CERTIFICATE_CHECK):
        clock = CLOCKS[kind]
        assert set(clock.warned) == {Watcher.REVIEWER, Watcher.STATION_HEAD, Watcher.SUPERVISOR}
        assert clock.ahead
        assert clock.followed_up


def test_an_event_starts_the_clocks_of_its_own_item_only() -> None:
    card, paper = ServiceItem.ID_CARD_FIRST_APPLICATION, ServiceItem.HOUSEHOLD_CERTIFICATE
    assert started_by(CaseEventKind.REVIEW_STARTED, card) == (ClockKind.REVIEW,)
    assert started_by(CaseEventKind.REVIEW_STARTED, paper) == (ClockKind.CERTIFICATE_CHECK,)
    assert ClockKind.REVIEW in stopped_by(CaseEventKind.ISSUANCE_REFUSED)


@pytest.mark.parametrize(
    ("due", "ahead"),
    [
        (date(2026, 9, 22), date(2026, 9, 21)),
        (date(2026, 9, 21), date(2026, 9, 20)),  # a Sunday that is worked
        (date(2026, 10, 8), date(2026, 9, 30)),  # a week of holidays between
        (date(2003, 1, 1), None),  # before the calendar begins
    ],
)
def test_the_word_ahead_falls_on_the_working_day_before(due: date, ahead: date | None) -> None:
    assert day_ahead(due, load_calendar()) == ahead
