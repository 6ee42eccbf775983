"""Missed visits: counted for a while, and followed by nothing unless a value says so (D18, B84)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from domain.no_show import NoShowRule, blocked_until, counted_misses, months

NOW = datetime(2026, 9, 18, tzinfo=UTC)
OFF = NoShowRule(timedelta(hours=2), months(6), None, timedelta(days=30), None)
THREE = replace(OFF, strikes=3)


def days_ago(*days: int) -> list[datetime]:
    return [NOW - timedelta(days=day) for day in days]


def test_half_a_year_is_183_days() -> None:
    assert months(6) == timedelta(days=183)
    assert months(12) == timedelta(days=366)


def test_a_missed_visit_expires() -> None:
    assert counted_misses(OFF, days_ago(1, 183, 182), NOW) == tuple(days_ago(182, 1))


def test_nobody_is_blocked_while_no_number_is_set() -> None:
    assert blocked_until(OFF, days_ago(1, 2, 3, 4, 5), NOW) is None


def test_the_block_begins_with_the_last_missed_visit_and_ends_by_itself() -> None:
    assert blocked_until(THREE, days_ago(9, 5), NOW) is None
    assert blocked_until(THREE, days_ago(9, 5, 1), NOW) == NOW + timedelta(days=29)
    assert blocked_until(THREE, days_ago(90, 60, 30), NOW) is None
    assert blocked_until(THREE, days_ago(200, 5, 1), NOW) is None
