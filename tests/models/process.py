"""A process of its own that opens the database: ``python -m tests.models.process WHAT URL``."""

import asyncio
import sys

from tortoise.expressions import F

from models.db import KeyRing, migrate, open_database, transaction
from models.staff import Staff

KEYRING = KeyRing(current="test-1", keys={"test-1": b"t" * 32}, index_key=b"x" * 32)


async def count(url: str) -> None:
    """A hundred transactions that read before they write."""
    async with open_database(url, KEYRING):
        for _ in range(100):
            async with transaction():
                await Staff.get(username="clerk-1")
                await Staff.filter(username="clerk-1").update(failed_attempts=F("failed_attempts") + 1)


async def end(what: str, url: str) -> None:
    """Open, use and leave the database in one of three ways."""
    async with open_database(url, KEYRING) as database:
        assert await database.ping()
        if what == "raise":
            raise LookupError
        if what == "cancel":
            task = asyncio.create_task(count(url))
            task.cancel()


async def main(what: str, url: str) -> None:
    if what == "count":
        await count(url)
    elif what == "migrate":
        print(await migrate(url, KEYRING))
    else:
        await end(what, url)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
