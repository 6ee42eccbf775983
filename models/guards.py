"""Repairs to Tortoise 1.1.9 without which it loses connections, transactions or the whole database.

Each was reproduced before it was written; tests/models/test_guards.py shows each. They replace internals, so the
version is pinned exactly and checked when they are installed. What is mended:

- A task cancelled while it enters a transaction kept SQLite's process-wide lock, or a pooled PostgreSQL connection,
  for ever. Here every way out of entering gives back what was taken.
- Leaving: a failed or cancelled COMMIT left the transaction open on SQLite; a cancelled release left the task inside
  a dead transaction on PostgreSQL.
- SQLite's BEGIN is deferred, so two processes that read before they write fail with "database is locked" whatever the
  busy timeout. Here a transaction takes the write lock when it begins.
- A bulk insert cancelled half way left its transaction open on the shared SQLite connection.
- The row count of a SQLite statement could contain the rows of another task's cancelled statement, so that a
  conditional UPDATE that moved nothing reported success.
- A script inside a SQLite transaction committed it.
- A failed first connection kept the connection's lock.
- A task started inside a transaction went on writing through it after its end.
- Altering a table on SQLite copies it and dropped its indexes, triggers and CHECKs. Here indexes and triggers are made
  again, and a table with a CHECK is not copied at all. (That the copy also deleted the rows that refer to the table is
  mended in models/migrate.py: it switches references off meanwhile and checks them afterwards.)

- The source of every model was read and parsed at each start, for comments that nobody writes here: a fifteenth of it.
- Before every step of a migration all models were built anew as they stood before it, though hardly a step looks at
  them: most of the time of a first start. Here they are built when they are asked for.

Why plain awaits are enough for SQLite: the connection's thread works off a queue in order, and an await is queued
before it can be cancelled. So a ROLLBACK asked for after a cancelled BEGIN runs after it, even if we stop waiting.
"""
# ruff: noqa: SLF001 — mending internals means touching them

import sqlite3
from collections.abc import Sequence
from types import TracebackType
from typing import Any, cast

import tortoise
from tortoise import models
from tortoise.backends.asyncpg import client as asyncpg_backend
from tortoise.backends.base import client as base
from tortoise.backends.sqlite import client as sqlite_backend
from tortoise.connection import get_connections
from tortoise.exceptions import IntegrityError, OperationalError, TransactionManagementError
from tortoise.migrations.schema_editor.sqlite import SqliteSchemaEditor
from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps
from tortoise.models import Model

PATCHED_VERSION = "1.1.9"

_ENDED = "this task was started inside a transaction that has ended; start it with models.db.detached"


def install() -> None:
    """Put the repairs in place; harmless when called again. Raises RuntimeError on any other Tortoise version."""
    if tortoise.__version__ != PATCHED_VERSION:
        raise RuntimeError(f"models/guards.py mends Tortoise {PATCHED_VERSION}, not {tortoise.__version__}")
    for owner, repairs in _REPAIRS.items():
        for name, repair in repairs.items():
            setattr(owner, name, repair)


def spare_comments() -> None:
    """Before the first model is made: columns are described by nobody's ``#:`` comments."""

    def none(cls: type[Model]) -> dict[str, str]:  # noqa: ARG001
        return {}

    models._get_comments = none


async def _enter_sqlite(self: Any) -> Any:
    await self._trxlock.acquire()
    try:
        await self.ensure_connection()
        await self.connection.begin()
    except BaseException:
        await _abandon_sqlite(self)
        raise
    self.token = get_connections().set(self.connection_name, self.connection)
    return self.connection


async def _abandon_sqlite(self: Any) -> None:
    raw = self.connection._connection
    try:
        if raw is not None:
            await raw.rollback()
    finally:
        self._trxlock.release()


async def _exit_sqlite(
    self: Any, exc_type: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
) -> None:
    raw = self.connection._connection
    try:
        await (raw.commit() if exc_type is None else raw.rollback())
    except sqlite3.Error as error:
        await raw.rollback()
        raise (IntegrityError if isinstance(error, sqlite3.IntegrityError) else OperationalError)(error) from error
    except BaseException:
        await raw.rollback()  # nothing to undo if the COMMIT went through after all
        raise
    finally:
        self.connection._finalized = True
        get_connections().reset(self.token)
        self._trxlock.release()


async def _begin_sqlite(self: Any) -> None:
    try:
        await self._connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        raise OperationalError(error) from error


async def _execute_many_sqlite(self: Any, query: str, values: list[list[Any]]) -> None:
    async with sqlite_backend.SqliteTransactionContext(
        sqlite_backend.SqliteTransactionWrapper(self), self._lock
    ) as transaction:
        await transaction.execute_many(query, values)


