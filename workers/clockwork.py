"""Keeping a worker running: arq's own ends for good when Redis blinks; this one begins again, until told to stop.

What arq and its Redis client do that a supervisor has to know, each seen here and provoked in the tests:

- The worker ends when Redis goes away, and stays ended.
- It may miss a cancel: on Python 3.11 ``asyncio.wait_for``, which guards every command sent, drops a cancel that comes
  in the moment its work is done (6 % of the cancels of a polling worker). So a stop is repeated until it was heard.
- It may stand still without ending. So it is watched, and one that no longer polls is replaced.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import arq.worker
import structlog
from arq.connections import ArqRedis

from casework.deps import Deps
from workers.queue import ArqQueue
from workers.retries import Job
from workers.schedule import JOBS, SCHEDULE, Sweep
from workers.settings import GRACE_SECONDS, WatchedWorker, make_worker

RESTART_SECONDS: Final = 0.5
WATCH_SECONDS: Final = 1.0
STALL_SECONDS: Final = 20.0  # several times the patience with Redis: whoever polls less often than this hangs
REPEAT_SECONDS: Final = 0.25

_log = structlog.get_logger(__name__)


class Stalled(Exception):
    """The worker runs and does not poll."""


@asynccontextmanager
async def working(deps: Deps) -> AsyncIterator[None]:
    """Run the clockwork beside whatever else this process does."""
    assert isinstance(deps.queue, ArqQueue)
    worker = asyncio.create_task(run_worker(deps, deps.queue.redis))
    try:
        yield
    finally:
        worker.cancel()
        await asyncio.wait({worker})


async def run_worker(
    deps: Deps,
    redis: ArqRedis,
    *,
    jobs: Mapping[str, Job] = JOBS,
    schedule: Sequence[Sweep] = SCHEDULE,
) -> None:
    """Run the jobs until cancelled. Returns never; a cancel lets running jobs finish for a few seconds.

    However often Redis goes and comes, the worker is back within a second of it, and replays what is owed. One cancel
    is enough.
    """
    arq_worker: Any = arq.worker
    arq_worker.log_redis_info = _greet
    outage = _Outage()
    while True:
        worker = make_worker(deps, redis, jobs, schedule, on_startup=outage.over)
        polling = asyncio.create_task(worker.main(), name="polling")
        try:
            await _watch(worker, polling)
        except Exception as trouble:  # noqa: BLE001 — whatever ended it, the clockwork must not stand still
            outage.begin(trouble)
        finally:
            await _end({polling})
            await _wind_down(worker)
        await asyncio.sleep(RESTART_SECONDS)


class _Outage:
    """Tells once that the worker stopped and once that it runs, however often it was tried in between."""

    def __init__(self) -> None:
        self._known = False

    def begin(self, trouble: Exception) -> None:
        if not self._known:
            _log.error("worker_stopped", trouble=type(trouble).__name__)
        self._known = True

    async def over(self, ctx: dict[Any, Any]) -> None:  # noqa: ARG002 — arq gives it by name
        _log.info("worker_started", again=self._known)
        self._known = False


async def _greet(redis: Any, _log_line: Any) -> None:
    """In place of arq's INFO at the start, which the embedded Redis does not know: see that Redis answers."""
    await redis.ping()


async def _watch(worker: WatchedWorker, polling: asyncio.Task[None]) -> None:
    """Wait for the worker's end and raise what ended it; raises Stalled for one that no longer polls.

    ``asyncio.wait`` is the one way of waiting that hears every cancel and leaves the task alone.
    """
    while not (await asyncio.wait({polling}, timeout=WATCH_SECONDS))[0]:
        if worker.silent_seconds() > STALL_SECONDS:
            raise Stalled
    polling.result()


async def _end(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks until each has heard it."""
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=REPEAT_SECONDS)


async def _wind_down(worker: WatchedWorker) -> None:
    """Let running jobs finish, cancel those that don't. A cancelled job runs again: it stays in the queue."""
    running = set(worker.tasks.values())
    if running:
        await asyncio.wait(running, timeout=GRACE_SECONDS)
    await _end(task for task in running if not task.done())
    for task in running:
        if not task.cancelled():
            task.exception()  # looked at, so that nobody warns of it
