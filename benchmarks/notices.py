"""F6: ten thousand due notices against a raw client loop in the same round, and how soon a due one is at the provider.

``python -m benchmarks.notices`` makes a database of its own, a provider of its own (a process that takes every message)
and delivers with the acts and the worker that ``run.py`` joins. One round: the raw loop posts as many messages of the
same size over 64 connections; then the postman delivers as many due notices, from the claim to the last mark.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from benchmarks.town import database
from casework.deps import DELIVER_NOTICES, Deps
from casework.logs import configure_logs
from casework.notify import deliver_due
from casework.settings import load_settings
from domain.terms import NoticeKind
from models.account import find_or_make_account, keep_phone
from models.db import migrate
from models.many import insert_all
from models.notice import Notice
from run import keyring_of, open_deps
from workers.clockwork import working

POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
TARGET, SOON_MS = 0.85, 50.0
CONNECTIONS, PEOPLE = 64, 200
_FACTS = {
    "name": "张*", "number": "TB20260918-00421-7", "station": "示范派出所异地受理点",
    "address": "江西省示范市示范路1号", "hours": "周一至周五 09:00至17:00", "item": "首次申领居民身份证",
}  # fmt: skip
_PROVIDER = """
import asyncio, json, time
from aiohttp import web
came = {}
async def send(request):
    told = json.loads(await request.read())
    came.setdefault(told["message_id"], []).append(time.time())
    return web.Response(body=b'{"status": "accepted", "id": "' + told["message_id"].encode() + b'"}')
async def counts(request):
    last = {key: times[0] for key, times in list(came.items())[-1:]}
    told = {"came": sum(map(len, came.values())), "ids": len(came), "last": last}
    came.clear() if request.query.get("clear") else None
    return web.json_response(told)
async def main():
    app = web.Application(client_max_size=2**20)
    app.add_routes([web.post("/send", send), web.get("/counts", counts)])
    runner = web.AppRunner(app, access_log=None); await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True); await asyncio.Event().wait()
asyncio.run(main())
"""


@dataclass(frozen=True)
class Bench:
    """The postman's surroundings and his provider."""

    deps: Deps
    session: aiohttp.ClientSession
    provider: str
    people: tuple[int, ...]

    async def counts(self) -> dict[str, Any]:
        """What came to the provider since it was last asked."""
        async with self.session.get(f"{self.provider}/counts?clear=1") as answer:
            told: dict[str, Any] = await answer.json()
            return told

    async def owe(self, name: str, number: int) -> list[str]:
        """Owe so many notices, due now; their keys."""
        now = datetime.now(UTC)
        keys = [f"{name}-{each}" for each in range(number)]
        rows = [
            {
                "dedupe_key": key, "kind": NoticeKind.READY_FOR_PICKUP, "account_id": self.people[each % PEOPLE],
                "facts": _FACTS, "route": "sms", "status": "owed", "owed_at": now, "due_at": now, "attempts": 0,
            }
            for each, key in enumerate(keys)
        ]  # fmt: skip
        for start in range(0, number, 500):
            await insert_all(Notice, rows[start : start + 500])
        return keys


async def raw_loop(bench: Bench, number: int) -> float:
    """Messages a second of nothing but a client that posts."""
    text = "字" * 120
    left = iter(range(number))

    async def post() -> None:
        for each in left:
            body = orjson.dumps({
                "account": "bench", "to": "13800000000", "text": text, "message_id": f"raw-{each}", "timestamp": 1,
            })  # fmt: skip
            async with bench.session.post(f"{bench.provider}/send", data=body) as answer:
                await answer.read()

    began = time.perf_counter()
    await asyncio.gather(*(post() for _ in range(CONNECTIONS)))
    return number / (time.perf_counter() - began)


async def postman(bench: Bench, name: str, number: int) -> tuple[float, int, int]:
    """Notices a second from the first claim to the last mark; how many were lost, how many came twice."""
    await bench.owe(name, number)
    await bench.counts()
    began = time.perf_counter()
    while await Notice.filter(dedupe_key__startswith=f"{name}-", status="owed").exists():
        await deliver_due(bench.deps)
    took = time.perf_counter() - began
    counts = await bench.counts()
    marked = await Notice.filter(dedupe_key__startswith=f"{name}-", status__in=["sent", "delivered"]).count()
    return number / took, number - min(marked, counts["ids"]), counts["came"] - counts["ids"]


