"""A migration yet to come, applied to tables with rows: nothing is lost, or nothing is done."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tortoise.exceptions import OperationalError

from models.case import Case
from models.columns import install_keyring
from models.connect import connected, tortoise_config
from models.db import BrokenReferences, IntegrityError, KeyRing, migrate, open_database
from models.migrate import apply_migrations
from tests.models import schema
from tests.models.outside import execute, insert, seen_from_outside
from tests.models.rows import NOON, booking, point, slot
from tests.models.test_migrations import APPEND_ONLY, CHECKS, EVERY, INDEXES, one_row_in_every_append_only_table


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keyring: KeyRing) -> Callable[[str, str], Any]:
    """Applies the project's migrations and then one more, given as source text."""
    monkeypatch.syspath_prepend(str(tmp_path))

    async def apply(url: str, operations: str) -> list[str]:
        package = f"later_{os.urandom(4).hex()}"
        folder = tmp_path / package
        folder.mkdir()
        (folder / "__init__.py").touch()
        for name in EVERY:
            (folder / f"{name}.py").write_text(
                "from importlib import import_module\n"
                f"Migration = import_module('models.migrations.{name}').Migration\n"
            )
        (folder / "9999_later.py").write_text(
            "from tortoise import fields, migrations\nfrom tortoise.migrations import operations as ops\n\n\n"
            "class Migration(migrations.Migration):\n"
            f"    dependencies = [('models', '{EVERY[-1]}')]\n    operations = [{operations}]\n"
        )
        install_keyring(keyring)
        config = tortoise_config(url)
        config["apps"]["models"]["migrations"] = package
        async with connected(config, for_all_tasks=False) as client:
            return await apply_migrations(client, config["apps"], keyring)

    return apply


@pytest.fixture
async def filled_url(migrated_database_url: str, keyring: KeyRing) -> str:
    """A migrated database with a case and everything that refers to it."""
    async with open_database(migrated_database_url, keyring):
        await one_row_in_every_append_only_table()
        await booking(await slot(await point("JX-2")), await Case.get(number="TB-1"))
        await insert("request_key", owner="a", key="k", act="a", body_digest="-", made_at=NOON)
    return migrated_database_url


async def test_altering_a_table_loses_no_child_no_index_and_no_trigger(
    filled_url: str, keyring: KeyRing, later: Callable[[str, str], Any], on_postgres: bool
) -> None:
    applied = await later(
        filled_url,
        "ops.AlterField('Case', 'slip_number', fields.CharField(max_length=60, null=True)),"
        "ops.AlterField('Signature', 'digest', fields.CharField(max_length=80, db_index=True)),"
        "ops.RemoveField('Account', 'phone_verified_at')",
    )
    assert applied == ["9999_later"]
    for table in (*APPEND_ONLY, "booking", "service_case", "person"):
        [(rows,)] = await seen_from_outside(filled_url, f"SELECT count(*) FROM {table}")
        assert rows == (2 if table == "person" else 1), table
    async with open_database(filled_url, keyring):
        assert sorted(await schema.indexes(on_postgres)) == sorted(INDEXES.strip().splitlines())
        assert len(await schema.triggers(on_postgres)) == 2 * len(APPEND_ONLY)
        assert {action for _, _, action in await schema.references(on_postgres)} == {"RESTRICT"}
        assert (await Case.get(number="TB-1")).form == {"name": "甲测试"}


async def test_a_table_with_a_check_is_not_copied_on_sqlite(
    filled_url: str, later: Callable[[str, str], Any], on_postgres: bool, keyring: KeyRing
) -> None:
    change = "ops.AlterField('Booking', 'how_ended', fields.CharField(max_length=20, null=True))"
    if on_postgres:
        await later(filled_url, change)
    else:
        with pytest.raises(OperationalError, match="booking would lose its CHECK"):
            await later(filled_url, change)
    async with open_database(filled_url, keyring):
        assert await schema.checks(on_postgres) == CHECKS


async def test_a_required_column_can_be_added_to_a_table_with_rows(
    filled_url: str, later: Callable[[str, str], Any]
) -> None:
    await later(filled_url, "ops.AddField('RequestKey', 'note', fields.CharField(max_length=10, db_default='none'))")
    assert await seen_from_outside(filled_url, "SELECT note FROM request_key") == [("none",)]


async def test_a_migration_that_fails_half_way_leaves_nothing_at_all(
    empty_database_url: str, later: Callable[[str, str], Any], keyring: KeyRing
) -> None:
    with pytest.raises(OperationalError):
        await later(
            empty_database_url,
            "ops.RunSQL('CREATE TABLE half (id INTEGER)'), ops.RunSQL('INSERT INTO nowhere VALUES (1)')",
        )
    for table in ("half", "account", "tortoise_migrations"):
        with pytest.raises(Exception, match=table):
            await seen_from_outside(empty_database_url, f"SELECT count(*) FROM {table}")
    assert await migrate(empty_database_url, keyring) == EVERY


async def test_a_migration_that_would_orphan_rows_is_refused(filled_url: str, later: Callable[[str, str], Any]) -> None:
    with pytest.raises((BrokenReferences, IntegrityError)):
        await later(filled_url, "ops.RunSQL('DELETE FROM slot')")
    assert await seen_from_outside(filled_url, "SELECT count(*) FROM slot") == [(1,)]


async def test_references_are_enforced_again_after_migrating(filled_url: str, keyring: KeyRing) -> None:
    async with open_database(filled_url, keyring):
        with pytest.raises(IntegrityError):
            await execute("DELETE FROM slot")
