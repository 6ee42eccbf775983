"""``python -m benchmarks.booking [--quick] [--json] [--only F1,…]``: what a booking costs, as ratios of one round.

Every figure is the median of its per-round ratios, with the smallest and the largest; in each round the product and
what it is divided by run in turn. A place sold twice, a confirmed booking that is not in the table, a 5xx or a request
without an answer voids the run (exit code 1). docs/benchmarks.md tells what each figure means.
"""

import argparse
import asyncio
import bisect
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count, cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import anchors
from benchmarks.books import Verdict, check
from benchmarks.town import (
    HOT,
    READ,
    READ_PLACES,
    READ_SLOTS,
    RUSH,
    RUSH_PLACES,
    SPREAD,
    Somebody,
    Town,
    booking,
    on_postgres,
    processes,
    reading,
    town,
)
from benchmarks.wire import Answer, Line, lines

POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
CLIENTS, RUSH_CLIENTS, READERS = 64, 1000, 16
WRITES_PER_SECOND, STALE_AFTER, ALL_LOOKED_AT, LOOKED_AT = 500, 0.1, 200, 20
MOST_PER_SECOND = 5000  # how many people are put in for each second of measuring: above what is reached today
TARGETS = {"F1": ">= 1.0", "F2": ">= 4.0", "F3": "<= 0.25 s", "F4": ">= 0.85", "F8": ">= 1.5"}


@dataclass(frozen=True)
class Plan:
    """How long and how often."""

    seconds: float
    rounds: int
    rushes: int


QUICK, WHOLE = Plan(1.0, 1, 1), Plan(5.0, 5, 100)


@dataclass
class Figure:
    """One figure: what was measured in each round."""

    product: list[float] = field(default_factory=list)
    denominator: list[float] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)

    def add(self, product: float, denominator: float) -> None:
        """Keep a round."""
        self.product.append(product)
        self.denominator.append(denominator)

    def told(self) -> dict[str, Any]:
        """The figure in words and numbers."""
        ratios = [p / d for p, d in zip(self.product, self.denominator, strict=True)]
        return {
            "ratio": round(median(ratios), 4), "min": round(min(ratios), 4), "max": round(max(ratios), 4),
            "rounds": len(ratios), "product": round(median(self.product), 4),
            "denominator": round(median(self.denominator), 4), **self.more,
        }  # fmt: skip


@dataclass
class Bench:
    """A served town under load, and the verdict on it."""

    town: Town
    folder: Path
    plan: Plan
    verdict: Verdict

    def somebody(self) -> Somebody:
        """Somebody who has not booked yet."""
        return next(self.town.people)

    async def book(self, line: Line, who: Somebody, point: str, starts_at: str, key: str = "once") -> bool:
        """Ask once; the answer goes into the verdict."""
        return self.verdict.hear(who.number, await _answer(line, booking(who, point, starts_at, key)))

    async def rate(self, point: str, starts: Iterator[str], seconds: float) -> float:
        """Confirmed bookings per second, 64 clients who ask one after another."""
        clock, booked = time.monotonic, 0

        async def one_after_another(line: Line) -> None:
            nonlocal booked
            while clock() - began < seconds:
                confirmed = await self.book(line, self.somebody(), point, next(starts))
                booked += confirmed  # not in one line: the sum would be read before the wait

        async with lines(self.town.base, CLIENTS) as open_lines:
            began = clock()
            await asyncio.gather(*map(one_after_another, open_lines))
            return booked / (clock() - began)


async def _answer(line: Line, asked: bytes) -> Answer | None:
    with suppress(OSError):
        return await line.ask(asked)
    return None


async def f1(bench: Bench) -> Figure:
    """Bookings over 1000 slots ÷ PostgreSQL's own transactions."""
    slots = cycle(islice(bench.town.starts(), anchors.SLOTS))
    return await _against_postgres(bench, SPREAD, slots, hot=False)


async def f2(bench: Bench) -> Figure:
    """The same on one slot."""
    return await _against_postgres(bench, HOT, cycle(islice(bench.town.starts(), 1)), hot=True)


async def _against_postgres(bench: Bench, point: str, starts: Iterator[str], *, hot: bool) -> Figure:
    url, seconds, figure = bench.town.url, bench.plan.seconds, Figure()
    figure.more["denominator_is"] = anchors.postgres_tool()
    await anchors.make_tables(url)
    await _warm(bench, point, starts)
    for _ in range(bench.plan.rounds):
        bare = await anchors.postgres_rate(url, seconds, bench.folder, hot=hot)
        figure.add(await bench.rate(point, starts, seconds), bare)
    return figure