async def soon(bench: Bench, times: int) -> list[float]:
    """Milliseconds from due to the provider, one at a time, by the running worker and its wake-up."""
    waits = []
    async with working(bench.deps):
        await asyncio.sleep(2)
        for turn in range(times):
            await bench.counts()
            due = time.time()
            await bench.owe(f"soon-{time.time_ns()}-{turn}", 1)
            await bench.deps.queue.wake(DELIVER_NOTICES)
            while True:
                async with bench.session.get(f"{bench.provider}/counts") as answer:
                    last = (await answer.json())["last"]
                if last:
                    break
                await asyncio.sleep(0.005)
            waits.append((next(iter(last.values())) - due) * 1000)
            await asyncio.sleep(0.2)  # idle between two: what follows closer is a rush, which rings less often
    return waits


@asynccontextmanager
async def provider() -> AsyncIterator[str]:
    """The provider in its own process."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _PROVIDER, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.kill()
        await process.wait()


async def measure(number: int, rounds: int, times: int, postgres: str) -> dict[str, Any]:
    """Every figure, and the verdict."""
    with tempfile.TemporaryDirectory(prefix="tongban-bench-") as made:
        async with database(Path(made), postgres) as url, provider() as at:
            settings = load_settings({
                "TONGBAN_VAR": made, "TONGBAN_DATABASE_URL": url, "TONGBAN_SMS_URL": f"{at}/send",
                "TONGBAN_REDIS_URL": os.environ.get("TONGBAN_TEST_REDIS_URL", ""),
            })  # fmt: skip
            await migrate(url, keyring_of(settings))
            async with open_deps(settings) as deps, aiohttp.ClientSession() as session:
                return await _rounds(Bench(deps, session, at, await _people()), number, rounds, times)


async def _people() -> tuple[int, ...]:
    people = []
    for each in range(PEOPLE):
        account = await find_or_make_account(appid="bench", openid=f"bench-{each}", at=datetime.now(UTC))
        await keep_phone(account.id, f"138{each:08d}", datetime.now(UTC))
        people.append(account.id)
    return tuple(people)


async def _rounds(bench: Bench, number: int, rounds: int, times: int) -> dict[str, Any]:
    ratios, lost, doubled, rates = [], 0, 0, []
    await raw_loop(bench, number // 10)
    await postman(bench, "warm", number // 10)
    for turn in range(rounds):
        raw = await raw_loop(bench, number)
        rate, missing, twice = await postman(bench, f"round-{turn}", number)
        ratios.append(rate / raw)
        rates.append((rate, raw))
        lost, doubled = lost + missing, doubled + twice
    waits = sorted(await soon(bench, times))
    return {
        "lost": lost, "doubled": doubled, "ratio": round(statistics.median(ratios), 3), "target": TARGET,
        "min": round(min(ratios), 3), "max": round(max(ratios), 3), "notices": number, "rounds": rounds,
        "product": round(statistics.median(rate for rate, _ in rates)),
        "denominator": round(statistics.median(raw for _, raw in rates)),
        "soon_p50_ms": round(waits[len(waits) // 2], 1), "soon_p99_ms": round(waits[int(len(waits) * 0.99) - 1], 1),
        "soon_target_ms": SOON_MS, "load_average": os.getloadavg()[0], "void": bool(lost or doubled),
    }  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Measure and tell; 1 when a notice was lost or came twice."""
    parser = argparse.ArgumentParser(prog="benchmarks.notices", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, help="rounds instead of 5")
    parser.add_argument("--postgres", default=POSTGRES, help="a server on which a database may be made")
    asked = parser.parse_args(arguments)
    configure_logs()
    number, rounds, times = (2000, 1, 40) if asked.quick else (10_000, 5, 200)
    told = asyncio.run(measure(number, asked.rounds or rounds, times, asked.postgres))
    print(json.dumps(told, indent=1) if asked.json else "\n".join(f"{name:15}{value}" for name, value in told.items()))
    return 1 if told["void"] else 0


if __name__ == "__main__":
    sys.exit(main())
