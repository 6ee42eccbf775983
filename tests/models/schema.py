"""Reading back what really stands in a database: its indexes, CHECKs, references and triggers, alike for both."""

import re

from tests.models.outside import read


async def indexes(on_postgres: bool) -> set[str]:
    """Every index but those of primary keys, as ``table [unique] (columns) [where condition]``."""
    return {_told(definition) for definition in await (_postgres_indexes() if on_postgres else _sqlite_indexes())}


def _told(definition: str) -> str:
    """``CREATE UNIQUE INDEX x ON public.t USING btree (a, b) WHERE (c)`` in the short form, from either database."""
    found = re.fullmatch(
        r'CREATE (UNIQUE )?INDEX \S+ ON (?:public\.)?"?(\w+)"? (?:USING btree )?\(([^)]*)\)(?: WHERE \(?(.*?)\)?)?',
        definition,
    )
    assert found, definition
    unique, table, columns, condition = found.groups()
    told = f"{table} {'unique ' if unique else ''}({columns.replace(chr(34), '')})"
    return f"{told} where {condition.lower()}" if condition else told


async def _postgres_indexes() -> list[str]:
    rows = await read(
        "SELECT pg_get_indexdef(indexrelid) AS told FROM pg_index JOIN pg_class c ON c.oid = indrelid "
        "WHERE relnamespace = 'public'::regnamespace AND NOT indisprimary AND relname <> 'tortoise_migrations'"
    )
    return [row["told"] for row in rows]


async def _sqlite_indexes() -> list[str]:
    """Those made by UNIQUE inside CREATE TABLE have no text of their own; it is put together from their columns."""
    told = []
    for table in await tables(on_postgres=False):
        for index in await read(f"PRAGMA index_list('{table}')"):
            if index["origin"] == "c":
                told += [r["sql"] for r in await read(f"SELECT sql FROM sqlite_master WHERE name = '{index['name']}'")]
            elif index["origin"] == "u":
                columns = [str(row["name"]) for row in await read(f"PRAGMA index_info('{index['name']}')")]
                told.append(f"CREATE UNIQUE INDEX x ON {table} ({', '.join(columns)})")
    return told


async def tables(on_postgres: bool) -> list[str]:
    """The tables of the migrations."""
    rows = await read(
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
        if on_postgres
        else "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return sorted(row["name"] for row in rows if row["name"] != "tortoise_migrations")


async def checks(on_postgres: bool) -> set[str]:
    """The names of all CHECK constraints we named."""
    rows = await read(
        "SELECT conname AS told FROM pg_constraint WHERE contype = 'c' AND conname LIKE 'ck%'"
        if on_postgres
        else "SELECT sql AS told FROM sqlite_master WHERE type = 'table'"
    )
    return {name for row in rows for name in re.findall(r"\bck_\w+", row["told"])}


async def triggers(on_postgres: bool) -> set[tuple[str, str]]:
    """Every trigger: its table, and what it stands before."""
    if on_postgres:
        rows = await read("SELECT event_object_table AS t, event_manipulation AS e FROM information_schema.triggers")
        return {(row["t"], row["e"]) for row in rows}
    rows = await read("SELECT tbl_name AS t, sql AS e FROM sqlite_master WHERE type = 'trigger'")
    return {(row["t"], "UPDATE" if "BEFORE UPDATE" in row["e"] else "DELETE") for row in rows}


async def references(on_postgres: bool) -> set[tuple[str, str, str]]:
    """Every reference: table, column, and what happens when the row it points to is deleted."""
    if on_postgres:
        rows = await read(
            "SELECT conrelid::regclass::text AS t, attname AS c, confdeltype::text AS d FROM pg_constraint "
            "JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1] WHERE contype = 'f'"
        )
        return {(row["t"], row["c"], {"r": "RESTRICT"}.get(row["d"], row["d"])) for row in rows}
    found = set()
    for table in await tables(on_postgres=False):
        for row in await read(f"PRAGMA foreign_key_list('{table}')"):
            found.add((table, row["from"], row["on_delete"]))
    return found
