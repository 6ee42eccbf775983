"""Answering in time: WeChat hangs up after five seconds, the work goes on."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

CLOSING_SECONDS: Final = 5.0
REPEATED_SECONDS: Final = 20.0  # WeChat brings a push again after five seconds, twice; a later copy is looked up
MOST_REPEATED: Final = 10_000

_log = structlog.get_logger(__name__)

Answer = Callable[[], Awaitable[str]]


class Answers:
    """The answers of this process, one per push: a repetition waits for the first and gets the same.

    What was just answered is still known for a moment: it was kept in the table before anybody got it.
    """

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Task[str]] = {}
        # a plain dict looks for its first through all that stood before it: thousands of them under load
        self._given: OrderedDict[str, tuple[float, str]] = OrderedDict()

    async def within(self, seconds: float, key: str, answer: Answer) -> str | None:
        """Return the answer, or None when it takes longer; then it is finished all the same, and kept by its act."""
        if (given := self._given.get(key)) is not None:
            return given[1]
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
        if task.cancelled():
            return
        if (trouble := task.exception()) is not None:
            _log.error("answer_failed", trouble=type(trouble).__name__)
            return
        now = task.get_loop().time()
        while self._given and self._is_over(self._given[next(iter(self._given))][0], now):
            self._given.popitem(last=False)
        self._given[key] = now, task.result()

    def _is_over(self, given_at: float, now: float) -> bool:
        return now - given_at > REPEATED_SECONDS or len(self._given) >= MOST_REPEATED
