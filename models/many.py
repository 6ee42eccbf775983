"""Statements over many rows at once, below the ORM: what a group (``models.group``) reads and writes with.

A statement is written once, as PostgreSQL says it: ``$1``, lists as ``= ANY($1::type[])``, tables as
``unnest($1::type[], $2::type[]) AS name (one, other)``, ``FOR UPDATE``. SQLite is told the same in its words. Values
go as the column types of the models make them; moments are in UTC.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import asyncpg  # type: ignore[import-untyped]
from tortoise.fields.base import DatabaseDefault, Field
from tortoise.models import Model

from models.columns import utc
from models.store import connection, on_postgres

Row = Mapping[str, Any]

_LISTS = re.compile(r"= ANY\(\$(\d+)::\w+\[\]\)")
_TABLES = re.compile(r"unnest\(([^()]*)\) AS (\w+) \(([\w, ]+)\)")
_PLACES = re.compile(r"\$(\d+)(::\w+)?")
_LOCKS = re.compile(r" FOR UPDATE( OF \w+)?( SKIP LOCKED)?")
_NUMBERS = re.compile(r"\$(\d+)")
_JSON = frozenset({"JSON", "JSONB"})
_SAYS_SO = " RETURNING 1"


@dataclass(frozen=True)
class Write:
    """A statement in the words of the open database, and its values; on SQLite once for each list of them."""

    statement: str
    each: Sequence[Sequence[Any]]


async def rows(statement: str, *values: Any) -> Sequence[Row]:
    """What a statement reads, or gives back of what it wrote."""
    return await _asked(writing(statement, *values))


async def insert_all(model: type[Model], given: Sequence[dict[str, Any]], returning: str = "") -> Sequence[Row]:
    """Insert rows that all name the same columns; a row that a unique constraint refuses is left out.

    A column not named has the default of its model.

    ``returning``: columns to give back of those that were inserted, in no certain order.
    """
    return await _asked(inserting(model, given, returning)) if given else []


def writing(statement: str, *values: Any) -> Write:
    """A statement for ``rows_written``; it gives nothing back."""
    if on_postgres():
        return Write(statement, [values])
    return Write(in_sqlite(statement), _lines(statement, values))


def inserting(model: type[Model], given: Sequence[dict[str, Any]], returning: str = "") -> Write:
    """As ``insert_all``, for ``rows_written``. Of no rows there is nothing to write: IndexError."""
    names, defaults = _shape(model, tuple(given[0]))
    writers, blank = _writers(model, names), _blank(model)
    made = [
        [
            value if to_db is None else to_db(value, blank)
            for to_db, value in zip(writers, (*row.values(), *defaults), strict=True)
        ]
        for row in given
    ]
    if on_postgres():
        return Write(_insert(model, names, returning), [list(map(list, zip(*made, strict=True)))])
    return Write(_insert_one(model, names, returning), made)


async def rows_written(*writes: Write) -> list[int]:
    """Do several writes in one visit to the database; how many rows each of them wrote.

    None may touch what another one touches: on PostgreSQL they are one statement, and see nothing of each other.
    """
    client = connection()
    async with client.acquire_connection() as raw:
        if on_postgres():
            statement = _one_statement(tuple((write.statement, len(write.each[0])) for write in writes))
            told = await raw.fetchrow(statement, *(value for write in writes for value in write.each[0]))
            return list(told)
        told_of = [(write.statement + _SAYS_SO, write.each) for write in writes]
        return [len(found) for found in await _in_thread(raw, told_of)]


async def all_written(*writes: tuple[Write, int | None]) -> bool:
    """Do several writes in one visit, each of which has to write so many rows; False where one does not.

    On PostgreSQL nothing of them is written then: they are one statement, done in their order, that fails as a whole,
    so that it needs no transaction around it. On SQLite whoever is told False has to undo its own.
    """
    if not on_postgres():
        counts = await rows_written(*(write for write, _ in writes))
        return all(due in {None, count} for count, (_, due) in zip(counts, writes, strict=True))
    shapes = tuple((write.statement, len(write.each[0])) for write, _ in writes)
    due = {at: due for at, (_, due) in enumerate(writes) if due is not None}
    values = [value for write, _ in writes for value in write.each[0]]
    async with connection().acquire_connection() as raw:
        try:
            await raw.fetchval(_whole_statement(shapes, tuple(due)), *values, *due.values())
        except asyncpg.DivisionByZeroError:
            return False
    return True


async def _asked(write: Write) -> Sequence[Row]:
    client = connection()
    async with client.acquire_connection() as raw:
        if on_postgres():
            found: Sequence[Row] = await raw.fetch(write.statement, *write.each[0])
            return found
        return (await _in_thread(raw, [(write.statement, write.each)]))[0]


@cache
def _one_statement(writes: tuple[tuple[str, int], ...]) -> str:
    """Writes as one statement that says how many rows each of them wrote."""
    return f"{_numbered_on(writes)} SELECT {', '.join(_counted(at) for at in range(len(writes)))}"


@cache
def _whole_statement(writes: tuple[tuple[str, int], ...], counted: tuple[int, ...]) -> str:
    """Writes as one statement that fails, dividing by zero, where one of those counted wrote other than its rows."""
    first = 1 + sum(values for _, values in writes)
    right = " AND ".join(f"{_counted(at)} = ${first + place}::bigint" for place, at in enumerate(counted))
    return f"{_numbered_on(writes)} SELECT 1 / (CASE WHEN {right} THEN 1 ELSE 0 END)"


def _counted(at: int) -> str:
    return f"(SELECT count(*) FROM w{at})"  # noqa: S608


def _numbered_on(writes: tuple[tuple[str, int], ...]) -> str:
    """Writes as parts of one statement, their parameters numbered on."""
    parts, before = [], 0
    for at, (statement, values) in enumerate(writes):
        numbered = _NUMBERS.sub(lambda found, on=before: f"${int(found[1]) + on}", statement)  # type: ignore[misc]
        parts.append(f"w{at} AS ({numbered}{_SAYS_SO})")
        before += values
    return f"WITH {', '.join(parts)}"


def read_as(model: type[Model], row: Row) -> Any:
    """A row as its model, for whoever decides about it; what else stands in it is left out.

    Raises KeyError when a column is missing.
    """
    meta, read = model._meta, model.__new__(model)  # noqa: SLF001 — as its own query does, without the detours
    own = read.__dict__
    own.update(_partial=False, _saved_in_db=True, _await_when_save={})
    own["_custom_generated_pk"] = meta.db_pk_column not in meta.generated_db_fields
    for column, name, _ in meta.db_native_fields:
        own[name] = row[column]
    for column, name, field in meta.db_default_fields:
        value = row[column]
        own[name] = value if value is None else field.field_type(value)
    for column, name, field in meta.db_complex_fields:
        own[name] = field.to_python_value(row[column])
    return read


def columns_of(model: type[Model], table: str) -> str:
    """All columns of a model for a SELECT that joins, named by its table there, as ``read_part`` reads them."""
    return ", ".join(f'{table}."{name}" AS {table}_{name}' for name in model._meta.fields_db_projection.values())  # noqa: SLF001


def read_part(model: type[Model], row: Row, table: str) -> Any:
    """A model out of a row of several tables."""
    names = model._meta.fields_db_projection.values()  # noqa: SLF001
    return read_as(model, {name: row[f"{table}_{name}"] for name in names})


@cache
def in_sqlite(statement: str) -> str:
    """The statement in SQLite's words. A transaction there holds every row, so that nothing is locked by itself."""
    told = _TABLES.sub(_table_in_sqlite, _LISTS.sub(r"IN (SELECT value FROM json_each(?\1))", statement))
    return _LOCKS.sub("", _PLACES.sub(r"?\1", told))