async def _warm(bench: Bench, point: str, starts: Iterator[str]) -> None:
    """Make every path warm, then let the database look at what it has."""
    await bench.rate(point, starts, min(3.0, bench.plan.seconds))
    if bench.town.url.startswith("postgres"):
        await on_postgres(bench.town.url, "ANALYZE")


async def f3(bench: Bench) -> Figure:
    """A thousand at once for ten places while sixteen look on: seconds to the last answer ÷ bare asyncpg's."""
    await anchors.make_tables(bench.town.url)
    crowd = [bench.somebody() for _ in range(RUSH_CLIENTS)]
    starts, figure, looks = bench.town.starts(), Figure(), list[float]()
    async with lines(bench.town.base, READERS) as reading_lines, lines(bench.town.base, RUSH_CLIENTS) as open_lines:
        for number in range(bench.plan.rushes):
            bare = await anchors.rush_seconds(bench.town.url, number + 1, RUSH_CLIENTS, RUSH_PLACES)
            took, won = await _rush(bench, open_lines, reading_lines, crowd, next(starts), looks)
            figure.add(took, bare)
            bench.verdict.oversold += max(0, len(won) - RUSH_PLACES)
            crowd = [who for who in crowd if who not in won] + [bench.somebody() for _ in won]
    looks.sort()
    figure.more = {
        "unit": "s", "denominator_is": "asyncpg, 8 connections, BEGIN/UPDATE/INSERT/COMMIT",
        "slowest": round(max(figure.product), 4), "readers_p99": round(looks[int(len(looks) * 0.99)], 4),
    }  # fmt: skip
    return figure


async def _rush(
    bench: Bench, open_lines: list[Line], readers: list[Line], crowd: list[Somebody], start: str, looks: list[float]
) -> tuple[float, set[Somebody]]:
    over, clock = asyncio.Event(), time.monotonic

    async def look(line: Line) -> None:
        while not over.is_set():
            at = clock()
            answer = await _answer(line, reading(RUSH, bench.town.tomorrow))
            bench.verdict.errors += answer is None or answer.status != 200
            looks.append(clock() - at)

    looking = [asyncio.create_task(look(line)) for line in readers]
    began = clock()
    got = await asyncio.gather(
        *(bench.book(line, who, RUSH, start, start) for line, who in zip(open_lines, crowd, strict=True))
    )
    took = clock() - began
    over.set()
    await asyncio.gather(*looking)
    return took, {who for who, booked in zip(crowd, got, strict=True) if booked}


async def f4(bench: Bench) -> Figure:
    """Reads of 300 free slots while bookings commit ÷ a bare hello; how many reads were more than 100 ms behind."""
    figure, acked, stale, wrote = Figure(), list[float](), 0, list[float]()
    starts = cycle(islice(bench.town.starts(4, READ_SLOTS), READ_SLOTS))
    async with anchors.hello_server() as hello:
        for _ in range(bench.plan.rounds):
            bare = await anchors.hello_rate(hello, bench.plan.seconds, READERS)
            before = len(acked)
            reads, behind = await _read_while_writing(bench, starts, acked)
            figure.add(reads, bare)
            stale += behind
            wrote.append((len(acked) - before) / bench.plan.seconds)
    figure.more = {"stale_reads": stale, "bookings_per_second_meanwhile": round(median(wrote), 1), "asked_for": 500}
    bench.verdict.surprises |= {"stale reads": stale} if stale else {}
    return figure


async def _read_while_writing(bench: Bench, starts: Iterator[str], acked: list[float]) -> tuple[float, int]:
    clock, seconds, tickets = time.monotonic, bench.plan.seconds, count()
    asked, done, stale = reading(READ, bench.town.tomorrow), 0, 0

    async def write(line: Line) -> None:
        while (due := began + next(tickets) / WRITES_PER_SECOND) < began + seconds:
            await asyncio.sleep(max(0.0, due - clock()))
            if clock() - began >= seconds:
                return
            if await bench.book(line, bench.somebody(), READ, next(starts)):
                acked.append(clock())

    async def read(line: Line) -> None:
        nonlocal done, stale
        while clock() - began < seconds:
            due = bisect.bisect_right(acked, clock() - STALE_AFTER)
            answer = await _answer(line, asked)
            if answer is None or answer.status != 200:
                bench.verdict.errors += 1
                return
            done += 1
            if done <= ALL_LOOKED_AT or done % LOOKED_AT == 0:
                taken = READ_SLOTS * READ_PLACES - sum(slot["free"] for slot in answer.json)
                stale += taken < due

    async with lines(bench.town.base, READERS) as readers, lines(bench.town.base, CLIENTS) as writers:
        began = clock()
        await asyncio.gather(*map(read, readers), *map(write, writers))
        return done / (clock() - began), stale


