"""Working days: weekends, statutory holidays and make-up days, known year by year from State Council notices (B11)."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files

import chinese_calendar
from chinese_calendar import constants

_SATURDAY = 5


class CalendarMissing(Exception):
    """Nobody can know the working days of ``year`` yet: the State Council notice for it isn't in our data."""

    def __init__(self, year: int) -> None:
        super().__init__(f"the State Council notice on the holidays of {year} is missing from domain/data")
        self.year = year


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """Working days of the known years. ``noticed`` are days that a notice in our own data settles."""

    known_years: frozenset[int]
    noticed: Mapping[date, bool]

    def is_working_day(self, day: date) -> bool:
        """True for ordinary weekdays and make-up days. Raises CalendarMissing outside the known years: no guess."""
        if day.year not in self.known_years:
            raise CalendarMissing(day.year)
        settled = self.noticed.get(day)
        if settled is not None:
            return settled
        return bool(chinese_calendar.is_workday(day)) if _library_knows(day.year) else is_plain_weekday(day)

    def next_working_day(self, day: date) -> date:
        """The day itself when it is a working day, else the first one after it."""
        while not self.is_working_day(day):
            day += timedelta(days=1)
        return day


def is_plain_weekday(day: date) -> bool:
    """Monday to Friday, holidays or not: only ever good for opening hours."""
    return day.weekday() < _SATURDAY


def load_calendar() -> WorkCalendar:
    """The library's years together with the notices kept in ``domain/data/holiday_notices.csv``."""
    noticed = dict(_notices())
    library = range(min(constants.holidays).year, max(constants.holidays).year + 1)
    return WorkCalendar(known_years=frozenset(library) | {day.year for day in noticed}, noticed=noticed)


def _library_knows(year: int) -> bool:
    return bool(min(constants.holidays).year <= year <= max(constants.holidays).year)


def _notices() -> list[tuple[date, bool]]:
    with files("domain.data").joinpath("holiday_notices.csv").open(encoding="utf-8") as lines:
        return [pair for row in csv.DictReader(lines) for pair in _days(row)]


def _days(row: Mapping[str, str]) -> list[tuple[date, bool]]:
    first, last = date.fromisoformat(row["first"]), date.fromisoformat(row["last"])
    return [(first + timedelta(days=n), row["kind"] == "working") for n in range((last - first).days + 1)]
