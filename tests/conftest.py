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

from models.db import Database, KeyRing, migrate, open_database

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


@pytest.fixture(scope="session")
def on_postgres() -> bool:
    return bool(SERVER)


@pytest.fixture(scope="session")
def keyring() -> KeyRing:
    return KeyRing(current="test-1", keys={"test-1": b"t" * 32}, index_key=b"x" * 32)


@pytest.fixture
def make_database_url(tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes URLs of empty databases, not migrated, that are gone after the test."""
    made: list[str] = []

    def make() -> str:
        name = f"tongban_test_{os.getpid()}_{os.urandom(4).hex()}"
        if SERVER:
            run_aside(lambda: _on_server(f'CREATE DATABASE "{name}"'))
        made.append(name)
        return _named(name) if SERVER else f"sqlite://{tmp_path / name}.db"

    yield make
    for name in made if SERVER else ():
        run_aside(lambda name=name: _on_server(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))  # type: ignore[misc]


@pytest.fixture
def empty_database_url(make_database_url: Callable[[], str]) -> str:
    """A database nobody has migrated yet."""
    return make_database_url()


@pytest.fixture(scope="session")
def _template(tmp_path_factory: pytest.TempPathFactory, keyring: KeyRing) -> Iterator[str]:
    """One migrated database for the whole run: a file to copy, or the database that is emptied before each test."""
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


@pytest.fixture
def database_url(_template: str, tmp_path: Path) -> str:
    """A migrated database without rows, this test's own."""
    if SERVER:
        run_aside(lambda: _emptied(_template))
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


async def _on_server(statement: str) -> None:
    connection = await asyncpg.connect(SERVER)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def _emptied(url: str) -> None:
    """Drop what an earlier test left: connections that would hold locks, then every row."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        tables = [f'"{row["tablename"]}"' for row in rows if row["tablename"] not in KEPT_TABLES]
        # a hundred times quicker than TRUNCATE, which makes new files; without triggers, or append-only tables refuse
        deletions = "; ".join(f"DELETE FROM {table}" for table in tables)
        await connection.execute(f"SET session_replication_role = replica; {deletions}")
        await connection.execute("SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'")
    finally:
        await connection.close()