async def f8(bench: Bench) -> Figure:
    """F1 on SQLite with synchronous=FULL ÷ sqlite3 of the standard library."""
    slots, figure = cycle(islice(bench.town.starts(), anchors.SLOTS)), Figure()
    figure.more["denominator_is"] = "stdlib sqlite3, one thread, WAL, synchronous=FULL, a transaction each"
    await _warm(bench, SPREAD, slots)
    for _ in range(bench.plan.rounds):
        bare = await asyncio.to_thread(anchors.sqlite_rate, bench.folder, bench.plan.seconds)
        figure.add(await bench.rate(SPREAD, slots, bench.plan.seconds), bare)
    return figure


FIGURES: dict[str, Callable[[Bench], Awaitable[Figure]]] = {"F1": f1, "F2": f2, "F3": f3, "F4": f4, "F8": f8}


def people_for(name: str, plan: Plan) -> int:
    """How many people a figure may use up."""
    if name == "F3":
        return RUSH_CLIENTS + 2 * RUSH_PLACES * plan.rushes
    return int(MOST_PER_SECOND * (plan.seconds * plan.rounds + min(3.0, plan.seconds))) + 2 * CLIENTS


@asynccontextmanager
async def _bench(name: str, plan: Plan, verdict: Verdict, postgres: str) -> AsyncIterator[Bench]:
    server = None if name == "F8" else postgres
    with tempfile.TemporaryDirectory(prefix="tongban-bench-") as made:
        folder = Path(made)
        async with town(folder, people_for(name, plan), server) as served:
            yield Bench(served, folder, plan, verdict)


async def measure(names: list[str], plan: Plan, postgres: str) -> dict[str, Any]:
    """All figures asked for, each in a fresh town, and the verdict over them."""
    figures: dict[str, Any] = {}
    whole = Verdict()
    for name in names:
        verdict = Verdict()
        async with _bench(name, plan, verdict, postgres) as bench:
            figure = await FIGURES[name](bench)
            await check(bench.town.url, verdict)
        figures[name] = {**figure.told(), "target": TARGETS[name], "answers": verdict.surprises}
        for count_of in ("oversold", "lost", "errors", "unanswered"):
            setattr(whole, count_of, getattr(whole, count_of) + getattr(verdict, count_of))
    return {
        "oversold": whole.oversold, "lost": whole.lost, "errors": whole.errors, "unanswered": whole.unanswered,
        "void": whole.void, "load_average": os.getloadavg()[0], "cores": os.cpu_count(),
        "processes": processes(),
        "ratios": {name: figure["ratio"] for name, figure in figures.items()}, "figures": figures,
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Measure and tell; 1 when the run is void."""
    parser = argparse.ArgumentParser(prog="benchmarks.booking", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--only", default=",".join(FIGURES), help="say F1,F3")
    parser.add_argument("--rounds", type=int, help="rounds instead of 5")
    parser.add_argument("--rushes", type=int, help="rounds of F3 instead of 100")
    parser.add_argument("--postgres", default=POSTGRES, help="a server on which a database may be made")
    asked = parser.parse_args(arguments)
    names = [name for name in asked.only.split(",") if name in FIGURES]
    plan = QUICK if asked.quick else WHOLE
    plan = Plan(plan.seconds, asked.rounds or plan.rounds, asked.rushes or plan.rushes)
    told = asyncio.run(measure(names, plan, asked.postgres))
    print(json.dumps(told, indent=1) if asked.json else _in_words(told))
    return 1 if told["void"] else 0


def _in_words(told: dict[str, Any]) -> str:
    rows = [f"{'':4}{'ratio':>8}{'min':>8}{'max':>8}{'product':>11}{'÷':>11}   target"]
    for name, f in told["figures"].items():
        numbers = f"{f['ratio']:>8}{f['min']:>8}{f['max']:>8}{f['product']:>11}{f['denominator']:>11}"
        rows.append(f"{name:4}{numbers}   {f['target']}   {f.get('denominator_is', 'bare aiohttp hello')}")
    verdict = "VOID" if told["void"] else "stands"
    counts = "  ".join(f"{name} {told[name]}" for name in ("oversold", "lost", "errors", "unanswered"))
    return "\n".join([*rows, f"{counts}  → the run {verdict} (load average {told['load_average']:.1f})"])


if __name__ == "__main__":
    sys.exit(main())
