"""Opening the database, and everything the rows need of it. Other rooms open and migrate here and say no tortoise."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError

from models.columns import KeyRing, UtcDatetime, install_keyring, utc
from models.connect import (
    COLLISIONS,
    MODEL_MODULES,
    UNAVAILABLE,
    Unreachable,
    connected,
    dialect_of,
    sqlite_path,
    tortoise_config,
)
from models.group import groups_open
from models.migrate import BrokenReferences, apply_migrations, migrate, pending_migrations
from models.reseal import reseal
from models.seal_check import WrongKeys, check_keys
from models.store import connection, detached, insert_once, move, transaction

__all__ = [
    "COLLISIONS",
    "MODEL_MODULES",
    "UNAVAILABLE",
    "BrokenReferences",
    "Database",
    "IntegrityError",
    "KeyRing",
    "Unreachable",
    "UtcDatetime",
    "WrongKeys",
    "connection",
    "detached",
    "insert_once",
    "migrate",
    "move",
    "open_database",
    "reseal",
    "transaction",
    "utc",
]


@dataclass(frozen=True)
class Database:
    """The open database of this process."""

    dialect: Literal["sqlite", "postgres"]
    _client: BaseDBAsyncClient
    _apps: dict[str, Any]

    async def ping(self) -> bool:
        """Whether the database answers now."""
        try:
            await self._client.execute_query("SELECT 1")
        except UNAVAILABLE:
            return False
        return True

    async def migrated(self) -> bool:
        """Whether every migration of this program has been applied."""
        return not await pending_migrations(self._client, self._apps)


@asynccontextmanager
async def open_database(url: str, keyring: KeyRing) -> AsyncIterator[Database]:
    """Open the database for every task of the process, one at a time; it closes for certain, whatever happens inside.

    ``url`` as in ``tortoise_config``. A database in memory is migrated at once, since nobody could have done it before.
    Raises ``Unreachable`` when it cannot be opened, ``WrongKeys`` when the ring does not open what was sealed in it.
    An unmigrated database opens (so that it can be asked ``migrated()``), but its keys cannot be checked.
    """
    install_keyring(keyring)
    config = tortoise_config(url)
    async with connected(config, for_all_tasks=True) as client:
        database = Database(dialect_of(client), client, config["apps"])
        if dialect_of(client) == "sqlite" and sqlite_path(url) is None:
            await apply_migrations(client, config["apps"], keyring)
        elif await database.migrated():
            await check_keys(keyring)
        async with groups_open():
            yield database
