"""Answering in time: WeChat hangs up after five seconds, the work goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

CLOSING_SECONDS: Final = 5.0

_log = structlog.get_logger(__name__)

Answer = Callable[[], Awaitable[str]]


class Answers:
    """The answers under way in this process, one per push: a repetition waits for the first and gets the same."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Task[str]] = {}

    async def within(self, seconds: float, key: str, answer: Answer) -> str | None:
        """Return the answer, or None when it takes longer; then it is finished all the same, and kept by its act."""
        task = self._under_way.get(key) or self._begin(key, answer)
        done, _ = await asyncio.wait({task}, timeout=max(seconds, 0))
        return task.result() if done else None

    async def close(self) -> None:
        """Let what is under way finish, within reason."""
        tasks = set(self._under_way.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CLOSING_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, key: str, answer: Answer) -> asyncio.Task[str]:
        async def run() -> str:
            return await answer()

        task = asyncio.create_task(run())
        self._under_way[key] = task
        task.add_done_callback(lambda done: self._end(key, done))
        return task

    def _end(self, key: str, task: asyncio.Task[str]) -> None:
        self._under_way.pop(key, None)
        if not task.cancelled() and (trouble := task.exception()) is not None:
            _log.error("answer_failed", trouble=type(trouble).__name__)
