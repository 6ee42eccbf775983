"""Visits that were booked and not kept: counted, and only where a rule value says so punished (D18, B84)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_MONTH_DAYS = 183 / 6


@dataclass(frozen=True)
class NoShowRule:
    """How long a missed visit counts, and what follows: nothing while ``strikes`` and ``weekly_cap`` are None."""

    grace: timedelta
    counted: timedelta
    strikes: int | None
    blocked: timedelta
    weekly_cap: int | None


def months(count: int) -> timedelta:
    """Half a year is 183 days, and other numbers of months in proportion."""
    return timedelta(days=round(count * _MONTH_DAYS))


def counted_misses(rule: NoShowRule, missed: Sequence[datetime], now: datetime) -> tuple[datetime, ...]:
    """The missed visits that have not expired, oldest first."""
    return tuple(at for at in sorted(missed) if at > now - rule.counted)


def blocked_until(rule: NoShowRule, missed: Sequence[datetime], now: datetime) -> datetime | None:
    """Until when a person may not book online; None where nothing stands against it.

    The block begins with the visit that made the number full, and ends by itself.
    """
    if rule.strikes is None:
        return None
    counted = counted_misses(rule, missed, now)
    if len(counted) < rule.strikes:
        return None
    until = counted[-1] + rule.blocked
    return until if until > now else None
