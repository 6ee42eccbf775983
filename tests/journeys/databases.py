"""A database of one's own for a service in its own process, and what must be true in it after every story."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg  # type: ignore[import-untyped]

from tests.conftest import SERVER, run_aside

# Each of these finds rows that must not be there; plain SQL, so that the rooms do not vouch for themselves.
_BROKEN = {
    "case whose state is not that of its last event": """
        SELECT c.number FROM service_case c JOIN case_event e ON e.case_id = c.id
        WHERE e.seq = (SELECT MAX(seq) FROM case_event WHERE case_id = c.id) AND e.to_state <> c.state""",
    "case without an event": "SELECT number FROM service_case WHERE id NOT IN (SELECT case_id FROM case_event)",
    "event that does not begin where the one before it ended": """
        SELECT e.id FROM case_event e JOIN case_event b ON b.case_id = e.case_id AND b.seq = e.seq - 1
        WHERE e.from_state <> b.to_state""",
    "history with a gap": """
        SELECT case_id FROM case_event GROUP BY case_id HAVING MAX(seq) - MIN(seq) + 1 <> COUNT(*)""",
    "slot whose count is not that of its bookings": """
        SELECT s.id FROM slot s WHERE s.taken <> (
            SELECT COUNT(*) FROM booking b
            WHERE b.slot_id = s.id AND (b.ended_at IS NULL OR b.how_ended IN ('kept', 'no_show'))
        ) + (SELECT COUNT(*) FROM hold h WHERE h.slot_id = s.id AND h.ended_at IS NULL)""",
    "notice still owed": "SELECT dedupe_key FROM notice WHERE status = 'owed'",
    "notice that reached nobody": "SELECT dedupe_key FROM notice WHERE status = 'unreached'",
    "notice that was accepted twice": """
        SELECT notice_id FROM notice_attempt WHERE outcome = 'accepted' GROUP BY notice_id HAVING COUNT(*) > 1""",
    "clock that runs on in a case that ended": """
        SELECT d.id FROM deadline d JOIN service_case c ON c.id = d.case_id
        WHERE d.stopped_at IS NULL AND c.ended_at IS NOT NULL""",
}


@contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """The URL of an empty database: a file, or one on the server that the environment names."""
    name = f"tongban_test_{os.getpid()}_{os.urandom(4).hex()}"
    if not SERVER:
        yield f"sqlite://{folder / name}.db"
        return
    url = urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))
    run_aside(lambda: _on_postgres(SERVER, f'CREATE DATABASE "{name}"'))
    try:
        yield url
    finally:
        run_aside(lambda: _on_postgres(SERVER, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))


async def what_is_broken(url: str) -> dict[str, list[Any]]:
    """Everything that must not be in the database, by name; empty when all is whole."""
    found = {what: await _rows(url, query) for what, query in _BROKEN.items()}
    if url.startswith("sqlite:"):
        found["integrity_check"] = [row for row in await _rows(url, "PRAGMA integrity_check") if row != "ok"]
        found["foreign_key_check"] = await _rows(url, "PRAGMA foreign_key_check")
    return {what: rows for what, rows in found.items() if rows}


async def _rows(url: str, query: str) -> list[Any]:
    if url.startswith("postgres:"):
        return [row[0] for row in await _on_postgres(url, query)]
    with closing(sqlite3.connect(url.removeprefix("sqlite://"))) as connection:
        return [row[0] for row in connection.execute(query)]


async def _on_postgres(url: str, statement: str) -> list[Any]:
    connection = await asyncpg.connect(url)
    try:
        return list(await connection.fetch(statement))
    finally:
        await connection.close()
