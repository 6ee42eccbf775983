"""The group writer: works that come together share a transaction, and each of them stands by itself."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from models.connect import UNAVAILABLE, Crowded
from models.db import Database, KeyRing, open_database
from models.group import Group, groups_open
from models.many import insert_all, rows
from models.request_key import RequestKey
from models.store import connection
from models.waiting import Waiting
from tests.models.outside import seen_from_outside
from tests.models.rows import NOON

_KEYS = "SELECT key FROM request_key WHERE owner = ANY($1::text[]) ORDER BY key"


class Desk:
    """Writes keys, remembers how many came together, and waits at the gate while it is shut."""

    def __init__(self) -> None:
        self.together: list[int] = []
        self.gate, self.begun = asyncio.Event(), asyncio.Event()
        self.gate.set()

    async def write(self, works: Sequence[str]) -> Sequence[str | Exception]:
        self.together.append(len(works))
        self.begun.set()
        given = [_key(work.removeprefix("bad ")) for work in works]
        made = {row["key"] for row in await insert_all(RequestKey, given, returning="key")}
        await self.gate.wait()
        if any(work.startswith("bad") for work in works):
            raise LookupError("one of them")
        return [work if work in made else KeyError(work) for work in works]


def _key(key: str) -> dict[str, Any]:
    return {"owner": "o", "key": key, "act": "a", "body_digest": "d", "answer": "gesagt", "made_at": NOON}


async def _written() -> list[str]:
    return [row["key"] for row in await rows(_KEYS, ["o", "nobody"])]


async def _all(group: Group[str, str], works: Sequence[str]) -> list[Any]:
    return list(await asyncio.gather(*map(group.do, works), return_exceptions=True))


async def test_who_comes_while_a_transaction_is_in_flight_shares_the_next_one(database: Database) -> None:
    desk = Desk()
    group = Group(desk.write, writers=1)
    async with groups_open():
        desk.gate.clear()
        first = asyncio.create_task(group.do("k-000"))
        await desk.begun.wait()
        rest = asyncio.create_task(_all(group, [f"k-{n:03}" for n in range(1, 41)]))
        await asyncio.sleep(0)
        desk.gate.set()
        assert await first == "k-000"
        assert await rest == [f"k-{n:03}" for n in range(1, 41)]
    assert desk.together == [1, 40]
    assert len(await _written()) == 41


async def test_a_batch_is_bounded(database: Database) -> None:
    desk = Desk()
    group = Group(desk.write, writers=1, batch=8)
    assert len(await _all(group, [f"k-{n:03}" for n in range(20)])) == 20
    assert desk.together == [8, 8, 4]


async def test_one_that_is_refused_alone_leaves_the_others(database: Database) -> None:
    group = Group(Desk().write)
    await group.do("b")
    told = await _all(group, ["a", "b", "c"])
    assert (told[0], told[2]) == ("a", "c")
    assert isinstance(told[1], KeyError)


async def test_one_that_breaks_the_transaction_fails_alone(database: Database) -> None:
    desk = Desk()
    told = await _all(Group(desk.write), ["a", "bad b", "c"])
    assert (told[0], told[2]) == ("a", "c")
    assert isinstance(told[1], LookupError)
    assert await _written() == ["a", "c"]
    assert desk.together == [3, 1, 1, 1]


async def test_whoever_stops_waiting_hinders_nobody(database: Database) -> None:
    desk = Desk()
    group = Group(desk.write, writers=1)
    desk.gate.clear()
    gone = asyncio.create_task(group.do("gone in mid-transaction"))
    await desk.begun.wait()
    early, stays = asyncio.create_task(group.do("gone before")), asyncio.create_task(group.do("stays"))
    await asyncio.sleep(0)
    gone.cancel()
    early.cancel()
    await asyncio.sleep(0)
    desk.gate.set()
    assert await stays == "stays"
    assert await _written() == ["gone in mid-transaction", "stays"]


async def test_a_line_too_long_is_refused_at_once(database: Database) -> None:
    desk = Desk()
    group = Group(desk.write, writers=1, waiting=2, batch=1)
    desk.gate.clear()
    first = asyncio.create_task(group.do("first"))
    await desk.begun.wait()
    waiting = [asyncio.create_task(group.do(f"k-{n}")) for n in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Crowded) as crowded:
        await group.do("late")
    assert isinstance(crowded.value, UNAVAILABLE)
    desk.gate.set()
    assert await asyncio.gather(first, *waiting) == ["first", "k-0", "k-1"]


async def test_closing_waits_for_everything_that_was_begun(database_url: str, keyring: KeyRing) -> None:
    desk = Desk()
    group = Group(desk.write, writers=1, batch=2)
    async with open_database(database_url, keyring):
        works = [asyncio.create_task(group.do(f"k-{n}")) for n in range(5)]
        await asyncio.sleep(0)
    assert await asyncio.gather(*works) == [f"k-{n}" for n in range(5)]
    with pytest.raises(Crowded):
        await group.do("too late")
    assert len(await seen_from_outside(database_url, "SELECT id FROM request_key")) == 5


async def test_a_group_whose_task_is_cancelled_keeps_nobody_waiting_and_goes_on(database: Database) -> None:
    desk = Desk()
    group = Group(desk.write, writers=1, batch=1)
    desk.gate.clear()
    waiting = [asyncio.create_task(group.do(f"k-{n}")) for n in range(2)]
    await desk.begun.wait()
    for task in set(group._busy):
        task.cancel()
    assert {type(one) for one in await asyncio.gather(*waiting, return_exceptions=True)} == {Crowded}
    desk.gate.set()
    assert await group.do("next") == "next"
    assert await _written() == ["next"]


async def test_a_lost_database_fails_those_in_flight_and_nobody_after(database: Database, on_postgres: bool) -> None:
    if not on_postgres:
        pytest.skip("SQLite has no connection to lose")
    desk = Desk()
    group = Group(desk.write, writers=1)
    desk.gate.clear()
    waiting = asyncio.create_task(_all(group, ["a", "b"]))
    await desk.begun.wait()
    await connection().execute_query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    desk.gate.set()
    assert all(isinstance(one, UNAVAILABLE) for one in await waiting)
    assert await _all(group, ["c", "d"]) == ["c", "d"]
    assert await _written() == ["c", "d"]


async def test_whoever_may_come_later_waits_for_a_lull_but_not_for_ever(database: Database) -> None:
    desk = Desk()
    group = Group(desk.write, writers=1)
    await group.lull(3600)  # nothing has begun
    desk.gate.clear()
    pressing = asyncio.create_task(group.do("a"))
    await desk.begun.wait()
    await group.lull(0.01)  # still under way: so long and no longer
    assert not pressing.done()
    later = asyncio.create_task(group.lull(3600))
    desk.gate.set()
    await asyncio.gather(pressing, later)


async def test_questions_are_gathered_without_a_transaction(database: Database) -> None:
    asked: list[int] = []

    async def read_keys(works: Sequence[str]) -> Sequence[bool | Exception]:
        asked.append(len(works))
        found = {row["key"] for row in await rows("SELECT key FROM request_key WHERE key = ANY($1::text[])", works)}
        return [work in found for work in works]

    await insert_all(RequestKey, [_key("a"), _key("b")])
    told = await asyncio.gather(*map(Group(read_keys, reading=True).do, ["a", "x", "b"]))
    assert (told, asked) == ([True, False, True], [3])


async def test_many_rows_go_in_as_the_orm_would_write_them(database: Database) -> None:
    made = await insert_all(RequestKey, [_key("a"), _key("b"), _key("a")], returning="id, key")
    assert sorted(row["key"] for row in made) == ["a", "b"]
    row = await RequestKey.get(key="a")
    assert (row.answer, row.made_at, row.owner) == ("gesagt", NOON, "o")
    assert await insert_all(RequestKey, []) == []
    assert await insert_all(Waiting, [], returning="id") == []
