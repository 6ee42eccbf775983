"""A served town: a database of its own, points and people put into it, ``run.py serve`` in its own process."""

import asyncio
import json
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg  # type: ignore[import-untyped]

from benchmarks.wire import request
from casework.secret import hashed
from casework.settings import load_settings
from domain.case_number import make_case_number
from domain.local_time import SHANGHAI, day_of
from domain.terms import CaseEventKind, CaseState, DeliveryMode, ServiceItem, ServiceScope
from models.account import Account, Session
from models.case import Case, CaseEvent
from models.db import KeyRing, migrate, open_database
from models.person import Person
from models.place import keep_point, set_booking

HOME = Path(__file__).parents[1]
ITEM = ServiceItem.ID_CARD_FIRST_APPLICATION
SPREAD, HOT, RUSH, READ = "BENCH-SPREAD", "BENCH-HOT", "BENCH-RUSH", "BENCH-READ"
RUSH_PLACES, READ_SLOTS, READ_PLACES = 10, 300, 1000
HORIZON = 60
_BATCH = 500
_FORM = {
    "name": "测试甲", "identity_number": "360702200703050011", "sex": "male", "birth_date": "2007-03-05",
    "household_address": "江西省赣州市章贡区测试路1号101室", "collective_household": False,
    "residence_address": "江西省南昌市西湖区测试大道9号2栋301室", "phone": "13800000001", "proof": "employment",
    "proof_of": "applicant", "declared_locally": False, "guardian": None, "post_to": None,
}  # fmt: skip


@dataclass(frozen=True)
class Somebody:
    """A person with a session and an open case."""

    token: str
    number: str


@dataclass(frozen=True)
class Town:
    """Where it is served, what it keeps its rows in, and who has not booked yet."""

    base: str
    url: str
    people: Iterator[Somebody]
    tomorrow: date

    def starts(self, minutes: int = 30, per_day: int = 47) -> Iterator[str]:
        """The starts of slots, day by day from tomorrow on."""
        first = datetime.combine(self.tomorrow, datetime.min.time(), tzinfo=SHANGHAI)
        for day in range(HORIZON - 1):
            for slot in range(per_day):
                yield (first + timedelta(days=day, minutes=minutes * slot)).isoformat()


def booking(who: Somebody, point: str, starts_at: str, key: str = "once") -> bytes:
    """The request that books."""
    return request(
        "PUT", f"/api/v1/cases/{who.number}/booking", {"point": point, "starts_at": starts_at},
        [f"Authorization: Bearer {who.token}", f"Idempotency-Key: bench-{key}-{who.number}"],
    )  # fmt: skip


def reading(point: str, day: date) -> bytes:
    """The request that asks for the free places of a day; like every phone it takes gzip."""
    return request("GET", f"/api/v1/points/{point}/slots?item={ITEM}&day={day}", headers=["Accept-Encoding: gzip"])