def _table_in_sqlite(found: re.Match[str]) -> str:
    """One line of the table: the statement is done once for each."""
    columns = zip(_PLACES.findall(found[1]), found[3].split(", "), strict=True)
    return f"(SELECT {', '.join(f'?{place} AS {name}' for (place, _), name in columns)}) AS {found[2]}"


@cache
def _table_places(statement: str) -> frozenset[int]:
    """The parameters that are columns of a table, counted from 0."""
    return frozenset(int(place) - 1 for found in _TABLES.finditer(statement) for place, _ in _PLACES.findall(found[1]))


def _lines(statement: str, values: Sequence[Any]) -> list[list[Any]]:
    """The values of a statement on SQLite, for each line of its table if it has one."""
    table = _table_places(statement)
    if not table:
        return [[_plain(value) for value in values]]
    count = max(len(values[place]) for place in table)
    return [[_plain(one[line] if place in table else one) for place, one in enumerate(values)] for line in range(count)]


@cache
def _insert(model: type[Model], names: tuple[str, ...], returning: str) -> str:
    """One statement for any number of rows: a list for each column, so that it is prepared once."""
    types = [_type(model._meta.fields_map[name]) for name in names]  # noqa: SLF001
    lists = ", ".join(f"${n}::{'text' if kind in _JSON else kind}[]" for n, kind in enumerate(types, 1))
    taken = ", ".join(f"c{n}::{kind}" if kind in _JSON else f"c{n}" for n, kind in enumerate(types, 1))
    aliases = ", ".join(f"c{n}" for n in range(1, len(names) + 1))
    tail = f" RETURNING {returning}" if returning else ""
    return (
        f"INSERT INTO {model._meta.db_table} ({', '.join(_columns(model, names))}) "  # noqa: S608, SLF001
        f"SELECT {taken} FROM unnest({lists}) AS given ({aliases}) ON CONFLICT DO NOTHING{tail}"
    )


