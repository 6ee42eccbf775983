"""The wake-up: many requests, one run, and never a run too few. On Redis, or on the same code inside this process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import orjson
import structlog
from arq.connections import ArqRedis
from fakeredis import FakeAsyncRedisConnection, FakeServer
from redis.asyncio import ConnectionPool
from redis.exceptions import RedisError

WAKE_SECONDS = 3.0  # longer than this, the sweep is as quick as the wake-up
RING_SECONDS = 0.05  # between two wake-ups
RUSH_SECONDS = 0.5  # between two wake-ups of a rush that does not end: each run does all there is
CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 5.0

_log = structlog.get_logger(__name__)


def run_key(redis: ArqRedis, job: str) -> str:
    """Where Redis counts how often a job has been started."""
    return f"{redis.default_queue_name}:runs:{job}"


def wake_id(redis: ArqRedis, job: str, run: int) -> str:
    """The job id of a run. It names the queue: arq keeps the jobs of all queues of a Redis under one roof."""
    return f"{redis.default_queue_name}:{job}:{run}"


class ArqQueue:
    """Wakes jobs on arq; fits ``casework.ports.JobQueue``.

    The job id is the job's name and the number of its next run, and a run raises that number before it reads a row.
    So a wake-up for a run that waits is that run, and a wake-up for one that has begun is the run after it.
    """

    def __init__(self, redis: ArqRedis) -> None:
        self.redis = redis
        self._asked: set[str] = set()
        self._sender: asyncio.Task[None] | None = None
        self._settling = asyncio.Event()

    async def wake(self, job: str) -> None:
        """Ask for a run soon and return at once: no request waits for Redis, and none fails with it."""
        self._asked.add(job)
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())

    async def settle(self) -> None:
        """Wait until every wake-up so far was sent, or given up and logged."""
        self._settling.set()
        if self._sender is not None:
            await asyncio.wait({self._sender})
        self._settling.clear()

    async def answers(self) -> bool:
        """Whether Redis answers now."""
        try:
            async with asyncio.timeout(WAKE_SECONDS):
                await self.redis.ping()
        except (RedisError, OSError):
            return False
        return True

    async def _send(self) -> None:
        try:
            pause = RING_SECONDS
            while self._asked:
                await self._enqueue(self._asked.pop())
                await self._breathe(pause)
                pause = min(2 * pause, RUSH_SECONDS)
        finally:
            self._sender = None

    async def _breathe(self, seconds: float) -> None:
        """Whoever asks again within the next moment is in the run after it: a rush rings once, not a thousand times."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._settling.wait()

    async def _enqueue(self, job: str) -> None:
        try:
            async with asyncio.timeout(WAKE_SECONDS):
                runs = int(await self.redis.get(run_key(self.redis, job)) or 0)
                await self.redis.enqueue_job(job, _job_id=wake_id(self.redis, job, runs + 1))
        except (RedisError, OSError, ValueError) as trouble:
            _log.warning("wake_failed", job=job, trouble=type(trouble).__name__)


@asynccontextmanager
async def open_queue(redis_url: str | None, place: str = "") -> AsyncIterator[ArqQueue]:
    """A queue on the Redis of the URL, or on one inside this process when there is none.

    ``place`` tells installations apart that share a Redis: without it they would take each other's jobs, and each
    would find nothing to do in its own database.

    Opens without asking Redis: a service whose Redis is away starts and serves. The embedded one forgets everything
    with the process; what was owed stands in the database, and the first sweep finds it.
    """
    name = f"tongban:{place}" if place else "tongban"
    redis = ArqRedis(_pool(redis_url), _dumps, orjson.loads, default_queue_name=name)
    queue = ArqQueue(redis)
    try:
        yield queue
    finally:
        await queue.settle()
        await redis.aclose(close_connection_pool=True)


def _pool(redis_url: str | None) -> Any:
    if redis_url is None:
        return ConnectionPool(connection_class=FakeAsyncRedisConnection, server=FakeServer(), host="embedded")
    return ConnectionPool.from_url(redis_url, socket_connect_timeout=CONNECT_SECONDS, socket_timeout=ANSWER_SECONDS)


def _dumps(job: dict[str, Any]) -> bytes:
    """JSON, never pickle; of an exception in a result only its name."""
    return orjson.dumps(job, default=lambda value: type(value).__name__)
