"""From a database URL to a Tortoise context: where the rows are, which driver settings hold, what can go wrong."""

import os
import sqlite3
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast

import asyncpg  # type: ignore[import-untyped]
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.context import TortoiseContext
from tortoise.exceptions import ConfigurationError, DBConnectionError, OperationalError

from models import guards

MODEL_MODULES = (
    "models.account",
    "models.announcement",
    "models.appeal",
    "models.approval",
    "models.audit",
    "models.card",
    "models.case",
    "models.certificate",
    "models.chat_talk",
    "models.complaint",
    "models.consultation",
    "models.contact",
    "models.deadline",
    "models.feed",
    "models.follow_up",
    "models.credit",
    "models.delivery_report",
    "models.handoff",
    "models.point_key",
    "models.hold",
    "models.invitation",
    "models.letter_edition",
    "models.notice",
    "models.operator_task",
    "models.person",
    "models.place",
    "models.push",
    "models.reach_task",
    "models.request_key",
    "models.residence",
    "models.seal_check",
    "models.signature",
    "models.slot",
    "models.staff",
    "models.waiting",
    "models.wechat_token",
)
MIGRATIONS = "models.migrations"


class Crowded(Exception):
    """More wait for the database already than it could serve soon."""


# What a driver raises when the database is away, locked or overloaded rather than asked something wrong.
UNAVAILABLE: tuple[type[Exception], ...] = (
    DBConnectionError,
    OperationalError,
    sqlite3.OperationalError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg says when a connection breaks while a statement is on its way
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    OSError,
    TimeoutError,
    Crowded,
)

# What PostgreSQL gives up one of two transactions with that got in each other's way: it may simply be tried again.
COLLISIONS: tuple[type[Exception], ...] = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)

_SQLITE = {
    "busy_timeout": "5000",  # ms a statement waits for another process's lock
    "journal_mode": "WAL",
    "synchronous": "FULL",  # an acknowledged booking survives a power cut
    "foreign_keys": "ON",
}
_POSTGRES = {"minsize": 1, "maxsize": 10, "command_timeout": 10.0, "timeout": 5.0, "application_name": "tongban"}
_NUMBERS = {"minsize": int, "maxsize": int, "command_timeout": float, "timeout": float}


class Unreachable(Exception):
    """The database cannot be opened; the sentence is for operators and holds no password."""


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """A pooled connection that keeps no session state, and so needs no RESET round trip after every statement.

    What PostgreSQL's own types are made of (an array of text, say) is asked once in a process: asyncpg asks on every
    new connection, in three round trips with the heaviest query there is here.
    """

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109 — asyncpg's own
        """As asyncpg; a transaction begins with word that its statements are planned once."""
        told: str = await super().execute(_BEGIN if query == "BEGIN;" else query, *args, timeout=timeout)
        return told

    def get_reset_query(self) -> str:
        """Nothing to reset; an open transaction is rolled back by the pool all the same."""
        return ""

    async def _introspect_types(self, typeoids: Iterable[int], timeout: float) -> Any:  # noqa: ASYNC109 — asyncpg's own
        asked = frozenset(typeoids)
        if max(asked) >= _NUMBERED_FOR_GOOD:
            return await super()._introspect_types(asked, timeout)
        if asked not in _made_of:
            _made_of[asked], _ = await super()._introspect_types(asked, timeout)
        return _made_of[asked], _NOTHING_WAS_ASKED


_BEGIN = "BEGIN; SET LOCAL plan_cache_mode TO force_generic_plan"
"""What a transaction does is known by keys and lists of keys, and planned alike whatever they are. Left to choose,
PostgreSQL plans each statement anew, because a list of two looks cheaper than a list: a third of its time."""

_NUMBERED_FOR_GOOD = 10_000  # below it a type has the same number and parts in every database of every version
_NOTHING_WAS_ASKED = SimpleNamespace(name="kept")  # so that asyncpg does not prepare the statement at hand once more
_made_of: dict[frozenset[int], Any] = {}


def tortoise_config(url: str, **overrides: Any) -> dict[str, Any]:
    """The Tortoise configuration for ``sqlite://PATH``, ``sqlite://:memory:`` or ``postgres://user@host/name``.

    What follows ``sqlite://`` is the path as it stands: three slashes make it absolute. Query keys of the URL win over
    our settings (PRAGMAs on SQLite, pool arguments on PostgreSQL), ``overrides`` over both. Raises ValueError for
    a URL of any other kind.
    """
    app = {"models": list(MODEL_MODULES), "default_connection": "default", "migrations": MIGRATIONS}
    return {
        "connections": {"default": _connection(url, overrides)},
        "apps": {"models": app},
        "use_tz": True,
        "timezone": "UTC",
    }


def _connection(url: str, overrides: dict[str, Any]) -> dict[str, Any]:
    if not url.startswith(("sqlite://", "postgres://", "postgresql://")):
        raise ValueError("a database URL starts with sqlite:// or postgres://")
    try:
        expanded = expand_db_url(url)
    except ConfigurationError as error:
        raise ValueError(f"not a database URL: {error}") from error
    given = {**expanded["credentials"], **overrides}
    if url.startswith("sqlite"):
        return {"engine": expanded["engine"], "credentials": {**_SQLITE, **given}}
    merged = {**_POSTGRES, **given, "connection_class": _Connection}
    for name, number in _NUMBERS.items():
        merged[name] = number(merged[name])
    merged["server_settings"] = {"timezone": "UTC", "synchronous_commit": "on"}
    return {"engine": expanded["engine"], "credentials": merged}


def sqlite_path(url: str) -> Path | None:
    """The file behind a SQLite URL; None for PostgreSQL and for a database in memory."""
    if not url.startswith("sqlite://"):
        return None
    name = str(_connection(url, {})["credentials"]["file_path"])
    return None if name == ":memory:" else Path(name)


@asynccontextmanager
async def connected(config: dict[str, Any], *, for_all_tasks: bool) -> AsyncIterator[BaseDBAsyncClient]:
    """A connected client inside a Tortoise context that is closed for certain: an open one keeps the process alive.

    ``for_all_tasks`` makes it the database of the whole process (at most one at a time); otherwise only this task and
    those it starts see it. Raises ``Unreachable``.
    """
    guards.install()
    context = TortoiseContext()
    try:
        with context:
            await context.init(config=config, _enable_global_fallback=for_all_tasks)
            client = await _opened(context)
        with nullcontext() if for_all_tasks else context:
            yield client
    finally:
        await context.close_connections()


async def _opened(context: TortoiseContext) -> BaseDBAsyncClient:
    client = context.db("default")
    try:
        _try_file(client)
        await client.create_connection(with_db=True)
        await client.execute_query("SELECT 1")
    except (*UNAVAILABLE, sqlite3.Error, asyncpg.PostgresError) as error:
        raise Unreachable(f"the database {_place(client)} cannot be opened: {type(error).__name__}: {error}") from error
    return client


def _try_file(client: Any) -> None:
    """Make the SQLite file, its owner's alone, or fail here: a failed connection of the driver may outlive its loop."""
    if client.capabilities.dialect == "sqlite" and client.filename != ":memory:":
        os.close(os.open(client.filename, os.O_CREAT | os.O_RDWR, 0o600))


def _place(client: Any) -> str:
    if client.capabilities.dialect == "sqlite":
        return str(client.filename)
    return f"{client.database} on {client.host}:{client.port}"


def dialect_of(client: BaseDBAsyncClient) -> Literal["sqlite", "postgres"]:
    """Which of the two databases this is."""
    return cast("Literal['sqlite', 'postgres']", client.capabilities.dialect)
