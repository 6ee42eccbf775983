"""``python -m benchmarks.wechat [--quick] [--json]``: what a WeChat push costs (F5), as a ratio of one round.

64 clients send pushes of the Official Account in safe mode, a third of them repetitions; each is proven, opened, read,
kept durably with its reply, answered encrypted. Divided by a bare aiohttp POST echo in the same round. A reply that is
not the right words, a push kept twice or not at all, a 5xx or no answer voids the run (exit code 1).
"""

import argparse
import asyncio
import json
import os
import secrets
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import xmltodict

from benchmarks.booking import POSTGRES, Figure
from benchmarks.town import HOME, database, set_up_on
from benchmarks.wire import Line, lines
from gateways.sandbox.cipher import decrypt, encrypt, signature_of

CLIENTS = 64
TARGET = ">= 0.40"
REPEATED = 3  # every third push was sent before
PEOPLE = 20_000
ECHO = """
import asyncio
from aiohttp import web
async def echo(request): return web.Response(body=await request.read(), content_type="application/xml")
async def main():
    app = web.Application(); app.router.add_post("/", echo)
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


@dataclass(frozen=True)
class Account:
    """The Official Account's keys, as the served process has them."""

    appid: str
    token: str
    aes_key: str


@dataclass
class Verdict:
    """What came back; ``kept`` are the MsgIds that were answered."""

    kept: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def p999(self) -> float:
        """The slowest answer but one in a thousand, in milliseconds."""
        return sorted(self.seconds)[int(len(self.seconds) * 0.999) - 1] * 1000 if self.seconds else 0.0


def push(account: Account, number: int, path: str) -> bytes:
    """One request: a text nobody has a topic for, by one of many people."""
    sender = f"oBench{number % PEOPLE:022d}"
    inner = (
        f"<xml><ToUserName><![CDATA[gh_bench]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[附近]]></Content><MsgId>{number}</MsgId></xml>"
    )
    sealed = encrypt(account.aes_key, account.appid, inner.encode())
    timestamp, nonce = str(int(time.time())), str(secrets.randbelow(10**10))
    signed = signature_of(account.token, timestamp, nonce, sealed)
    body = f"<xml><ToUserName><![CDATA[gh_bench]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()
    query = f"timestamp={timestamp}&nonce={nonce}&encrypt_type=aes&msg_signature={signed}"
    head = f"POST {path}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n".encode() + body


def pushes(account: Account, numbers: Iterator[int], many: int, path: str) -> list[tuple[int, bytes]]:
    """Requests made before the measurement; every third repeats the one before it with its MsgId."""
    made: list[tuple[int, bytes]] = []
    for place in range(many):
        number = made[-1][0] if place % REPEATED == REPEATED - 1 else next(numbers)
        made.append((number, push(account, number, path)))
    return made


async def rate(base: str, requests: Sequence[tuple[int, bytes]], seconds: float, heard: Verdict | None) -> float:
    """Answers per second of 64 clients who ask one after another; looks at every 50th reply afterwards."""
    line_of, answered, clock = iter(requests), 0, time.monotonic
    looked: list[tuple[int, int, bytes]] = []

    async def one_after_another(line: Line) -> None:
        nonlocal answered
        for number, asked in line_of:
            began_at = clock()
            if began_at - began >= seconds:
                return
            try:
                answer = await line.ask(asked)
            except OSError as trouble:
                if heard:
                    heard.wrong.append(type(trouble).__name__)
                return
            answered += 1
            if heard is not None:
                heard.seconds.append(clock() - began_at)
                heard.kept.add(number)
                if answer.status != 200 or answered % 50 == 0:
                    looked.append((number, answer.status, answer.body))

    async with lines(base, CLIENTS) as open_lines:
        began = clock()
        await asyncio.gather(*map(one_after_another, open_lines))
        took = clock() - began
    if heard is not None:
        heard.wrong += [wrong for number, status, body in looked if (wrong := _wrong(status, body))]
    return answered / took


def _wrong(status: int, body: bytes) -> str:
    if status != 200:
        return f"status {status}"
    fields = xmltodict.parse(body)["xml"]
    told = xmltodict.parse(decrypt(_ACCOUNT[0].aes_key, _ACCOUNT[0].appid, fields["Encrypt"]))["xml"]
    return "" if "位置" in told["Content"] else "other words"


