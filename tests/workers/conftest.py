import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from casework.deps import Deps
from gateways.http import open_session
from tests.workers.connections import EmbeddedLine, Line, ProxiedLine
from tests.workers.wiring import TurnedClock, make_deps
from workers.clockwork import run_worker
from workers.queue import ArqQueue, open_queue
from workers.retries import Job
from workers.schedule import Sweep

REDIS_URL = os.environ.get("TONGBAN_TEST_REDIS_URL", "")
"""A Redis for tests only: its database is emptied."""

RunWorker = Callable[..., Awaitable[asyncio.Task[None]]]


@pytest.fixture(params=["embedded", "redis"])
async def line(request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    """The line to the queue, which a test can cut."""
    if request.param == "embedded":
        async with open_queue(None) as queue:
            yield EmbeddedLine(queue)
        return
    if not REDIS_URL:
        pytest.skip("TONGBAN_TEST_REDIS_URL is not set")
    async with _proxied(REDIS_URL) as line:
        yield line


@pytest.fixture
def queue(line: Line) -> ArqQueue:
    return line.queue


@pytest.fixture
async def deps(tmp_path: Path, queue: ArqQueue) -> AsyncIterator[Deps]:
    async with open_session() as session:
        yield make_deps(tmp_path, session, queue, TurnedClock())


@pytest.fixture
async def work(deps: Deps, queue: ArqQueue) -> AsyncIterator[RunWorker]:
    """Starts workers; those still running are cancelled at the end."""
    tasks: list[asyncio.Task[None]] = []

    async def start(jobs: Mapping[str, Job], schedule: Sequence[Sweep] = ()) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(run_worker(deps, queue.redis, jobs=jobs, schedule=schedule)))
        return tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _proxied(redis_url: str) -> AsyncIterator[ProxiedLine]:
    parts = urlsplit(redis_url)
    line = ProxiedLine(parts.hostname or "127.0.0.1", parts.port or 6379)
    await line.mend()
    address = parts._replace(
        netloc=f"{parts.netloc.rpartition('@')[0]}{'@' if '@' in parts.netloc else ''}127.0.0.1:{line.port}"
    )
    try:
        async with open_queue(address.geturl()) as line.queue:
            await line.queue.redis.flushdb()
            yield line
            await line.mend()
    finally:
        await line.close()
