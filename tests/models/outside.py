"""Looking at a database from outside Tortoise: another connection, plain SQL."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]

from models.db import connection, transaction
from models.store import placeholder


async def seen_from_outside(url: str, statement: str) -> list[tuple[Any, ...]]:
    """What another connection reads: only what was committed."""
    if url.startswith("sqlite://"):
        with closing(sqlite3.connect(url.removeprefix("sqlite://"), timeout=5)) as other:
            return other.execute(statement).fetchall()
    other_connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await other_connection.fetch(statement)]
    finally:
        await other_connection.close()


async def insert(table: str, **columns: Any) -> None:
    """A raw INSERT on this task's connection, past every rule of the rows."""
    names = ", ".join(f'"{name}"' for name in columns)
    marks = ", ".join(placeholder(position) for position in range(1, len(columns) + 1))
    await execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', list(columns.values()))


async def execute(statement: str, values: Sequence[Any] = ()) -> int:
    """A raw statement on this task's connection; the number of rows it changed."""
    return (await connection().execute_query(statement, list(values)))[0]


async def read(statement: str) -> list[dict[str, Any]]:
    """Rows of a raw query on this task's connection."""
    return await connection().execute_query_dict(statement)


def in_a_transaction(work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """The work as a whole in one transaction."""

    @wraps(work)
    async def wrapped() -> None:
        async with transaction():
            await work()

    return wrapped


def start_process(what: str, url: str) -> "subprocess.Popen[str]":
    """``tests.models.process`` on its way; what it says and its errors come in one stream."""
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.models.process", what, url],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
