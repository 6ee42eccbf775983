"""What was read is remembered for a moment: asked for once however many want it, never told when known to be wrong."""

import asyncio
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest

from models.db import Database, KeyRing, detached, open_database, transaction
from models.memory import AGE, RENEWED, Memory

Key = tuple[str, int]
HERE: Key = ("here", 1)
BAD: Key = ("there", 13)


class Table:
    """Answers with how often it was asked, and waits at the gate while it is shut."""

    def __init__(self, most: int = 8) -> None:
        self.asked: list[Key] = []
        self.now = 100.0
        self.trouble: Exception | None = None
        self.gate, self.reached = asyncio.Event(), asyncio.Event()
        self.gate.set()
        self.memory: Memory[Key, str] = Memory(self.ask, most=most, clock=lambda: self.now)

    async def ask(self, key: Key) -> str | None:
        self.asked.append(key)
        answer = f"answer {len(self.asked)}"
        self.reached.set()
        await self.gate.wait()
        if self.trouble or key == BAD:
            raise self.trouble or LookupError("of this one")
        return answer if key[1] else None

    async def asking(self) -> "asyncio.Task[str | None]":
        """Somebody who waits at the shut gate."""
        self.gate.clear()
        self.reached.clear()
        task = asyncio.create_task(self.memory.recall(HERE))
        await self.reached.wait()
        return task


@pytest.fixture
def table(database: Database) -> Table:
    return Table()


async def test_however_many_read_the_table_is_asked_once(table: Table) -> None:
    first = await table.asking()
    others = [asyncio.create_task(table.memory.recall(HERE)) for _ in range(50)]
    await asyncio.sleep(0)
    table.gate.set()
    assert {await one for one in (first, *others)} == {"answer 1"}
    assert await table.memory.recall(HERE) == "answer 1"


async def test_what_is_old_is_told_and_asked_for_anew_meanwhile(table: Table) -> None:
    assert await table.memory.recall(HERE) == "answer 1"
    table.now += RENEWED - 0.001
    assert (await table.memory.recall(HERE), table.memory.at_hand(HERE)) == ("answer 1", "answer 1")
    assert len(table.asked) == 1
    table.now += 0.002
    table.gate.clear()
    told = [table.memory.at_hand(HERE), await table.memory.recall(HERE), table.memory.at_hand(HERE)]
    assert told == ["answer 1"] * 3
    table.gate.set()
    await asyncio.sleep(0.01)
    assert (table.memory.at_hand(HERE), len(table.asked)) == ("answer 2", 2)


async def test_what_is_too_old_is_told_to_nobody(table: Table) -> None:
    assert await table.memory.recall(HERE) == "answer 1"
    table.now += AGE + 0.001
    assert table.memory.at_hand(HERE) is None
    waiting = await table.asking()
    assert table.memory.at_hand(HERE) is None
    table.gate.set()
    assert await waiting == "answer 2"


async def test_trouble_with_asking_anew_is_told_to_nobody_and_the_next_asks_again(table: Table) -> None:
    await table.memory.recall(HERE)
    table.now += RENEWED + 0.001
    table.trouble = LookupError("ours")
    assert await table.memory.recall(HERE) == "answer 1"
    await asyncio.sleep(0.01)
    table.trouble = None
    assert await table.memory.recall(HERE) == "answer 1"
    await asyncio.sleep(0.01)
    assert await table.memory.recall(HERE) == "answer 3"


async def test_the_age_counts_from_the_question_however_long_the_answer_took(table: Table) -> None:
    waiting = await table.asking()
    table.now += AGE + 0.001
    table.gate.set()
    assert await waiting == "answer 1"
    assert await table.memory.recall(HERE) == "answer 2"


async def test_a_change_of_the_subject_is_forgotten_and_nothing_else(table: Table) -> None:
    await table.memory.recall(HERE)
    await table.memory.recall(("there", 1))
    table.memory.forget("here")
    assert await table.memory.recall(("there", 1)) == "answer 2"
    assert await table.memory.recall(HERE) == "answer 3"


async def test_a_change_counts_when_it_is_committed(table: Table) -> None:
    await table.memory.recall(HERE)
    async with transaction():
        async with transaction():
            table.memory.forget("here")
        assert await detached(table.memory.recall(HERE)) == "answer 1"
    assert await table.memory.recall(HERE) == "answer 2"


async def test_inside_a_transaction_the_table_is_asked_always(table: Table) -> None:
    await table.memory.recall(HERE)
    async with transaction():
        assert await table.memory.recall(HERE) == "answer 2"
        assert await table.memory.recall(HERE) == "answer 3"
    assert await table.memory.recall(HERE) == "answer 1"


async def test_an_answer_asked_for_before_a_change_is_not_told_to_those_who_come_after_it(table: Table) -> None:
    before = await table.asking()
    table.memory.forget("here")
    after = asyncio.create_task(table.memory.recall(HERE))
    await asyncio.sleep(0)
    table.gate.set()
    assert (await before, await after) == ("answer 1", "answer 2")
    assert await table.memory.recall(HERE) == "answer 2"


