"""Clock arithmetic of the law (B10, D2, D10): the start day isn't counted, a guess is never given."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from domain.calendar import CalendarMissing, WorkCalendar
from domain.local_time import SHANGHAI
from domain.terms import DayKind


@dataclass(frozen=True)
class Deadline:
    """The last day of a time limit, or the year whose holiday notice is missing to tell it."""

    due_on: date | None
    missing_year: int | None

    @property
    def overdue_from(self) -> datetime | None:
        """The first instant after the close of the last day (D10), aware."""
        return overdue_from(self.due_on) if self.due_on else None


def due_day(start: date, days: int, kind: DayKind, calendar: WorkCalendar) -> date:
    """The last day of a time limit of ``days`` beginning on ``start``, which itself isn't counted (民法典 201, B10).

    Calendar days that end on a rest day end on the next working day (民法典 203). Raises CalendarMissing when the
    working days of a year it needs aren't known; ValueError for a limit of no days.
    """
    if days < 1:
        raise ValueError("a time limit has at least one day")
    if kind is DayKind.CALENDAR:
        return calendar.next_working_day(start + timedelta(days=days))
    day = start
    for _ in range(days):
        day = calendar.next_working_day(day + timedelta(days=1))
    return day


def deadline(start: date, days: int, kind: DayKind, calendar: WorkCalendar) -> Deadline:
    """Like ``due_day``; an unknown calendar year becomes part of the answer."""
    try:
        return Deadline(due_on=due_day(start, days, kind, calendar), missing_year=None)
    except CalendarMissing as missing:
        return Deadline(due_on=None, missing_year=missing.year)


def overdue_from(due_on: date) -> datetime:
    """A limit is passed at the first instant after the close of its last day (D10), Chinese time."""
    return datetime.combine(due_on + timedelta(days=1), time.min, tzinfo=SHANGHAI)
