"""The verbs every store verb is made of: transactions, insert once, move once. They hold on both databases alike.

Rules that come with them:
- Inside a transaction wait for nothing but the database: on SQLite everybody else waits for you.
- A task started inside a transaction would write through it: start it with ``detached``.
- Inside one transaction run one statement at a time (no ``gather``): they share one connection.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.connection import get_connection, get_connections
from tortoise.fields.base import DatabaseDefault
from tortoise.models import Model
from tortoise.transactions import in_transaction

_ALIAS = "default"
_Result = TypeVar("_Result")
_Signal = Callable[[bool], None]

_signals: ContextVar[list[_Signal] | None] = ContextVar("signals", default=None)
"""What is to be told when the transaction of this task has ended; None without one."""


@asynccontextmanager
async def transaction() -> AsyncIterator[None]:
    """All or nothing. Inside another transaction it is a savepoint: failing undoes this part, the outer stays usable.

    On SQLite the write lock is taken at once (BEGIN IMMEDIATE), so reading first and writing later is safe there; on
    PostgreSQL (read committed) a decision still needs a conditional UPDATE or a locked row.
    """
    signals, outermost = _signals.get(), not in_a_transaction()
    if signals is None:
        signals = []
        _signals.set(signals)
    before, done = len(signals), False
    try:
        async with in_transaction(_ALIAS):
            yield
        done = True
    finally:  # a COMMIT that was cut off may have gone through: then it is not known whether it was done
        if outermost:
            _signals.set(None)
            for signal in signals:
                signal(done)
        elif not done:
            signals[before:] = [partial(_undone, signal) for signal in signals[before:]]


def _undone(signal: _Signal, _committed: bool) -> None:
    signal(False)


def in_a_transaction() -> bool:
    """Whether this task is in a ``transaction`` now."""
    return _signals.get() is not None


def after_commit(signal: _Signal) -> None:
    """Call this when the outermost transaction has ended, before anybody can be told of it; at once without one.

    It is told whether what was done until now is committed for certain: also where not, it may be.
    """
    signals = _signals.get()
    if signals is None:
        signal(True)
    else:
        signals.append(signal)


def connection() -> BaseDBAsyncClient:
    """The connection of this task: the transaction it is in, or the pool. For SQL of store verbs."""
    return get_connection(_ALIAS)


def detached(work: Coroutine[Any, Any, _Result], *, name: str | None = None) -> asyncio.Task[_Result]:
    """Start a task that does not inherit the transaction of this one. Keep the task, or it may be collected."""
    outside = connection()
    while (parent := getattr(outside, "_parent", None)) is not None:
        outside = parent
    context = copy_context()
    context.run(get_connections().set, _ALIAS, outside)
    context.run(_signals.set, None)
    return asyncio.get_running_loop().create_task(work, name=name, context=context)


async def insert_once(model: type[Model], /, **columns: Any) -> bool:
    """Insert a row unless a unique constraint says it is there already; True when this call made it.

    Never aborts a surrounding transaction for a duplicate. Raises IntegrityError for any other broken constraint.
    """
    meta = model._meta  # noqa: SLF001 — Tortoise keeps the public description of a table there
    names, values = _given(model(**columns))
    client = connection()
    marks = ", ".join(placeholder(position) for position in range(1, len(names) + 1))
    statement = (
        f'INSERT INTO "{meta.db_table}" ({", ".join(names)}) VALUES ({marks}) '  # noqa: S608 — names of our own tables
        f'ON CONFLICT DO NOTHING RETURNING "{meta.db_pk_column}"'
    )
    return bool(await client.execute_query_dict(statement, values))


def _given(row: Model) -> tuple[list[str], list[Any]]:
    meta = row._meta  # noqa: SLF001
    names: list[str] = []
    values: list[Any] = []
    for attribute, column in meta.fields_db_projection.items():
        field, value = meta.fields_map[attribute], getattr(row, attribute)
        if isinstance(value, DatabaseDefault) or (field.generated and value is None):
            continue
        names.append(f'"{column}"')
        values.append(field.to_db_value(value, row))
    return names, values


def on_postgres() -> bool:
    """Which of the two databases is open."""
    return connection().capabilities.dialect == "postgres"


def placeholder(position: int) -> str:
    """How the parameter at this position (from 1) is written in SQL on this database."""
    return f"${position}" if on_postgres() else "?"


async def move(model: type[Model], where: Mapping[str, Any], set: Mapping[str, Any]) -> bool:  # noqa: A002 — SQL's word
    """One conditional UPDATE whose row count is the verdict: True when a row that fits ``where`` was changed."""
    return await model.filter(**where).update(**set) > 0
