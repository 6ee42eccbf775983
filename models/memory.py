"""What was read is remembered for a moment: readers of one thing ask the database together, and seldom.

    async def _ask(key: K) -> V | None: ...   # one question, without a transaction; None is never remembered

    LOOKS: Memory[K, V] = Memory(_ask)        # made once, at import; keys are tuples, the first part is the subject
    await LOOKS.recall(key)

It is forgotten when this process commits a change of its subject (``forget``, from the verb that changes it, after its
statement; a verb that knows what is true from then on says it by ``learn``), when it is ``AGE`` old, so that other
processes' changes are seen, and when the database is closed. What is given was always asked for after the last commit
of this process that the caller can know of. A reader who finds nothing joins the next question, however many they are;
one who finds something old (``RENEWED``) is told it, and it is asked for anew meanwhile. There is no loop and no timer.
Inside a transaction the table is asked, always: nothing is decided from memory.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from typing import Generic, TypeVar

from models.connect import UNAVAILABLE, Crowded
from models.group import Group
from models.store import after_commit, in_a_transaction

K = TypeVar("K", bound=tuple[Hashable, ...])
V = TypeVar("V")

AGE = 0.08  # seconds, counted from the question: an answer is to be at most 0.1 behind when it is heard
RENEWED = AGE / 2  # seconds after which it is asked for anew when somebody reads it
MOST = 512  # things remembered; each is gone after AGE anyway
AT_ONCE = 4  # questions side by side, so that those who write find a free connection


@dataclass(frozen=True)
class _Kept(Generic[V]):
    value: V
    asked_at: float
    mark: int


class Memory(Group[K, V | None]):
    """Answers by key, for ``AGE`` seconds at most; ``clock`` is monotonic, in seconds."""

    def __init__(
        self,
        ask: Callable[[K], Awaitable[V | None]],
        *,
        most: int = MOST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask, self._most, self._clock = ask, most, clock
        super().__init__(self._answers, reading=True, writers=1)

    def reset(self) -> None:
        """Begin with nothing waiting and nothing remembered: another database was opened."""
        super().reset()
        self._kept: dict[K, _Kept[V]] = {}
        self._changed: dict[Hashable, int] = {}
        self._learned: dict[K, list[Callable[[V], V]]] = {}  # by what is being asked for: what was learned meanwhile
        self._renewing: set[K] = set()  # asked for anew just now
        self._mark = self._all_changed = self._forgotten = 0

    async def close(self) -> None:
        """Answer those who wait, then remember nothing."""
        await super().close()
        self._kept.clear()

    async def recall(self, key: K) -> V | None:
        """What is remembered, or what the table says now.

        Raises as ``Group.do``, or whatever the question raised: all who waited for it hear that, and nobody after them.
        """
        if in_a_transaction():
            return await self._ask(key)
        known = self.at_hand(key)
        return await self.do(key) if known is None else known

    def at_hand(self, key: K) -> V | None:
        """What is remembered and may still be told; what is old is asked for anew meanwhile.

        Not for use inside a transaction.
        """
        kept = self._known(key)
        if kept is None:
            return None
        if not self._is_fresh(kept) and key not in self._renewing:
            self._renew(key)
        return kept.value

    def _renew(self, key: K) -> None:
        with suppress(Crowded):  # then it is asked for by whoever comes when it is too old
            self.begin(key).add_done_callback(_look_away)
            self._renewing.add(key)

    def _is_fresh(self, kept: _Kept[V]) -> bool:
        return self._clock() - kept.asked_at <= RENEWED

    def _known(self, key: K) -> _Kept[V] | None:
        kept = self._kept.get(key)
        if kept is None or kept.mark < max(self._forgotten_at(key), self._changed.get(key, 0)):
            return None
        return kept if self._clock() - kept.asked_at <= AGE else None

    def _forgotten_at(self, key: K) -> int:
        return max(self._all_changed, self._changed.get(key[0], 0))

    def forget(self, subject: Hashable) -> None:
        """This subject was changed: forget it when the change is committed, at once outside a transaction."""
        after_commit(lambda _: self._forget(subject))

    def forget_all(self) -> None:
        """Everything may have changed; as ``forget``."""
        after_commit(lambda _: self._forget_everything())

    def learn(self, key: K, change: Callable[[V], V]) -> None:
        """What is remembered under this key is changed like this when the change is committed; its age stays.

        Others may commit, and learn, in the meantime: the changes of one key must come to the same in any order.
        """
        after_commit(partial(self._learn, key, change, self._forgotten))

    def _learn(self, key: K, change: Callable[[V], V], forgotten: int, committed: bool) -> None:
        if not committed or forgotten != self._forgotten:
            self._forget(key[0])  # it may have been asked for since the change was made
            return
        kept = self._known(key)
        self._changed_now(key)
        if key in self._learned:
            self._learned[key].append(change)  # who asks now may be told how it was before
        if kept is not None:
            self._kept[key] = replace(kept, value=change(kept.value), mark=self._mark)

    def _forget(self, subject: Hashable) -> None:
        self._forgotten += 1
        self._changed_now(subject)

    def _changed_now(self, what: Hashable) -> None:
        if len(self._changed) >= self._most:
            self._forget_everything()
        self._mark += 1
        self._changed[what] = self._mark

    def _forget_everything(self) -> None:
        self._forgotten += 1
        self._mark += 1
        self._all_changed = self._mark
        self._changed.clear()
        self._kept.clear()

    async def _answers(self, keys: Sequence[K]) -> list[V | Exception | None]:
        found: dict[K, V | Exception | None] = {}
        for some in _few(dict.fromkeys(keys)):
            found |= zip(some, await asyncio.gather(*map(self._answer, some)), strict=True)
        return [found[key] for key in keys]

    async def _answer(self, key: K) -> V | Exception | None:
        known = self._known(key)
        if known is not None and self._is_fresh(known):
            return known.value  # those who came while it was asked for wait for this round, and need no other
        asked_at, mark = self._clock(), self._mark
        learned = self._learned[key] = []
        try:
            value = await self._ask(key)
        except UNAVAILABLE:
            raise
        except Exception as trouble:  # noqa: BLE001 — for those who asked this; the others are answered
            return trouble
        finally:
            self._learned.pop(key, None)
            self._renewing.discard(key)
        if value is None:
            return None
        for change in learned:
            value = change(value)
        if self._forgotten_at(key) <= mark:  # else it may be told to those who asked, and to nobody else
            mark = max(mark, self._changed.get(key, 0))
        self._keep(key, _Kept(value, asked_at, mark))
        return value

    def _keep(self, key: K, kept: _Kept[V]) -> None:
        self._kept.pop(key, None)  # so that the order is that of the questions
        self._kept[key] = kept
        while len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]


def _look_away(told: "asyncio.Future[V | None]") -> None:
    """Nobody waits for it: trouble is told to whoever asks when nothing is remembered any more."""
    if not told.cancelled():
        told.exception()


def _few(keys: dict[K, None]) -> Iterator[list[K]]:
    left = iter(keys)
    while some := list(islice(left, AT_ONCE)):
        yield some
