"""Statements over many rows: the same words and the same counts on both databases."""

from typing import Any

import pytest

from models.db import Database
from models.many import Write, all_written, inserting, rows, rows_written, writing
from models.operator_task import OperatorTask
from models.request_key import RequestKey
from models.store import on_postgres, transaction
from tests.models.rows import NOON

_RENAME = """UPDATE request_key SET act = given.word FROM unnest($1::varchar[], $2::varchar[]) AS given (name, word)
WHERE key = given.name AND owner = $3"""
_TOUCH = "UPDATE request_key SET body_digest = $1 WHERE key = ANY($2::varchar[])"


def _key(key: str) -> dict[str, Any]:
    return {"owner": "o", "key": key, "act": "a", "body_digest": "d", "answer": None, "made_at": NOON}


async def _acts() -> dict[str, str]:
    return {row.key: row.act for row in await RequestKey.all()}


@pytest.mark.usefixtures("database")
async def test_a_statement_over_a_table_is_done_for_each_line_of_it() -> None:
    await rows_written(inserting(RequestKey, [_key("a"), _key("b"), _key("c")]))
    told = await rows(f"{_RENAME} RETURNING key", ["b", "a", "x"], ["second", "first", "none"], "o")
    assert sorted(row["key"] for row in told) == ["a", "b"]
    assert await _acts() == {"a": "first", "b": "second", "c": "a"}
    assert await rows(f"{_RENAME} RETURNING key", [], [], "o") == []


@pytest.mark.usefixtures("database")
async def test_writes_of_one_visit_tell_how_many_rows_each_wrote() -> None:
    assert await rows_written(inserting(RequestKey, [_key("a"), _key("b")])) == [2]
    task = {"kind": "k", "subject": "s", "opened_at": NOON}
    counts = await rows_written(
        writing(_RENAME, ["a", "nobody"], ["first", "none"], "o"),
        inserting(OperatorTask, [task, task]),
        writing(_TOUCH, "e", []),
    )
    assert counts == [1, 1, 0]
    assert (await _acts())["a"] == "first"


async def test_a_row_that_is_there_already_is_not_counted(database: Database) -> None:
    await rows_written(inserting(RequestKey, [_key("a")]))
    async with transaction():
        assert await rows_written(inserting(RequestKey, [_key("a"), _key("b")])) == [1]
    assert sorted(await _acts()) == ["a", "b"]


@pytest.mark.usefixtures("database")
async def test_writes_that_have_to_write_so_many_rows_do_all_of_it_or_nothing() -> None:
    await rows_written(inserting(RequestKey, [_key("a")]))
    rename = writing(_RENAME, ["a"], ["first"], "o")
    assert await all_written((rename, 1), (inserting(RequestKey, [_key("b")]), 1), (writing(_TOUCH, "e", ["b"]), None))
    assert await _acts() == {"a": "first", "b": "a"}
    wrong = (writing(_RENAME, ["a"], ["again"], "o"), 1), (inserting(RequestKey, [_key("b"), _key("c")]), 2)
    if on_postgres():  # on SQLite somebody has to undo it
        assert not await all_written(*wrong)
    with pytest.raises(_Undone):
        await _in_transaction(*wrong)
    assert await _acts() == {"a": "first", "b": "a"}


class _Undone(Exception):
    pass


async def _in_transaction(*writes: tuple[Write, int | None]) -> None:
    async with transaction():
        if not await all_written(*writes):
            raise _Undone
