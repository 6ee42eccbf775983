"""How often a job is tried again, and what is told when it fails: its name and the kind of trouble, nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from arq import Retry

from casework.deps import Deps
from workers.queue import run_key

Job = Callable[[Deps], Awaitable[int]]
"""Does what is owed now and returns how much that was; safe to run twice at once."""

Runner = Callable[[dict[Any, Any]], Awaitable[None]]
"""A job as arq calls it, with its context."""

JOB_SECONDS: Final = 30.0  # short: after a kill, arq gives a job to nobody else for this long
WAITS: Final = (1, 2, 5, 10)
"""Seconds before the second, third, … try of a wake-up. After the last one the sweeps are left, which never give up."""

_log = structlog.get_logger(__name__)


def woken(name: str, job: Job, seconds: float = JOB_SECONDS) -> Runner:
    """The job as a wake-up runs it: it counts the run first (see ``ArqQueue``), and is tried again after trouble."""

    async def run(ctx: dict[Any, Any]) -> None:
        async def counted() -> int:
            await ctx["redis"].incr(run_key(name))
            return await job(ctx["deps"])

        attempt: int = ctx["job_try"]
        if not await _went_well(name, counted, seconds, attempt) and attempt <= len(WAITS):
            raise Retry(defer=WAITS[attempt - 1])

    return run


def swept(name: str, job: Job, seconds: float = JOB_SECONDS) -> Runner:
    """The job as the clock runs it: once; the next tick is its next try."""

    async def run(ctx: dict[Any, Any]) -> None:
        await _went_well(name, lambda: job(ctx["deps"]), seconds, attempt=1)

    return run


async def _went_well(name: str, work: Callable[[], Awaitable[int]], seconds: float, attempt: int) -> bool:
    try:
        async with asyncio.timeout(seconds):
            done = await work()
    except Exception as trouble:  # noqa: BLE001 — whatever it is, its text may hold a row: only its kind is told
        _log.error("job_failed", job=name, trouble=type(trouble).__name__, attempt=attempt)
        return False
    if done:
        _log.info("job_done", job=name, done=done)
    return True
