"""Bring a database to the newest migration: all or nothing, safe when several processes start at once."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.loader import MigrationLoader
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.transactions import in_transaction

from models.columns import KeyRing, install_keyring
from models.connect import Unreachable, connected, dialect_of, sqlite_path, tortoise_config
from models.seal_check import check_keys

_PATIENCE = 60  # seconds to wait for another process that is migrating
_LOCK_NUMBER = 0x746F6E67  # "tong": the advisory lock of this product


class BrokenReferences(Exception):
    """After the migrations some rows would point to nothing; everything was rolled back."""


async def migrate(url: str, keyring: KeyRing) -> list[str]:
    """Apply every migration that is missing and return their names; an empty list when there was nothing to do.

    Makes the SQLite file (readable by its owner only) and notes the current key. Raises ``Unreachable``,
    ``WrongKeys`` or ``BrokenReferences``; then nothing was changed.
    """
    install_keyring(keyring)
    async with _alone(sqlite_path(url)), connected(_patient(url), for_all_tasks=False) as client:
        return await apply_migrations(client, tortoise_config(url)["apps"], keyring)


def _patient(url: str) -> dict[str, Any]:
    if url.startswith("sqlite"):
        return tortoise_config(url, busy_timeout=_PATIENCE * 1000)
    return tortoise_config(url, command_timeout=_PATIENCE)


@asynccontextmanager
async def _alone(path: Path | None) -> AsyncIterator[None]:
    """Hold the lock file beside the SQLite file: even switching a new file to WAL fails when two do it at once."""
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    lock_file = path.with_name(path.name + ".migrating")
    with closing(sqlite3.connect(lock_file, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)) as lock:
        try:
            await asyncio.to_thread(lock.execute, "BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise Unreachable(f"another process has been migrating {path} for over {_PATIENCE} seconds") from error
        yield


async def apply_migrations(client: BaseDBAsyncClient, apps: dict[str, Any], keyring: KeyRing) -> list[str]:
    """Apply what is missing through an open client, in one transaction, and refresh the planner's statistics."""
    applied: list[str] = []
    async with _references_unchecked(client), in_transaction("default") as inside:
        if dialect_of(client) == "postgres":
            await inside.execute_query(f"SELECT pg_advisory_xact_lock({_LOCK_NUMBER})")
        await _run(inside, apps, applied)
        await _check_references(inside)
        await check_keys(keyring)
    if applied:
        await client.execute_query("ANALYZE")
    return applied


async def _run(inside: BaseDBAsyncClient, apps: dict[str, Any], applied: list[str]) -> None:
    def note(event: str, _app: str, name: str) -> None:
        if event == "apply_done":
            applied.append(name)

    executor = MigrationExecutor(inside, apps)
    # made first: asking an absent table what was applied would abort the PostgreSQL transaction
    await executor.recorder.ensure_schema(executor._schema_editor(atomic=True))  # noqa: SLF001
    await executor.migrate([MigrationTarget("models", "__latest__")], direction="forward", progress=note)


@asynccontextmanager
async def _references_unchecked(client: BaseDBAsyncClient) -> AsyncIterator[None]:
    """SQLite alters a table by copying and dropping it; with references enforced the drop would delete its children."""
    if dialect_of(client) == "postgres":
        yield
        return
    await client.execute_query("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        await client.execute_query("PRAGMA foreign_keys = ON")


async def _check_references(inside: BaseDBAsyncClient) -> None:
    if dialect_of(inside) == "postgres":
        return
    _, broken = await inside.execute_query("PRAGMA foreign_key_check")
    if broken:
        tables = sorted({str(row["table"]) for row in broken})
        raise BrokenReferences(f"rows of {', '.join(tables)} would point to rows that do not exist")


async def pending_migrations(client: BaseDBAsyncClient, apps: dict[str, Any]) -> list[str]:
    """Names of migrations this program has and the database lacks, oldest first."""
    loader = MigrationLoader(apps, MigrationRecorder(client))
    await loader.build_graph()
    return sorted(key.name for key in loader.disk_migrations.keys() - loader.applied_migrations)
