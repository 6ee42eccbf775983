"""``python -m benchmarks.counter [--quick] [--json]``: what a scan at the counter costs (F7), as a ratio of one round.

A scan is the whole of it: the clerk's session, CSRF, the form, the code's check characters, the rules of the day, the
visit's event, the single-use UPDATE, booking and reminders ended, the audit entry, in one transaction. It is divided by
pgbench's conditional UPDATE and INSERT of the same round, 8 connections. Then one code is scanned by 50 at once, again
and again: one wins. A second winner, a 5xx or a request without an answer voids the run (exit code 1).
"""

import argparse
import asyncio
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode

from benchmarks import anchors
from benchmarks.town import SPREAD, Somebody, Town, on_postgres, town
from benchmarks.wire import Answer, Line, lines
from casework.secret import hashed
from casework.settings import load_settings
from domain.handoff import new_code
from domain.terms import StaffRole
from models.case import Case
from models.db import KeyRing, open_database
from models.handoff import HandoffCode
from models.place import find_point
from models.slot import Booking, Slot
from models.staff import Staff, StaffSession

POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
CLIENTS, RIVALS = 16, 50
MOST_PER_SECOND = 3500  # codes put in for each second of measuring: above what is reached today
TARGET = ">= 0.40, p99 <= 10 ms, one winner each time"
_COOKIE = "__Host-tongban-console"
_BATCH = 500


@dataclass(frozen=True)
class Plan:
    """How long and how often."""

    seconds: float
    rounds: int
    races: int


QUICK, WHOLE = Plan(1.0, 1, 5), Plan(5.0, 5, 100)


@dataclass(frozen=True)
class Clerk:
    """A browser session of a clerk."""

    token: str
    csrf: str

    def scan(self, code: str) -> bytes:
        """The request of one scan."""
        body = urlencode({"csrf_token": self.csrf, "code": code}).encode()
        head = (
            "POST /scan HTTP/1.1", "Host: 127.0.0.1", f"Cookie: {_COOKIE}={self.token}",
            "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}", "", "",
        )  # fmt: skip
        return "\r\n".join(head).encode() + body


