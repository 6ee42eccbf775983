"""Time limits counted a second time, apart from the rooms: only the published holiday notices are shared."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import chinese_calendar

_NOTICES = Path(__file__).parents[2] / "domain" / "data" / "holiday_notices.csv"
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Limit:
    """So many days of a kind, by the rule of a source."""

    days: int
    kind: str


JIANGXI_REVIEW = Limit(5, "calendar")  # R093, D2
GUANGDONG_REVIEW = Limit(3, "working")  # R090
CERTIFICATE_CHECK = Limit(5, "working")  # R165
LATER_CHECK = Limit(30, "working")  # R122


def last_day(limit: Limit, start: date) -> tuple[date | None, int | None]:
    """The last day of a limit whose first day isn't counted, or the year whose holidays nobody has published yet."""
    try:
        return _last_day(limit, start), None
    except _UnknownYear as unknown:
        return None, unknown.year


class _UnknownYear(Exception):
    def __init__(self, year: int) -> None:
        super().__init__(year)
        self.year = year


def _last_day(limit: Limit, start: date) -> date:
    if limit.kind == "calendar":
        day = start + limit.days * _DAY
        while not _works(day):
            day += _DAY
        return day
    day, left = start, limit.days
    while left:
        day += _DAY
        left -= _works(day)
    return day


def _works(day: date) -> bool:
    noticed = dict(_noticed())
    if day in noticed:
        return noticed[day]
    if day.year in {each.year for each in noticed}:
        return day.isoweekday() < 6
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        raise _UnknownYear(day.year) from None


def _noticed() -> Iterator[tuple[date, bool]]:
    with _NOTICES.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            day = date.fromisoformat(row["first"])
            while day <= date.fromisoformat(row["last"]):
                yield day, row["kind"] == "working"
                day += _DAY
