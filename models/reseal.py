"""Key rotation: move every sealed value of every table to the current key and cipher.

How to rotate: 1. start every process with a ring that has the new key as current and still holds the old one, or with
the new cipher (every ring opens both); 2. ``reseal``; 3. take the old key out of the ring. Only sealed bytes change, so
append-only tables allow it here: ``lifted`` writes a row that their triggers look for and removes it in the same
transaction, so nobody else sees it.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tortoise import Tortoise
from tortoise.fields.base import Field
from tortoise.models import Model

from models.columns import KeyRing, Sealed, install_keyring, is_current, seal, unseal
from models.seal_check import SealCheck, forget_old_keys
from models.store import connection, placeholder, transaction

_ROWS_AT_ONCE = 200


@dataclass(frozen=True)
class _SealedTable:
    """A table with sealed columns: its name, its key, and the purpose of each column by name."""

    table: str
    key: str
    purposes: dict[str, str]


async def reseal(keyring: KeyRing) -> int:
    """Move every sealed value to the ring's current key and cipher, in batches; returns how many rows were rewritten.

    May be stopped and run again: rows already moved are skipped. Raises ``SealBroken`` at a value the ring cannot open.
    """
    install_keyring(keyring)
    moved = 0
    for table in _sealed_tables():
        moved += await _reseal_table(table)
    await forget_old_keys(keyring)
    return moved


@asynccontextmanager
async def lifted() -> AsyncIterator[None]:
    """A transaction in which append-only tables may be changed."""
    async with transaction():
        await connection().execute_query("INSERT INTO append_only_lift (id) VALUES (1)")
        yield
        await connection().execute_query("DELETE FROM append_only_lift")


def _sealed_tables() -> list[_SealedTable]:
    models = Tortoise.apps.get_models_iterable() if Tortoise.apps else ()
    return [_describe(model) for model in models if model is not SealCheck and _sealed_fields(model)]


def _describe(model: type[Model]) -> _SealedTable:
    meta = model._meta  # noqa: SLF001 — Tortoise keeps the public description of a table there
    purposes = {meta.fields_db_projection[field.model_field_name]: field.purpose for field in _sealed_fields(model)}
    return _SealedTable(meta.db_table, meta.db_pk_column, purposes)


def _sealed_fields(model: type[Model]) -> list[Sealed]:
    fields: Sequence[Field[Any]] = list(model._meta.fields_map.values())  # noqa: SLF001
    return [field for field in fields if isinstance(field, Sealed)]


async def _reseal_table(table: _SealedTable) -> int:
    moved, last = 0, None
    while rows := await _next_rows(table, last):
        async with lifted():
            for row in rows:
                moved += await _reseal_row(table, row)
        last = rows[-1][table.key]
    return moved


async def _next_rows(table: _SealedTable, last: Any) -> list[dict[str, Any]]:
    columns = ", ".join(f'"{name}"' for name in (table.key, *table.purposes))
    after = "" if last is None else f'WHERE "{table.key}" > {placeholder(1)}'
    return await connection().execute_query_dict(
        f'SELECT {columns} FROM "{table.table}" {after} ORDER BY "{table.key}" LIMIT {_ROWS_AT_ONCE}',  # noqa: S608
        [] if last is None else [last],
    )


async def _reseal_row(table: _SealedTable, row: dict[str, Any]) -> int:
    """Rewrite the row's old values; a value somebody changed meanwhile is left (it is sealed with the current key)."""
    changed = 0
    for column, purpose in table.purposes.items():
        blob = row[column]
        if blob is None or is_current(blob):
            continue
        changed = 1
        await connection().execute_query(
            f'UPDATE "{table.table}" SET "{column}" = {placeholder(1)} '  # noqa: S608
            f'WHERE "{table.key}" = {placeholder(2)} AND "{column}" = {placeholder(3)}',
            [seal(purpose, unseal(purpose, blob)), row[table.key], blob],
        )
    return changed