@dataclass
class Heard:
    """What came back, and how long each answer took."""

    statuses: dict[int, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    unanswered: int = 0

    def note(self, answer: Answer | None, took: float) -> bool:
        """True for a scan that opened its case."""
        if answer is None:
            self.unanswered += 1
            return False
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        self.seconds.append(took)
        return answer.status == 303

    @property
    def errors(self) -> int:
        """Answers that say that the server failed."""
        return sum(times for status, times in self.statuses.items() if status >= 500)

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share of the answers came."""
        ordered = sorted(self.seconds)
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) if ordered else 0.0


async def measure(plan: Plan, postgres: str) -> dict[str, Any]:
    """F7 in a fresh town."""
    people = int(MOST_PER_SECOND * (plan.seconds * plan.rounds + 1)) + plan.races
    with tempfile.TemporaryDirectory(prefix="tongban-bench-") as made:
        folder = Path(made)
        async with town(folder, people, postgres) as served:
            clerks, codes = await _prepare(served, folder, people)
            console = json.loads((folder / "var" / "serving.json").read_text(encoding="utf-8"))["console_url"]
            await anchors.make_tables(served.url)
            await on_postgres(served.url, "ANALYZE")
            return await _measured(plan, served, folder, console, clerks, codes)


async def _measured(
    plan: Plan, served: Town, folder: Path, console: str, clerks: list[Clerk], codes: Iterator[str]
) -> dict[str, Any]:
    heard, ratios, products, anchor = Heard(), [], [], []
    await _rate(console, clerks, codes, 0.5, Heard())
    for _ in range(plan.rounds):
        product = await _rate(console, clerks, codes, plan.seconds, heard)
        below = await anchors.postgres_rate(served.url, plan.seconds, folder, hot=False)
        products.append(product)
        anchor.append(below)
        ratios.append(product / below)
    races = Heard()
    winners = [await _race(console, clerks, next(codes), races) for _ in range(plan.races)]
    twice = await on_postgres(
        served.url, "SELECT case_id FROM case_event WHERE kind = 'checked_in' GROUP BY case_id HAVING COUNT(*) > 1"
    )
    void = bool(heard.errors or heard.unanswered or races.errors or races.unanswered or twice)
    void = void or any(one != 1 for one in winners)
    return {
        "ratio": round(median(ratios), 4), "min": round(min(ratios), 4), "max": round(max(ratios), 4),
        "rounds": plan.rounds, "product": round(median(products), 1), "denominator": round(median(anchor), 1),
        "denominator_is": anchors.postgres_tool(), "p50_ms": heard.percentile(0.5), "p99_ms": heard.percentile(0.99),
        "races": plan.races, "races_with_one_winner": winners.count(1), "checked_in_twice": len(twice),
        "answers": heard.statuses, "errors": heard.errors + races.errors,
        "unanswered": heard.unanswered + races.unanswered, "target": TARGET, "void": void,
        "load_average": os.getloadavg()[0], "cores": os.cpu_count(),
    }  # fmt: skip


async def _rate(console: str, clerks: list[Clerk], codes: Iterator[str], seconds: float, heard: Heard) -> float:
    """Cases opened per second by clients who scan one code after another."""
    opened, clock = 0, time.monotonic

    async def one_after_another(line: Line, clerk: Clerk) -> None:
        nonlocal opened
        while clock() - began < seconds and (code := next(codes, "")):
            asked = clock()
            done = heard.note(await _answer(line, clerk.scan(code)), clock() - asked)
            opened += done

    async with lines(console, CLIENTS) as open_lines:
        began = clock()
        await asyncio.gather(*map(one_after_another, open_lines, clerks))
        return opened / (clock() - began)


async def _race(console: str, clerks: list[Clerk], code: str, heard: Heard) -> int:
    """How many of 50 who scan one code at once get in."""
    async with lines(console, RIVALS) as open_lines:
        began = time.monotonic()
        answers = await asyncio.gather(
            *(_answer(line, clerks[at % CLIENTS].scan(code)) for at, line in enumerate(open_lines))
        )
        return sum(heard.note(answer, time.monotonic() - began) for answer in answers)


async def _answer(line: Line, asked: bytes) -> Answer | None:
    with suppress(OSError):
        return await line.ask(asked)
    return None


async def _prepare(served: Town, folder: Path, people: int) -> tuple[list[Clerk], Iterator[str]]:
    """Clerks with sessions, and for everybody a booking today and a live code."""
    settings = load_settings({"TONGBAN_VAR": str(folder / "var"), "TONGBAN_DATABASE_URL": served.url})
    keys = KeyRing(current=settings.seal_key_current, keys=settings.seal_keys, index_key=settings.index_key)
    now, crowd = datetime.now(UTC), [next(served.people) for _ in range(people)]
    async with open_database(served.url, keys):
        point = await find_point(SPREAD)
        assert point is not None
        clerks = [await _clerk(number, point.id, now) for number in range(CLIENTS)]
        slot = await Slot.create(
            point_id=point.id, item="id_card_first_application", starts_at=now - timedelta(minutes=1),
            ends_at=now + timedelta(minutes=29), capacity=1_000_000, online=1_000_000, general=1_000_000, taken=people,
            taken_general=people,
        )  # fmt: skip
        codes: list[str] = []
        for start in range(0, people, _BATCH):
            codes += await _codes(crowd[start : start + _BATCH], point.id, slot.id, now)
    return clerks, iter(codes)


async def _clerk(number: int, point_id: int, now: datetime) -> Clerk:
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    staff = await Staff.create(
        username=f"bench-{number}", display_name="测试民警", password_hash="-", role=StaffRole.CLERK, point_id=point_id
    )
    await StaffSession.create(
        token_hash=hashed(token), csrf_token=csrf, staff_id=staff.id, created_at=now, last_seen_at=now,
        ends_at=now + timedelta(hours=10),
    )  # fmt: skip
    return Clerk(token, csrf)


async def _codes(crowd: list[Somebody], point_id: int, slot_id: int, now: datetime) -> list[str]:
    numbers = [who.number for who in crowd]
    await Case.filter(number__in=numbers).update(acceptance_point_id=point_id)
    ids = [case.id for case in await Case.filter(number__in=numbers).only("id")]
    codes = [new_code(secrets.token_bytes(16)) for _ in ids]
    bookings = (Booking(slot_id=slot_id, case_id=one, is_minor=False, seats=1, made_at=now) for one in ids)
    await Booking.bulk_create(list(bookings))
    await HandoffCode.bulk_create(
        [
            HandoffCode(
                case_id=one, point_id=point_id, code_hash=hashed(code), issued_at=now,
                expires_at=now + timedelta(hours=2),
            )
            for one, code in zip(ids, codes, strict=True)
        ]
    )  # fmt: skip
    return codes


def main(arguments: list[str] | None = None) -> int:
    """Measure and tell; 1 when the run is void."""
    parser = argparse.ArgumentParser(prog="benchmarks.counter", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, help="rounds instead of 5")
    parser.add_argument("--postgres", default=POSTGRES, help="a server on which a database may be made")
    asked = parser.parse_args(arguments)
    plan = QUICK if asked.quick else WHOLE
    told = asyncio.run(measure(Plan(plan.seconds, asked.rounds or plan.rounds, plan.races), asked.postgres))
    if asked.json:
        print(json.dumps(told, indent=1))
    else:
        print(f"F7  {told['ratio']} [{told['min']} - {told['max']}]  {told['product']} /s ÷ {told['denominator']} /s")
        print(f"    p50 {told['p50_ms']} ms, p99 {told['p99_ms']} ms; target {told['target']}")
        print(f"    {told['races_with_one_winner']} of {told['races']} races had one winner")
        print(f"    → the run {'is VOID' if told['void'] else 'stands'} (load average {told['load_average']:.1f})")
    return 1 if told["void"] else 0


if __name__ == "__main__":
    sys.exit(main())