@pytest.mark.parametrize("trouble", [LookupError("ours"), OSError("the database is away")])
async def test_trouble_is_told_to_all_who_wait_and_to_nobody_after(table: Table, trouble: Exception) -> None:
    table.trouble = trouble
    first = await table.asking()
    others = [asyncio.create_task(table.memory.recall(HERE)) for _ in range(5)]
    await asyncio.sleep(0)
    table.gate.set()
    told: list[Any] = await asyncio.gather(first, *others, return_exceptions=True)
    assert {type(one) for one in told} == {type(trouble)}
    assert len(table.asked) == 2  # theirs, and one for all who came meanwhile
    table.trouble = None
    assert await table.memory.recall(HERE) == "answer 3"


async def test_trouble_with_one_thing_leaves_the_answers_to_others(table: Table) -> None:
    waiting = await table.asking()
    asked = [asyncio.create_task(table.memory.recall(key)) for key in (("there", 1), BAD, ("there", 2))]
    await asyncio.sleep(0)
    table.gate.set()
    await waiting
    good, bad, well = await asyncio.gather(*asked, return_exceptions=True)
    assert (type(bad), {good, well}) == (LookupError, {"answer 2", "answer 4"})


async def test_who_stops_waiting_leaves_the_others_their_answer(table: Table) -> None:
    first = await table.asking()
    second = asyncio.create_task(table.memory.recall(HERE))
    await asyncio.sleep(0)
    first.cancel()
    table.gate.set()
    assert await second == "answer 1"


async def test_what_is_not_there_is_not_remembered(table: Table) -> None:
    assert [await table.memory.recall(("nowhere", 0)) for _ in range(2)] == [None, None]
    assert len(table.asked) == 2


async def test_memory_is_bounded_and_the_oldest_goes_first(database: Database) -> None:
    table = Table(most=4)
    for number in range(1, 100):
        await table.memory.recall(("here", number))
        table.memory.forget(f"there {number}")
    assert len(table.memory._kept) <= 4
    assert len(table.memory._changed) <= 4
    await table.memory.recall(("here", 99))
    assert len(table.asked) == 99


async def test_of_another_database_nothing_is_remembered(database_url: str, keyring: KeyRing) -> None:
    async with open_database(database_url, keyring):
        table = Table()
        assert await table.memory.recall(HERE) == "answer 1"
    assert table.memory.at_hand(HERE) is None
    async with open_database(database_url, keyring):
        assert await table.memory.recall(HERE) == "answer 2"


async def test_what_was_learned_is_told_when_it_is_committed_and_grows_no_younger_by_it(table: Table) -> None:
    await table.memory.recall(HERE)
    await table.memory.recall(("here", 2))
    async with transaction():
        table.memory.learn(HERE, lambda told: f"{told}, and one more")
        assert await detached(table.memory.recall(HERE)) == "answer 1"
    assert await table.memory.recall(HERE) == "answer 1, and one more"
    assert await table.memory.recall(("here", 2)) == "answer 2"
    table.now += AGE + 0.001
    assert await table.memory.recall(HERE) == "answer 3"


@pytest.mark.parametrize("inner", [True, False], ids=["a part of it", "all of it"])
async def test_what_was_learned_in_vain_is_asked_anew(table: Table, inner: bool) -> None:
    await table.memory.recall(HERE)
    async with AsyncExitStack() as stack:
        if inner:
            await stack.enter_async_context(transaction())
        with suppress(LookupError):
            async with transaction():
                table.memory.learn(HERE, lambda told: f"{told}, and one more")
                raise LookupError
    assert await table.memory.recall(HERE) == "answer 2"


async def test_an_answer_asked_for_before_something_was_learned_learns_it_too(table: Table) -> None:
    await table.memory.recall(HERE)
    table.memory.forget("here")
    before = await table.asking()
    table.memory.learn(HERE, lambda told: f"{told}, and one more")
    table.gate.set()
    assert (await before, await table.memory.recall(HERE)) == ("answer 2, and one more",) * 2


async def test_what_was_learned_and_then_forgotten_is_asked_anew(table: Table) -> None:
    before = await table.asking()
    table.memory.learn(HERE, lambda told: f"{told}, and one more")
    table.memory.forget("here")
    table.gate.set()
    await before
    assert await table.memory.recall(HERE) == "answer 2"


async def test_an_answer_asked_for_earlier_takes_the_place_only_with_what_was_learned(table: Table) -> None:
    await table.memory.recall(HERE)
    table.now += RENEWED + 0.001
    table.gate.clear()
    assert await table.memory.recall(HERE) == "answer 1"
    await asyncio.sleep(0.01)
    table.memory.learn(HERE, lambda told: f"{told}, and one more")
    assert await table.memory.recall(HERE) == "answer 1, and one more"
    table.gate.set()
    await asyncio.sleep(0.01)
    assert await table.memory.recall(HERE) == "answer 2, and one more"


async def test_what_was_forgotten_before_the_commit_is_not_built_upon(table: Table) -> None:
    """Something else changed it in between, and it was asked for since: perhaps with this change, perhaps without."""
    async with transaction():
        table.memory.learn(HERE, lambda told: f"{told}, and one more")
        await detached(_forget_and_recall(table))
    assert await table.memory.recall(HERE) == "answer 2"


async def _forget_and_recall(table: Table) -> None:
    table.memory.forget("here")
    await table.memory.recall(HERE)
