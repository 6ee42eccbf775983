"""The group writer: work that arrives while a transaction is in flight shares the next one.

A hot act declares one ``Group`` with the function that does what has gathered, and says ``await group.do(work)``:

    async def _write(works: Sequence[W]) -> Sequence[A | Exception]:
        ...                             # inside one transaction, set-based (``models.many``); one outcome for each work

    GROUP: Group[W, A] = Group(_write)

Nobody waits for company: the first to come starts at once, whoever comes meanwhile goes together. An ``Exception``
among the outcomes is raised for that member alone. If the whole of it fails, everything is undone and each member is
tried by itself, so that a bad one never takes the others with it; a database that is away fails all of them at once
(``models.db.UNAVAILABLE``), and one that gave the transaction up for another's sake is asked once more.

Whoever stops waiting leaves the group as it is; what had begun is done all the same, so such work needs an idempotency
key. At most ``waiting`` works wait; then ``Crowded`` is raised, which is one of ``UNAVAILABLE``.

``reading=True`` gathers questions instead: no transaction, the same outcomes. It also serves an act that is one
statement as a rule and makes its transaction itself where it is not.

``whole=True`` is for an act that reads, decides, and writes last with ``models.many.all_written``, raising where that
says no: on PostgreSQL it is spared BEGIN and COMMIT.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import Context
from typing import Any, Generic, TypeVar, cast
from weakref import WeakSet

from models.connect import COLLISIONS, UNAVAILABLE, Crowded
from models.store import on_postgres, transaction

W = TypeVar("W")
A = TypeVar("A")

BATCH = 256  # works in one transaction: more of them would only make the first ones wait
WAITING = 4096
WRITERS = 2  # transactions in flight on PostgreSQL: past two to four they only queue for each other's locks
LULL = 0.05  # seconds without work after which a rush is over

_groups: WeakSet["Group[Any, Any]"] = WeakSet()


class Group(Generic[W, A]):
    """Works of one kind that go together; made once, at import. ``act`` gives one outcome for each, in their order."""

    def __init__(
        self,
        act: Callable[[Sequence[W]], Awaitable[Sequence[A | Exception]]],
        *,
        batch: int = BATCH,
        waiting: int = WAITING,
        writers: int = WRITERS,
        reading: bool = False,
        whole: bool = False,
    ) -> None:
        self._act, self._reading, self._whole = act, reading, whole
        self._batch, self._waiting, self._writers = batch, waiting, writers
        self.reset()
        _groups.add(self)

    def reset(self) -> None:
        """Begin with nothing waiting: another database was opened."""
        self._line: deque[tuple[W, asyncio.Future[A]]] = deque()
        self._busy: set[asyncio.Task[None]] = set()
        self._closing = False
        self._at_once: int | None = None
        self._left_at = float("-inf")  # on the loop's clock, in seconds

    async def do(self, work: W) -> A:
        """The outcome of the work, done together with whatever else is there. Not from inside a transaction.

        Raises Crowded, one of ``UNAVAILABLE``, or whatever ``act`` said of this work.
        """
        return await self.begin(work)

    def begin(self, work: W) -> "asyncio.Future[A]":
        """The same for whoever has something else to do meanwhile; raises Crowded at once."""
        if self._closing or len(self._line) >= self._waiting:
            raise Crowded
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._line.append((work, future))
        if len(self._busy) < self._in_flight():
            # in a context of its own: neither the caller's transaction nor its place in the log goes with it
            task = asyncio.get_running_loop().create_task(self._serve(), name="group", context=Context())
            self._busy.add(task)
        return future

    async def lull(self, at_most: float) -> None:
        """Wait until nothing of this kind is under way, or so many seconds: for work that may come a little later."""
        clock = asyncio.get_running_loop().time
        ends_at = clock() + at_most
        while clock() < ends_at and (self._busy or clock() - self._left_at < LULL):  # noqa: ASYNC110 — no event tells it
            await asyncio.sleep(LULL / 2)

    async def close(self) -> None:
        """Take nothing more, and wait until all that waits is done."""
        self._closing = True
        while self._busy:
            await asyncio.wait(set(self._busy))

    def _in_flight(self) -> int:
        """SQLite has one writer, whoever asks; found out once for each database."""
        if self._at_once is None:
            self._at_once = self._writers if on_postgres() else 1
        return self._at_once

    async def _serve(self) -> None:
        members: list[tuple[W, asyncio.Future[A]]] = []
        try:
            while members := self._next():
                outcomes = await self._outcomes([work for work, _ in members])
                for (_, future), outcome in zip(members, outcomes, strict=True):
                    _tell(future, outcome)
        except BaseException:  # cancelled, or a mistake of ours: nobody may wait for ever
            while stranded := members + self._next():
                members = []
                for _, future in stranded:
                    _tell(future, Crowded())
            raise
        finally:  # in the same breath as the line was seen to be empty: whoever comes now starts anew
            self._busy.discard(cast("asyncio.Task[None]", asyncio.current_task()))
            self._left_at = asyncio.get_running_loop().time()

    def _next(self) -> list[tuple[W, asyncio.Future[A]]]:
        """Those who wait, without those who gave up waiting."""
        members: list[tuple[W, asyncio.Future[A]]] = []
        while self._line and len(members) < self._batch:
            work, future = self._line.popleft()
            if not future.done():
                members.append((work, future))
        return members

    async def _outcomes(self, works: Sequence[W]) -> Sequence[A | Exception]:
        try:
            return await self._together(works)
        except UNAVAILABLE as trouble:
            return [trouble] * len(works)
        except Exception as trouble:  # noqa: BLE001 — one of them is bad; which one is found out one by one
            if len(works) == 1:
                return [trouble]
        return [outcome for work in works for outcome in await self._outcomes([work])]

    async def _together(self, works: Sequence[W]) -> Sequence[A | Exception]:
        try:
            return await self._once(works)
        except COLLISIONS:
            return await self._once(works)

    async def _once(self, works: Sequence[W]) -> Sequence[A | Exception]:
        if self._reading or (self._whole and on_postgres()):
            return await self._act(works)
        async with transaction():
            return await self._act(works)


def _tell(future: "asyncio.Future[A]", outcome: A | Exception) -> None:
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


@asynccontextmanager
async def groups_open() -> AsyncIterator[None]:
    """While a database is open: every group begins empty and has done everything before it closes."""
    for group in list(_groups):
        group.reset()
    try:
        yield
    finally:
        await asyncio.gather(*(group.close() for group in list(_groups)))