@cache
def _insert_one(model: type[Model], names: tuple[str, ...], returning: str) -> str:
    marks, tail = ", ".join("?" * len(names)), f" RETURNING {returning}" if returning else ""
    return (
        f"INSERT INTO {model._meta.db_table} ({', '.join(_columns(model, names))}) "  # noqa: S608, SLF001
        f"VALUES ({marks}) ON CONFLICT DO NOTHING{tail}"
    )


@cache
def _shape(model: type[Model], given: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Any, ...]]:
    """The columns of an insert, and what the last of them have because the model says so."""
    meta, blank = model._meta, _blank(model)  # noqa: SLF001
    rest = [name for name in meta.fields_db_projection if name not in given and name != meta.pk_attr]
    stands = {name: value for name in rest if (value := getattr(blank, name)) is not None}
    told = {name: value for name, value in stands.items() if not isinstance(value, DatabaseDefault)}
    return (*given, *told), tuple(told.values())


@cache
def _writers(model: type[Model], names: tuple[str, ...]) -> tuple[Callable[[Any, Model], Any] | None, ...]:
    """What makes a value of each column ready; None where it goes as it is."""
    fields = [model._meta.fields_map[name] for name in names]  # noqa: SLF001 — where Tortoise describes a table
    plain = [type(field).to_db_value is Field.to_db_value and not field.validators for field in fields]
    return tuple(None if goes else field.to_db_value for field, goes in zip(fields, plain, strict=True))


@cache
def _blank(model: type[Model]) -> Model:
    return model()


def _columns(model: type[Model], names: Sequence[str]) -> list[str]:
    return [f'"{model._meta.fields_db_projection[name]}"' for name in names]  # noqa: SLF001


def _type(field: Field[Any]) -> str:
    """The column type without its length, which an array element does not need."""
    kind: str = field.get_for_dialect("postgres", "SQL_TYPE")
    return kind.partition("(")[0]


async def _in_thread(raw: Any, told: Sequence[tuple[str, Sequence[Sequence[Any]]]]) -> list[list[Row]]:
    """Every statement once for each list of its values, in one visit to the connection's thread."""
    found: list[list[Row]] = await raw._execute(_run, raw._conn, told)  # noqa: SLF001
    return found


def _run(connection: Any, told: Sequence[tuple[str, Sequence[Sequence[Any]]]]) -> list[list[Row]]:
    return [
        [row for values in each for row in connection.execute(statement, values).fetchall()] for statement, each in told
    ]


def _plain(value: Any) -> Any:
    """A value as SQLite keeps it; a list as JSON, which ``json_each`` reads."""
    if isinstance(value, list | tuple):
        return json.dumps([_plain(one) for one in value])
    return utc(value).isoformat(" ") if isinstance(value, datetime) else value
