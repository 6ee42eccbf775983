"""What the figures are divided by: two bare rows in pgbench, asyncpg or sqlite3, and a bare hello over HTTP."""

import asyncio
import contextlib
import re
import shutil
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]

from benchmarks.wire import Line, lines, request

SLOTS = 1000
_UPDATE = "UPDATE bench_slot SET taken = taken + 1 WHERE id = {id} AND taken < capacity"
_INSERT = "INSERT INTO bench_booking (slot_id, citizen) VALUES ({id}, {citizen})"
_TABLES = (
    "DROP TABLE IF EXISTS bench_booking, bench_slot",
    "CREATE TABLE bench_slot (id int PRIMARY KEY, taken int NOT NULL, capacity int NOT NULL)",
    """CREATE TABLE bench_booking (id bigserial PRIMARY KEY, slot_id int NOT NULL REFERENCES bench_slot,
    citizen bigint NOT NULL, UNIQUE (slot_id, citizen))""",
    f"INSERT INTO bench_slot SELECT n, 0, 1000000000 FROM generate_series(1, {SLOTS}) n",
    "ANALYZE bench_slot",
)
_HELLO = """
import asyncio, sys
from aiohttp import web
async def hello(request): return web.Response(text="hello")
async def main():
    app = web.Application(); app.router.add_get("/", hello)
    runner = web.AppRunner(app, access_log=None); await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True); await asyncio.Event().wait()
try:
    import uvloop
except ImportError:
    asyncio.run(main())
else:
    uvloop.run(main())
"""


async def make_tables(url: str) -> None:
    """The anchor's own two tables, beside the product's."""
    connection = await asyncpg.connect(url)
    try:
        for statement in _TABLES:
            await connection.execute(statement)
    finally:
        await connection.close()


def postgres_tool() -> str:
    """What measures PostgreSQL here."""
    return "pgbench -M prepared -c 8" if shutil.which("pgbench") else "asyncpg, 8 connections (no pgbench here)"


async def postgres_rate(url: str, seconds: float, folder: Path, *, hot: bool) -> float:
    """BEGIN, conditional UPDATE, INSERT, COMMIT per second; ``hot``: all of them on one slot."""
    if shutil.which("pgbench"):
        return await _pgbench(url, seconds, folder, hot=hot)
    return await _asyncpg_rate(url, seconds, hot=hot)


async def _pgbench(url: str, seconds: float, folder: Path, *, hot: bool) -> float:
    script = folder / "anchor.sql"
    script.write_text(
        f"\\set id {1 if hot else f'random(1, {SLOTS})'}\n\\set citizen random(1, 1000000000000)\n"
        f"BEGIN;\n{_UPDATE.format(id=':id')};\n{_INSERT.format(id=':id', citizen=':citizen')};\nCOMMIT;\n",
        encoding="utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        "pgbench", "-n", "-M", "prepared", "-c", "8", "-j", "1", "-T", str(max(1, round(seconds))), "-f", str(script),
        url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    found = re.search(r"tps = ([0-9.]+)", out.decode())
    if found is None:
        raise RuntimeError(err.decode()[-500:])
    return float(found[1])


async def _asyncpg_rate(url: str, seconds: float, *, hot: bool) -> float:
    numbers, began = count(time.monotonic_ns()), time.monotonic()
    done = 0

    async def one_after_another() -> None:
        nonlocal done
        connection = await asyncpg.connect(url)
        try:
            while time.monotonic() - began < seconds:
                citizen = next(numbers)
                await _two_rows(connection, 1 if hot else citizen % SLOTS + 1, citizen)
                done += 1
        finally:
            await connection.close()

    await asyncio.gather(*(one_after_another() for _ in range(8)))
    return done / (time.monotonic() - began)


async def _two_rows(connection: asyncpg.Connection, slot: int, citizen: int) -> bool:
    async with connection.transaction():
        if await connection.execute(_UPDATE.format(id="$1"), slot) != "UPDATE 1":
            return False
        await connection.execute(_INSERT.format(id="$1", citizen="$2"), slot, citizen)
    return True


async def rush_seconds(url: str, slot: int, clients: int, places: int) -> float:
    """How long bare asyncpg (8 connections) takes to answer everybody who wants one of a few places."""
    async with asyncpg.create_pool(url, min_size=8, max_size=8) as pool:
        await pool.execute("UPDATE bench_slot SET taken = 0, capacity = $2 WHERE id = $1", slot, places)

        async def try_one(citizen: int) -> bool:
            async with pool.acquire() as connection:
                return await _two_rows(connection, slot, citizen)

        began, mark = time.monotonic(), time.monotonic_ns()
        won = sum(await asyncio.gather(*(try_one(mark + n) for n in range(clients))))
        took = time.monotonic() - began
    assert won == places
    return took


def sqlite_rate(folder: Path, seconds: float) -> float:
    """The same two rows with sqlite3 of the standard library: one thread, WAL, synchronous=FULL, a commit each."""
    with contextlib.closing(sqlite3.connect(folder / "anchor.sqlite3", isolation_level=None)) as connection:
        connection.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
            "DROP TABLE IF EXISTS bench_booking; DROP TABLE IF EXISTS bench_slot;"
            "CREATE TABLE bench_slot (id INTEGER PRIMARY KEY, taken INT NOT NULL, capacity INT NOT NULL);"
            "CREATE TABLE bench_booking (id INTEGER PRIMARY KEY, slot_id INT NOT NULL REFERENCES bench_slot,"
            " citizen INT NOT NULL, UNIQUE (slot_id, citizen));"
        )
        connection.executemany("INSERT INTO bench_slot VALUES (?, 0, 1000000000)", [(n,) for n in range(1, SLOTS + 1)])
        began, done = time.monotonic(), 0
        while time.monotonic() - began < seconds:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_UPDATE.format(id="?"), (done % SLOTS + 1,))
            connection.execute(_INSERT.format(id="?", citizen="?"), (done % SLOTS + 1, done))
            connection.execute("COMMIT")
            done += 1
        return done / (time.monotonic() - began)


@asynccontextmanager
async def hello_server() -> AsyncIterator[str]:
    """A bare aiohttp application that says hello, in a process of its own."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _HELLO, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.terminate()
        await process.wait()


async def hello_rate(base: str, seconds: float, readers: int) -> float:
    """Answers per second to so many keep-alive clients."""
    asked, began, done = request("GET", "/"), time.monotonic(), 0

    async def read(line: Line) -> None:
        nonlocal done
        while time.monotonic() - began < seconds:
            await line.ask(asked)
            done += 1

    async with lines(base, readers) as open_lines:
        began = time.monotonic()
        await asyncio.gather(*map(read, open_lines))
    return done / (time.monotonic() - began)
