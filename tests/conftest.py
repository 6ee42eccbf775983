"""The ground of every test: a fresh database, migrated; SQLite by default, PostgreSQL when the environment names one.

TONGBAN_TEST_DATABASE_URL=postgres://… makes one database of its own on that server, for this run only.
"""

import asyncio
import os
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg  # type: ignore[import-untyped]
import pytest

from models.connect import UNAVAILABLE
from models.db import Database, KeyRing, migrate, open_database
from tests.quick_opening import open_quickly

SERVER = os.environ.get("TONGBAN_TEST_DATABASE_URL", "")
KEPT_TABLES = {"tortoise_migrations", "seal_check"}

_Result = TypeVar("_Result")


def run_aside(work: Callable[[], Coroutine[Any, Any, _Result]]) -> _Result:
    """Run a coroutine on a loop of its own in a thread of its own, so that the test's loop knows nothing of it."""
    results: list[_Result] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(work()))
        except BaseException as error:  # noqa: BLE001 — carried over to the test's thread
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


@pytest.fixture(scope="session", autouse=True)
def _opened_quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        open_quickly(patch)
        yield


@pytest.fixture(scope="session")
def on_postgres() -> bool:
    return bool(SERVER)


@pytest.fixture(scope="session")
def keyring() -> KeyRing:
    return KeyRing(current="test-1", keys={"test-1": b"t" * 32}, index_key=b"x" * 32)


@pytest.fixture
def make_database_url(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Makes URLs of empty databases, not migrated unless made like another, that are gone after the test."""
    made: list[str] = []

    def make(like: str | None = None) -> str:
        name = f"tongban_test_{os.getpid()}_{os.urandom(4).hex()}"
        made.append(name)
        if SERVER:
            run_aside(
                lambda: _on_server(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{_name_in(like)}"' if like else ""))
            )
            return _named(name)
        if like:
            shutil.copy(like.removeprefix("sqlite://"), tmp_path / f"{name}.db")
        return f"sqlite://{tmp_path / name}.db"

    yield make
    for name in made if SERVER else ():
        run_aside(lambda name=name: _on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))  # type: ignore[misc]


@pytest.fixture
def empty_database_url(make_database_url: Callable[..., str]) -> str:
    """A database nobody has migrated yet."""
    return make_database_url()


@pytest.fixture
def migrated_database_url(_pristine: str, make_database_url: Callable[..., str]) -> str:
    """A migrated database without rows, to be altered; the sealing keys are those of the ring."""
    return make_database_url(_pristine)


@pytest.fixture(scope="session")
def _pristine(tmp_path_factory: pytest.TempPathFactory, keyring: KeyRing) -> Iterator[str]:
    """One migrated database for the whole run, which nobody opens: others are made like it."""
    if not SERVER:
        url = f"sqlite://{tmp_path_factory.mktemp('template') / 'template.db'}"
        run_aside(lambda: migrate(url, keyring))
        yield url
        return
    name = f"tongban_test_{os.getpid()}_{os.urandom(4).hex()}"
    run_aside(lambda: _on_server(f'CREATE DATABASE "{name}"'))
    run_aside(lambda: migrate(_named(name), keyring))
    yield _named(name)
    run_aside(lambda: _on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def _template(_pristine: str) -> Iterator[str]:
    """What every test starts from: a file to copy, or the database that is emptied before each test."""
    if not SERVER:
        yield _pristine
        return
    name = f"tongban_test_{os.getpid()}_{os.urandom(4).hex()}"
    run_aside(lambda: _on_server(f'CREATE DATABASE "{name}" TEMPLATE "{_name_in(_pristine)}"'))
    yield _named(name)
    run_aside(lambda: _on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


@pytest.fixture(scope="session")
def _broom(_template: str) -> Iterator["_Broom | None"]:
    """What empties the run's database; None where every test has a file of its own."""
    if not SERVER:
        yield None
        return
    broom = _Broom(_template)
    yield broom
    broom.put_away()


@pytest.fixture
def database_url(_template: str, _broom: "_Broom | None", tmp_path: Path) -> str:
    """A migrated database without rows, this test's own."""
    if _broom:
        _broom.sweep()
        return _template
    path = tmp_path / "tongban.db"
    shutil.copy(_template.removeprefix("sqlite://"), path)
    return f"sqlite://{path}"


@pytest.fixture
async def database(database_url: str, keyring: KeyRing) -> AsyncIterator[Database]:
    """The migrated database, open for every task of the test."""
    async with open_database(database_url, keyring) as opened:
        yield opened


def _named(name: str) -> str:
    return urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))


def _name_in(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


async def _on_server(statement: str) -> None:
    connection = await asyncpg.connect(SERVER)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


class _Broom:
    """Empties the run's PostgreSQL database before each test, through one connection that stays open meanwhile.

    One question does it all: end the connections an earlier test left, which would hold locks; delete where there are
    rows (a hundred times quicker than TRUNCATE, which makes new files); let the numbers begin at one again. Triggers
    are off, or tables that may only grow would refuse.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def sweep(self) -> None:
        """No row and no connection of an earlier test is left."""
        self._do(self._swept())

    def put_away(self) -> None:
        """The connection is closed, the thread has ended."""
        self._do(self._closed())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _swept(self) -> None:
        try:
            await self._sweep()
        except UNAVAILABLE:  # the test before ended every connection, this one too
            if self._connection:
                self._connection.terminate()
            self._connection = None
            await self._sweep()

    async def _sweep(self) -> None:
        self._connection = self._connection or await self._opened()
        await self._connection.execute("SELECT pg_temp.sweep()")

    async def _closed(self) -> None:
        if self._connection:
            await self._connection.close()

    async def _opened(self) -> "asyncpg.Connection":
        connection = await asyncpg.connect(self._url)
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        tables = [f'"{row["tablename"]}"' for row in rows if row["tablename"] not in KEPT_TABLES]
        deletions = "\n".join(f"IF EXISTS (SELECT FROM {table}) THEN DELETE FROM {table}; END IF;" for table in tables)
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(
            f"""CREATE FUNCTION pg_temp.sweep() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
                AND pid <> pg_backend_pid() AND backend_type = 'client backend';
            {deletions}
            PERFORM setval(format('%I.%I', schemaname, sequencename), 1, false) FROM pg_sequences
                WHERE schemaname = current_schema() AND last_value IS NOT NULL;
            END $$"""
        )
        return connection
