"""Keeping a worker running: arq's own ends for good when Redis blinks; this one begins again, until told to stop."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import arq.worker
import structlog
from arq.connections import ArqRedis
from arq.worker import Worker

from casework.deps import Deps
from workers.retries import Job
from workers.schedule import JOBS, SCHEDULE, Sweep
from workers.settings import GRACE_SECONDS, make_worker

RESTART_SECONDS: Final = 0.5

_log = structlog.get_logger(__name__)


async def run_worker(
    deps: Deps,
    redis: ArqRedis,
    *,
    jobs: Mapping[str, Job] = JOBS,
    schedule: Sequence[Sweep] = SCHEDULE,
) -> None:
    """Run the jobs until cancelled. Returns never; a cancel lets running jobs finish for a few seconds.

    However often Redis goes and comes, the worker is back within a second of it, and replays what is owed.
    """
    arq_worker: Any = arq.worker
    arq_worker.log_redis_info = _greet
    outage = _Outage()
    while True:
        worker = make_worker(deps, redis, jobs, schedule, on_startup=outage.over)
        try:
            await worker.async_run()
        except Exception as trouble:  # noqa: BLE001 — whatever ended it, the clockwork must not stand still
            outage.begin(trouble)
        finally:
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


async def _wind_down(worker: Worker) -> None:
    """Let running jobs finish, cancel those that don't. A cancelled job runs again: it stays in the queue."""
    running = set(worker.tasks.values())
    if running:
        _, late = await asyncio.wait(running, timeout=GRACE_SECONDS)
        for task in late:
            task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