_ACCOUNT: list[Account] = []


@asynccontextmanager
async def served(folder: Path, url: str) -> AsyncIterator[str]:
    """``run.py serve`` in a process of its own, nothing switched off; where the citizens' door is."""
    environment = {**os.environ, "TONGBAN_VAR": str(folder), **set_up_on(url)}
    for port in ("PORT", "CONSOLE_PORT", "SANDBOX_PORT", "SMS_SANDBOX_PORT"):
        environment[f"TONGBAN_{port}"] = "0"
    with (folder / "serve.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(HOME / "run.py"), "serve", env=environment, stdout=log, stderr=log, cwd=folder
        )
        try:
            yield await _address(folder)
        finally:
            process.terminate()
            await process.wait()


async def _address(folder: Path) -> str:
    note = folder / "serving.json"
    async with asyncio.timeout(90):
        while not note.exists() or not note.read_text(encoding="utf-8"):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.1)
    return str(json.loads(note.read_text(encoding="utf-8"))["base_url"])


@asynccontextmanager
async def echoed() -> AsyncIterator[str]:
    """The bare echo in a process of its own."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", ECHO, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.terminate()
        await process.wait()


async def f5(folder: Path, url: str, seconds: float, rounds: int, most: int) -> tuple[Figure, Verdict]:
    """Every round: the echo, then the product."""
    figure, heard, numbers = Figure(), Verdict(), count(10**15)
    async with served(folder, url) as base, echoed() as echo:
        keys = json.loads((folder / "secrets.json").read_text(encoding="utf-8"))
        account = Account(*(keys[f"TONGBAN_OA_{name}"] for name in ("APPID", "TOKEN", "AES_KEY")))
        _ACCOUNT[:] = [account]
        await rate(base, pushes(account, numbers, 2000, "/bot/official-account"), 3.0, heard)
        for _ in range(rounds):
            bare = await rate(echo, pushes(account, count(1), int(most * seconds * 4), "/"), seconds, None)
            asked = pushes(account, numbers, int(most * seconds), "/bot/official-account")
            figure.add(await rate(base, asked, seconds, heard), bare)
    return figure, heard


async def lost(url: str, heard: Verdict) -> int:
    """Pushes that were answered and are not in the table."""
    connection = await asyncpg.connect(url)
    try:
        found = await connection.fetch("SELECT dedupe_key FROM push_seen WHERE dedupe_key LIKE '%:message:%'")
    finally:
        await connection.close()
    kept = {int(row["dedupe_key"].rpartition(":")[2]) for row in found}
    return len(heard.kept - kept)


async def measure(postgres: str, seconds: float, rounds: int, most: int) -> dict[str, Any]:
    """The figure with its verdict."""
    with tempfile.TemporaryDirectory() as folder:
        async with database(Path(folder), postgres) as url:
            figure, heard = await f5(Path(folder), url, seconds, rounds, most)
            missing = await lost(url, heard)
    told = figure.told() | {"target": TARGET, "p999_ms": round(heard.p999(), 1)}
    return {"F5": told, "lost": missing, "wrong": heard.wrong[:5], "void": bool(missing or heard.wrong)}


def main(words: Sequence[str] | None = None) -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wechat", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--json", action="store_true", help="the figures as JSON")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--postgres", default=POSTGRES, help="a server on which a database may be made")
    asked = parser.parse_args(words)
    seconds, rounds = (1.5, 1) if asked.quick else (5.0, asked.rounds)
    with suppress(KeyboardInterrupt):
        told = asyncio.run(measure(asked.postgres, seconds, rounds, 8000))
        print(json.dumps(told) if asked.json else _in_words(told))
        return 1 if told["void"] else 0
    return 130


def _in_words(told: dict[str, Any]) -> str:
    f = told["F5"]
    return (
        f"F5  {f['ratio']} [{f['min']} – {f['max']}]  target {f['target']}   {f['product']:.0f} /s ÷ "
        f"{f['denominator']:.0f} /s   p99.9 {f['p999_ms']} ms   lost {told['lost']}"
        f"{'   VOID: ' + str(told['wrong']) if told['void'] else ''}"
    )


if __name__ == "__main__":
    sys.exit(main())