@sqlite_backend.translate_exceptions
async def _execute_query_sqlite(self: Any, query: str, values: list[Any] | None = None) -> tuple[int, list[Any]]:
    async with self.acquire_connection() as connection:
        self.log.debug("%s: %s", query, values)
        return cast("tuple[int, list[Any]]", await connection._execute(_counted, connection._conn, query, values or ()))


def _counted(raw: sqlite3.Connection, query: str, values: Sequence[Any]) -> tuple[int, list[Any]]:
    """Rows changed (or read) and the rows themselves; counted in the connection's thread, where nothing intervenes."""
    before = raw.total_changes
    rows = raw.execute(query, values).fetchall()
    return (raw.total_changes - before) or len(rows), rows


async def _execute_script_sqlite(self: Any, query: str) -> None:
    for statement in statements(query):
        await self.execute_query(statement)


def statements(script: str) -> list[str]:
    """A SQL script cut into its statements; the semicolons inside a trigger do not cut."""
    found: list[str] = []
    pending = ""
    for piece in script.split(";"):
        pending += piece + ";"
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    if pending.strip("; \n"):
        found.append(pending)  # left for the database to refuse
    return [statement for statement in found if statement != ";"]


async def _enter_connection(self: Any) -> Any:
    await self._lock.acquire()
    try:
        await self.ensure_connection()
    except BaseException:
        self._lock.release()
        raise
    return self.connection


async def _enter_pooled(self: Any) -> Any:
    await self.ensure_connection()
    pool = self.client._parent._pool
    self.client._connection = await pool.acquire()
    try:
        await self.client.begin()
    except BaseException:
        await pool.release(self.client._connection)  # asyncpg shields this, and rolls back what is open
        raise
    self.token = get_connections().set(self.connection_name, self.client)
    return self.client


async def _exit_pooled(
    self: Any, exc_type: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
) -> None:
    client = self.client
    try:
        if not client._finalized:
            await (client.commit() if exc_type is None else client.rollback())
    finally:
        client._finalized = True
        get_connections().reset(self.token)
        if client._parent._pool is not None:
            await client._parent._pool.release(client._connection)


def _acquire_in_transaction(self: Any) -> base.ConnectionWrapper[Any]:
    if self._finalized:
        raise TransactionManagementError(_ENDED)
    return base.ConnectionWrapper(self._lock, self)


async def _remake_table(self: Any, model: type[Model], *args: Any, **kwargs: Any) -> None:
    table = model._meta.db_table
    _, before = await self.client.execute_query(_PARTS, [table])
    if any(part["type"] == "table" and "CHECK" in part["sql"] for part in before):
        raise OperationalError(f"copying the table {table} would lose its CHECK: write this migration in SQL")
    await _plain_remake_table(self, model, *args, **kwargs)
    _, after = await self.client.execute_query(_PARTS, [table])
    kept = {part["name"] for part in after}
    for part in before:
        if part["name"] not in kept:
            await self.client.execute_query(part["sql"])


class _StateBefore(State):
    """The tables as they stood before a step; their models are built when somebody asks for them."""

    def __init__(self, after: State) -> None:
        self.models = {key: model.clone() for key, model in after.models.items()}
        self._after = after
        self._apps: StateApps | None = None

    @property
    def apps(self) -> StateApps:  # type: ignore[override]
        if self._apps is None:
            self._apps = self._after.apps.clone(model_states=self.models)
        return self._apps


def _clone_state(self: State) -> State:
    return _StateBefore(self)


_PARTS = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL"
_plain_remake_table = SqliteSchemaEditor._remake_table

_REPAIRS: dict[type, dict[str, Any]] = {
    sqlite_backend.SqliteTransactionContext: {"__aenter__": _enter_sqlite, "__aexit__": _exit_sqlite},
    sqlite_backend.SqliteTransactionWrapper: {
        "begin": _begin_sqlite,
        "execute_script": _execute_script_sqlite,
        "acquire_connection": _acquire_in_transaction,
    },
    sqlite_backend.SqliteClient: {"execute_many": _execute_many_sqlite, "execute_query": _execute_query_sqlite},
    base.ConnectionWrapper: {"__aenter__": _enter_connection},
    base.TransactionContextPooled: {"__aenter__": _enter_pooled, "__aexit__": _exit_pooled},
    State: {"clone": _clone_state},
    SqliteSchemaEditor: {"_remake_table": _remake_table},
    asyncpg_backend.TransactionWrapper: {"acquire_connection": _acquire_in_transaction},
}
