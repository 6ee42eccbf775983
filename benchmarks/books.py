"""The books after a load, in plain SQL, so that the product does not vouch for itself."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from benchmarks.town import on_postgres
from benchmarks.wire import Answer

_LIVE = "SELECT c.number FROM booking b JOIN service_case c ON c.id = b.case_id WHERE b.ended_at IS NULL"
_OVERSOLD = """
    SELECT s.id FROM slot s LEFT JOIN booking b ON b.slot_id = s.id AND b.ended_at IS NULL
    GROUP BY s.id, s.capacity, s.taken HAVING COUNT(b.id) > s.capacity OR COUNT(b.id) <> s.taken"""
_TWICE = "SELECT case_id FROM booking WHERE ended_at IS NULL GROUP BY case_id HAVING COUNT(*) > 1"


@dataclass
class Verdict:
    """What must be zero, or the run is void; and what was promised to whom."""

    oversold: int = 0
    lost: int = 0
    errors: int = 0
    unanswered: int = 0
    surprises: dict[str, int] = field(default_factory=dict)
    promised: set[str] = field(default_factory=set)

    @property
    def void(self) -> bool:
        """Whether no figure of the run counts."""
        return bool(self.oversold or self.lost or self.errors or self.unanswered)

    def hear(self, number: str, answer: Answer | None) -> bool:
        """Note one answer to a booking; True when it was confirmed."""
        if answer is None:
            self.unanswered += 1
            return False
        if answer.status >= 500:
            self.errors += 1
        if answer.status == 200:
            self.promised.add(number)
            return True
        code = f"{answer.status} {answer.json.get('code')}"
        self.surprises[code] = self.surprises.get(code, 0) + 1
        return False


async def check(url: str, verdict: Verdict) -> None:
    """Count places sold twice and confirmed bookings that are not there."""
    verdict.oversold += len(await _rows(url, _OVERSOLD)) + len(await _rows(url, _TWICE))
    verdict.lost += len(verdict.promised - set(await _rows(url, _LIVE)))


async def _rows(url: str, query: str) -> list[Any]:
    if url.startswith("postgres"):
        return [row[0] for row in await on_postgres(url, query)]
    with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as connection:
        return [row[0] for row in connection.execute(query)]
