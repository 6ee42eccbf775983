"""Opening hours cut into slots."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from domain.calendar import CalendarMissing, WorkCalendar, is_plain_weekday
from domain.local_time import SHANGHAI


@dataclass(frozen=True)
class Opening:
    """Open on a weekday (0 = Monday) from ``start`` to ``end``, Chinese time."""

    weekday: int
    start: time
    end: time


@dataclass(frozen=True)
class Schedule:
    """When an acceptance point serves: openings, minutes per slot, people per slot, first day of service (R013)."""

    openings: tuple[Opening, ...]
    slot_minutes: int
    capacity: int
    open_from: date | None
    closed_on_rest_days: bool


@lru_cache(2048)
def slots_on(schedule: Schedule, day: date, calendar: WorkCalendar) -> tuple[tuple[datetime, datetime], ...]:
    """Start and end of each slot of a day, aware in Asia/Shanghai; empty when the point is closed.

    A make-up Saturday or Sunday is served with Monday's hours. A slot that would outlast closing time isn't given.
    """
    if schedule.slot_minutes < 1:
        raise ValueError("a slot lasts at least one minute")
    if schedule.open_from is not None and day < schedule.open_from:
        return ()
    working = _works(day, calendar)
    if schedule.closed_on_rest_days and not working:
        return ()
    weekday = _weekday_hours(schedule, day, working=working)
    hours = sorted((o.start, o.end) for o in schedule.openings if o.weekday == weekday)
    return tuple(slot for start, end in hours for slot in _cut(day, start, end, schedule.slot_minutes))


def _works(day: date, calendar: WorkCalendar) -> bool:
    """For opening hours alone, a year without a notice falls back to plain weekdays."""
    try:
        return calendar.is_working_day(day)
    except CalendarMissing:
        return is_plain_weekday(day)


def _weekday_hours(schedule: Schedule, day: date, *, working: bool) -> int:
    has_own_hours = any(o.weekday == day.weekday() for o in schedule.openings)
    make_up_day = working and not is_plain_weekday(day)
    return 0 if make_up_day and not has_own_hours else day.weekday()


def _cut(day: date, start: time, end: time, minutes: int) -> Iterator[tuple[datetime, datetime]]:
    step = timedelta(minutes=minutes)
    at, closing = datetime.combine(day, start, tzinfo=SHANGHAI), datetime.combine(day, end, tzinfo=SHANGHAI)
    while at + step <= closing:
        yield at, at + step
        at += step
