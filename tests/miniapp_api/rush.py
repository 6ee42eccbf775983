"""A crowd in front of the door: people with open cases and sessions, and the requests they make."""

import asyncio
import os
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from casework.secret import hashed
from domain.case_number import make_case_number
from models.account import Account, Session
from models.case import Case
from models.db import transaction
from tests.miniapp_api.people import MONDAY, V1

HOME = Path(__file__).parents[2]


@dataclass(frozen=True)
class Somebody:
    """One of the crowd."""

    token: str
    number: str


@dataclass(frozen=True)
class Told:
    """What somebody was told: None when no answer came."""

    who: Somebody
    status: int | None
    code: str | None = None
    starts_at: str | None = None


async def crowd(pattern: Case, count: int) -> list[Somebody]:
    """So many people like the one of a case, each with an account, a session and an open case of their own."""
    async with transaction():
        return [await _somebody(pattern, number) for number in range(count)]


async def _somebody(pattern: Case, number: int) -> Somebody:
    token, mark = secrets.token_urlsafe(32), secrets.token_hex(16)
    account = await Account.create(appid="-", openid=mark, openid_index=mark, created_at=MONDAY)
    await Session.create(
        token_hash=hashed(token), account_id=account.id, created_at=MONDAY, last_seen_at=MONDAY,
        ends_at=MONDAY + timedelta(hours=12),
    )  # fmt: skip
    columns = {name: getattr(pattern, name) for name in _COPIED}
    case_number = make_case_number(MONDAY.date(), 90_000_000 + number)
    await Case.create(number=case_number, account_id=account.id, applicant_index=mark, **columns)
    return Somebody(token, case_number)


_COPIED = (
    "applicant_id", "item", "scope", "state", "is_minor", "household_division", "residence_division", "delivery",
    "form", "rule_day", "opened_at",
)  # fmt: skip


async def book(base: str, session: aiohttp.ClientSession, who: Somebody, wish: dict[str, str], key: str = "") -> Told:
    """Ask once for a place."""
    headers = {"Authorization": f"Bearer {who.token}", "Idempotency-Key": key or f"book-{who.number}"}
    url = f"{base}{V1}/cases/{who.number}/booking"
    try:
        async with session.put(url, json=wish, headers=headers) as response:
            body: dict[str, Any] = await response.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return Told(who, None)
    booking = body.get("booking") or {}
    return Told(who, response.status, body.get("code"), booking.get("starts_at"))


async def rush(bases: list[str], people: Iterable[Somebody], wish: dict[str, str]) -> list[Told]:
    """Everybody at the same moment, spread over the doors."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        asked = (book(bases[n % len(bases)], session, who, wish) for n, who in enumerate(people))
        return list(await asyncio.gather(*asked))


def verdicts(told: Iterable[Told]) -> Counter[str]:
    """How many got a place, and how many were refused with which code."""
    return Counter("booked" if one.status == 200 else str(one.code or one.status) for one in told)


@dataclass(frozen=True)
class Door:
    """A process that serves."""

    base: str
    process: asyncio.subprocess.Process


@asynccontextmanager
async def doors(count: int, url: str, folder: Path) -> AsyncIterator[list[Door]]:
    """So many processes on one database; gone afterwards, however they end."""
    started = [await _start(url, folder / f"door-{number}") for number in range(count)]
    try:
        yield [Door(await _address(process), process) for process in started]
    finally:
        for process in started:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _start(url: str, folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.miniapp_api.server", url, str(folder),
        cwd=HOME, env={**os.environ, "PYTHONPATH": str(HOME)}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    while line := await process.stdout.readline():
        if line.strip().isdigit():
            return f"http://127.0.0.1:{int(line)}"
    raise AssertionError("the door did not open")
