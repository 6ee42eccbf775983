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

END_SECONDS: Final = 3.0
"""How long work may take to end after its cancel."""

_log = structlog.get_logger(__name__)


class Deaf(Exception):
    """Work that was cancelled and goes on."""


def woken(name: str, job: Job, seconds: float = JOB_SECONDS) -> Runner:
    """The job as a wake-up runs it: it counts the run first (see ``ArqQueue``), and is tried again after trouble."""

    async def run(ctx: dict[Any, Any]) -> None:
        async def counted() -> int:
            await ctx["redis"].incr(run_key(ctx["redis"], name))
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
        done = await _within(seconds, work)
    except Exception as trouble:  # noqa: BLE001 — whatever it is, its text may hold a row: only its kind is told
        _log.error("job_failed", job=name, trouble=type(trouble).__name__, attempt=attempt)
        return False
    if done:
        _log.info("job_done", job=name, done=done)
    return True


async def _within(seconds: float, work: Callable[[], Awaitable[int]]) -> int:
    """The work's result, or TimeoutError when its time is over.

    Work that does not hear its cancel is left alone after a few seconds (``Deaf``): waited for, it would keep its
    place among the worker's ten for ever, and ten of them would end all delivery.
    """
    task = asyncio.ensure_future(work())
    try:
        await asyncio.wait({task}, timeout=seconds)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=END_SECONDS)
    if not task.done():
        raise Deaf
    if task.cancelled():
        raise TimeoutError
    return task.result()