@asynccontextmanager
async def town(folder: Path, people: int, postgres: str | None) -> AsyncIterator[Town]:
    """Prepare and serve; everything is gone afterwards. ``postgres``: a server to make a database on, else SQLite."""
    async with database(folder, postgres) as url:
        env = _environment(folder, url)
        somebody = await _prepare(env, people)
        if postgres:
            for table in ("account", "service_case"):  # their ids were given, so the next one has to be told
                await on_postgres(url, f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
            await on_postgres(url, "ANALYZE")
        async with _served(env, folder) as base:
            yield Town(base, url, iter(somebody), day_of(datetime.now(UTC)) + timedelta(days=1))


async def on_postgres(url: str, statement: str) -> list[Any]:
    """Run one statement on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()


@asynccontextmanager
async def database(folder: Path, postgres: str | None) -> AsyncIterator[str]:
    """A database of one's own for a while: on that server, or a file without one."""
    if postgres is None:
        yield f"sqlite://{folder / 'bench.sqlite3'}"
        return
    name = f"tongban_bench_{os.getpid()}_{secrets.token_hex(3)}"
    await on_postgres(postgres, f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))
    finally:
        await on_postgres(postgres, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def set_up_on(url: str) -> dict[str, str]:
    """The settings of a service on this database: several processes on PostgreSQL, beside a Redis."""
    named = {"TONGBAN_DATABASE_URL": url}
    if processes() > 1 and url.startswith("postgres"):
        named |= {"TONGBAN_PROCESSES": str(processes()), "TONGBAN_REDIS_URL": _redis()}
    return named


@cache
def processes() -> int:
    """How many processes answer: BENCH_PROCESSES, else one for each core; one alone where no Redis answers."""
    wanted, at = int(os.environ.get("BENCH_PROCESSES") or os.cpu_count() or 1), urlsplit(_redis())
    try:
        socket.create_connection((at.hostname or "", at.port or 6379), timeout=0.5).close()
    except OSError:
        return 1
    return wanted


def _redis() -> str:
    return os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/15")


def _environment(folder: Path, url: str) -> dict[str, str]:
    names = ("TONGBAN_PORT", "TONGBAN_CONSOLE_PORT", "TONGBAN_SANDBOX_PORT", "TONGBAN_SMS_SANDBOX_PORT")
    own = {"TONGBAN_VAR": str(folder / "var"), **set_up_on(url)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TONGBAN_")}
    return {**kept, **own, **dict.fromkeys(names, "0")}


async def _prepare(env: dict[str, str], people: int) -> list[Somebody]:
    settings = load_settings(env)
    keys = KeyRing(current=settings.seal_key_current, keys=settings.seal_keys, index_key=settings.index_key)
    await migrate(settings.database_url, keys)
    async with open_database(settings.database_url, keys):
        await _points()
        return await _crowd(people)


async def _points() -> None:
    for code, minutes, until, capacity in (
        (SPREAD, 30, "23:59", 1000), (HOT, 30, "23:59", 1_000_000), (RUSH, 30, "23:59", RUSH_PLACES),
        (READ, 4, "20:00", READ_PLACES),
    ):  # fmt: skip
        openings = [{"weekday": day, "start": "00:00", "end": until} for day in range(7)]
        point = await keep_point(
            code, {ITEM: date(2021, 1, 1)}, name=f"测试受理点{code}", division="360103",
            address="江西省南昌市西湖区测试大道1号", phone="0791-00000000", is_demo=True,
            schedule={
                "openings": openings, "slot_minutes": minutes, "capacity": capacity, "closed_on_rest_days": False,
            },
        )  # fmt: skip
        await set_booking(point.id, ITEM, horizon_days=HORIZON)


async def _crowd(people: int) -> list[Somebody]:
    """Everybody has an account, a session and a case of their own; they share one declared person."""
    now = datetime.now(UTC)
    first = await Account.create(appid="-", openid="0", openid_index="0", created_at=now)
    person = await Person.create(
        account_id=first.id, is_self=True, name=_FORM["name"], identity_number=_FORM["identity_number"],
        identity_index="0", household_division="360702", household_address=_FORM["household_address"],
        collective_household=False, declared_at=now,
    )  # fmt: skip
    ids, made = count(first.id + 1), list[Somebody]()
    while len(made) < people:
        made += await _some(min(_BATCH, people - len(made)), ids, person, now)
    return made


async def _some(how_many: int, ids: Iterator[int], person: Person, now: datetime) -> list[Somebody]:
    accounts, sessions, cases, events, made = [], [], [], [], []
    for _ in range(how_many):
        one, token, mark = next(ids), secrets.token_urlsafe(32), secrets.token_hex(16)
        number = make_case_number(day_of(now), 10_000_000 + one)
        accounts.append(Account(id=one, appid="-", openid=mark, openid_index=mark, created_at=now))
        sessions.append(
            Session(
                token_hash=hashed(token), account_id=one, created_at=now, last_seen_at=now,
                ends_at=now + timedelta(hours=12),
            )
        )  # fmt: skip
        cases.append(
            Case(
                id=one, number=number, account_id=one, applicant_id=person.id, applicant_index=mark, item=ITEM,
                scope=ServiceScope.PROVINCE_WIDE, state=CaseState.OPEN, is_minor=False, household_division="360702",
                residence_division="360103", delivery=DeliveryMode.STATION, form=_FORM, rule_day=day_of(now),
                opened_at=now, last_seq=1,
            )
        )  # fmt: skip
        events.append(
            CaseEvent(
                case_id=one, seq=1, kind=CaseEventKind.OPENED, to_state=CaseState.OPEN, at=now, recorded_at=now,
                rule_day=day_of(now), actor=f"citizen:{one}", facts={},
            )
        )  # fmt: skip
        made.append(Somebody(token, number))
    await Account.bulk_create(accounts)
    await Session.bulk_create(sessions)
    await Case.bulk_create(cases)
    await CaseEvent.bulk_create(events)
    return made


@asynccontextmanager
async def _served(env: dict[str, str], folder: Path) -> AsyncIterator[str]:
    note, said = Path(env["TONGBAN_VAR"]) / "serving.json", folder / "serve.log"
    with said.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *_profiled(env), str(HOME / "run.py"), "serve", env=env, cwd=folder, stdout=log, stderr=log
        )
    try:
        while not note.exists() or not note.read_text(encoding="utf-8").strip():
            if process.returncode is not None:
                raise RuntimeError(said.read_text(encoding="utf-8")[-2000:])
            await asyncio.sleep(0.1)
        yield str(json.loads(note.read_text(encoding="utf-8"))["base_url"])
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _profiled(env: dict[str, str]) -> list[str]:
    """The interpreter; with BENCH_PROFILE=FILE under cProfile, which is for reading and never for figures."""
    into = env.get("BENCH_PROFILE")
    return [sys.executable, "-m", "cProfile", "-o", into] if into else [sys.executable]
