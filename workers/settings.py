"""The settings of an arq worker, and one made from them: the same on Redis and embedded."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any, Final

import orjson
from arq import cron
from arq.connections import ArqRedis
from arq.cron import CronJob
from arq.typing import StartupShutdown
from arq.worker import Function, Worker, func

from casework.deps import Deps
from workers.retries import JOB_SECONDS, WAITS, Job, swept, woken
from workers.schedule import Sweep

POLL_SECONDS: Final = 0.02  # arq's own 0.5 would be felt as the time a notice takes
GRACE_SECONDS: Final = 5.0  # how long a running job may take to finish when its worker stops
_ARQ_SECONDS: Final = JOB_SECONDS + GRACE_SECONDS  # ours strikes first and logs no text of an exception


class WatchedWorker(Worker):
    """A worker that tells how long ago it last polled."""

    _polled: float | None = None

    def silent_seconds(self) -> float:
        """Seconds since the last poll; a worker that starts counts from the first question on."""
        if self._polled is None:
            self._polled = self.loop.time()
        return self.loop.time() - self._polled

    async def heart_beat(self) -> None:
        """Called by arq at the end of each poll."""
        await super().heart_beat()
        self._polled = self.loop.time()


def make_worker(
    deps: Deps,
    redis: ArqRedis,
    jobs: Mapping[str, Job],
    schedule: Sequence[Sweep],
    on_startup: StartupShutdown,
) -> WatchedWorker:
    """A worker that has not started. Results are not kept: a kept one would swallow the next wake-up of its id."""
    return WatchedWorker(
        functions=[_function(name, job) for name, job in jobs.items()],
        cron_jobs=[_cron(redis, sweep, jobs[sweep.job]) for sweep in schedule],
        redis_pool=redis,
        queue_name=redis.default_queue_name,
        ctx={"deps": deps},
        on_startup=on_startup,
        handle_signals=False,
        poll_delay=POLL_SECONDS,
        job_timeout=_ARQ_SECONDS,
        keep_result=0,
        max_tries=len(WAITS) + 1,
        health_check_interval=60,
        job_serializer=redis.job_serializer,
        job_deserializer=orjson.loads,
        timezone=UTC,
        log_results=False,
    )


def _function(name: str, job: Job) -> Function:
    runner: Any = woken(name, job)
    return func(runner, name=name, keep_result=0)


def _cron(redis: ArqRedis, sweep: Sweep, job: Job) -> CronJob:
    """One tick is one job id, so that of many workers one runs it."""
    runner: Any = swept(sweep.job, job, sweep.allowed)
    return cron(
        runner,
        name=f"{redis.default_queue_name}:sweep:{sweep.job}",
        second=set(sweep.seconds),
        minute=None if sweep.minutes is None else set(sweep.minutes),
        hour=None if sweep.hours is None else set(sweep.hours),
        run_at_startup=True,
        timeout=sweep.allowed + GRACE_SECONDS,
    )
