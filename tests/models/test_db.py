"""Opening the database, and the verbs every store verb is made of."""

import asyncio
import stat
from datetime import date
from pathlib import Path

import pytest
from tortoise.exceptions import ConfigurationError
from tortoise.expressions import F

from models.db import (
    Database,
    IntegrityError,
    KeyRing,
    Unreachable,
    WrongKeys,
    connection,
    insert_once,
    migrate,
    move,
    open_database,
    transaction,
)
from models.place import AcceptancePoint
from models.request_key import RequestKey
from models.slot import Slot
from models.staff import Staff
from tests.models.outside import in_a_transaction, read
from tests.models.rows import NOON, clerk, point, slot


async def test_an_open_database_answers_and_knows_whether_it_was_migrated(
    empty_database_url: str, keyring: KeyRing, on_postgres: bool
) -> None:
    async with open_database(empty_database_url, keyring) as database:
        assert database.dialect == ("postgres" if on_postgres else "sqlite")
        assert await database.ping()
        assert not await database.migrated()
    await migrate(empty_database_url, keyring)
    async with open_database(empty_database_url, keyring) as database:
        assert await database.migrated()


async def test_a_database_in_memory_is_ready_at_once(keyring: KeyRing, on_postgres: bool) -> None:
    if on_postgres:
        pytest.skip("one process, one kind of database")
    async with open_database("sqlite://:memory:", keyring) as database:
        assert await database.migrated()
        await clerk()
        assert await Staff.all().count() == 1


async def test_another_key_under_the_same_name_is_refused(database_url: str, keyring: KeyRing) -> None:
    wrong = KeyRing(current="test-1", keys={"test-1": b"w" * 32}, index_key=keyring.index_key)
    with pytest.raises(WrongKeys, match="sealed with other keys"):
        async with open_database(database_url, wrong):
            pytest.fail("opened")
    with pytest.raises(WrongKeys, match="sealed with other keys"):
        await migrate(database_url, wrong)


async def test_a_ring_without_a_key_that_was_used_is_refused(database_url: str, keyring: KeyRing) -> None:
    without = KeyRing(current="next", keys={"next": b"n" * 32}, index_key=keyring.index_key)
    with pytest.raises(WrongKeys, match="'test-1', which is not in the ring"):
        async with open_database(database_url, without):
            pytest.fail("opened")


async def test_another_index_key_is_refused(database_url: str, keyring: KeyRing) -> None:
    other = KeyRing(current="test-1", keys=keyring.keys, index_key=b"y" * 32)
    with pytest.raises(WrongKeys, match="another index key"):
        async with open_database(database_url, other):
            pytest.fail("opened")


async def test_a_key_that_was_ever_current_stays_required(migrated_database_url: str, keyring: KeyRing) -> None:
    both = KeyRing(current="next", keys={**keyring.keys, "next": b"n" * 32}, index_key=keyring.index_key)
    async with open_database(migrated_database_url, both):
        pass
    with pytest.raises(WrongKeys, match="'next', which is not in the ring"):
        async with open_database(migrated_database_url, keyring):
            pytest.fail("opened")


@pytest.mark.parametrize("url", ["mysql://u@h/d", "", "var/tongban.db", "postgres://u@h:port/d", "sqlite://"])
async def test_a_url_of_another_kind_is_refused(url: str, keyring: KeyRing) -> None:
    with pytest.raises(ValueError, match=r"database URL|integer"):
        async with open_database(url, keyring):
            pytest.fail("opened")


async def test_a_database_that_does_not_answer_is_named_without_its_password(keyring: KeyRing, tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"nowhere on 127\.0\.0\.1:1 cannot be opened") as refusal:
        async with open_database("postgres://someone:secret-word@127.0.0.1:1/nowhere", keyring):
            pytest.fail("opened")
    assert "secret-word" not in str(refusal.value)
    with pytest.raises(Unreachable, match="missing"):
        async with open_database(f"sqlite://{tmp_path}/missing/x.db", keyring):
            pytest.fail("opened")


async def test_a_failed_opening_leaves_nothing_behind(database_url: str, keyring: KeyRing, tmp_path: Path) -> None:
    with pytest.raises(Unreachable):
        async with open_database(f"sqlite://{tmp_path}/missing/x.db", keyring):
            pytest.fail("opened")
    async with open_database(database_url, keyring) as database:
        assert await database.ping()


async def test_a_process_has_one_open_database_at_a_time(
    database: Database, database_url: str, keyring: KeyRing
) -> None:
    with pytest.raises(ConfigurationError):
        async with open_database(database_url, keyring):
            pytest.fail("opened twice")
    await clerk()
    assert await Staff.all().count() == 1


async def test_the_database_is_seen_by_tasks_started_before_it_was_opened(database_url: str, keyring: KeyRing) -> None:
    opened = asyncio.Event()

    async def early() -> int:
        await opened.wait()
        return await Staff.all().count()

    task = asyncio.create_task(early())
    await asyncio.sleep(0)
    async with open_database(database_url, keyring):
        opened.set()
        assert await task == 0


async def test_a_sqlite_file_is_readable_by_its_owner_only(tmp_path: Path, keyring: KeyRing) -> None:
    path = tmp_path / "var" / "tongban.db"
    await migrate(f"sqlite://{path}", keyring)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_sqlite_runs_with_the_settings_acknowledged_writes_need(database: Database, on_postgres: bool) -> None:
    settings = {"synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000, "journal_mode": "wal"}
    if on_postgres:
        assert [list(row.values()) for row in await read("SHOW synchronous_commit")] == [["on"]]
        assert [list(row.values()) for row in await read("SHOW timezone")] == [["UTC"]]
        return
    for name, value in settings.items():
        assert [list(row.values()) for row in await read(f"PRAGMA {name}")] == [[value]]


async def test_what_types_of_postgres_s_own_are_made_of_is_asked_once_in_a_process(
    database_url: str, keyring: KeyRing, on_postgres: bool
) -> None:
    """Not on every new connection: there it would be the heaviest question of all."""
    if not on_postgres:
        pytest.skip("SQLite has no types to ask about")
    day = date(2026, 9, 18)
    for turn in (1, 2):
        heard: list[str] = []
        async with open_database(database_url, keyring), connection().acquire_connection() as raw:
            raw.add_query_logger(lambda said, heard=heard: heard.append(said.query))
            assert await raw.fetchval("SELECT $1::date[]", [day]) == [day]
            assert await raw.fetchval("SELECT $1::date[]", [day, day]) == [day, day]
            assert await raw.fetchval("SELECT count(*) FROM unnest($1::float8[])", [0.5, 1.5]) == 2
        assert turn == 1 or not any("typeinfo" in query for query in heard)


async def test_insert_once_makes_one_row_however_many_ask_at_once(database: Database) -> None:
    async def ask(body: str) -> bool:
        return await insert_once(RequestKey, owner="a1", key="k", act="book", body_digest=body, made_at=NOON)

    made = await asyncio.gather(*(ask(str(number)) for number in range(20)))
    assert made.count(True) == 1
    assert await RequestKey.all().count() == 1


async def test_a_duplicate_leaves_the_surrounding_transaction_usable(database: Database) -> None:
    await clerk()
    async with transaction():
        made = await insert_once(
            Staff, username="clerk-1", display_name="-", password_hash="-", role=(await Staff.get()).role
        )
        assert not made
        await clerk("clerk-2")
    assert await Staff.all().count() == 2


async def test_insert_once_hides_no_other_broken_constraint(database: Database) -> None:
    place = await point()
    with pytest.raises(IntegrityError):
        await insert_once(
            Slot, point_id=place.id, item="household_certificate", starts_at=NOON, ends_at=NOON, capacity=1, taken=2
        )
    with pytest.raises(IntegrityError):
        await insert_once(
            Slot, point_id=404, item="household_certificate", starts_at=NOON, ends_at=NOON, capacity=1, taken=0
        )


async def test_insert_once_fills_in_the_defaults_of_the_row(database: Database) -> None:
    assert await insert_once(
        AcceptancePoint, code="X", name="示例", division="360102", address="-", phone="0", schedule={"open": ["09:00"]}
    )
    one = await AcceptancePoint.get(code="X")
    assert not one.is_demo
    assert one.schedule == {"open": ["09:00"]}


async def test_the_row_count_of_a_move_is_the_verdict(database: Database) -> None:
    hot = await slot(await point(), capacity=5)

    async def take() -> bool:
        return await move(Slot, {"id": hot.id, "taken__lt": F("capacity")}, {"taken": F("taken") + 1})

    taken = await asyncio.gather(*(take() for _ in range(40)))
    assert taken.count(True) == 5
    assert (await Slot.get(id=hot.id)).taken == 5


async def test_a_failed_inner_transaction_undoes_itself_only(database: Database) -> None:
    @in_a_transaction
    async def inner() -> None:
        await clerk("inner")
        await clerk("outer")

    async with transaction():
        await clerk("outer")
        with pytest.raises(IntegrityError):
            await inner()
        await clerk("after")
    assert {row.username for row in await Staff.all()} == {"outer", "after"}


async def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    @in_a_transaction
    async def half() -> None:
        await clerk()
        raise LookupError

    with pytest.raises(LookupError):
        await half()
    assert await Staff.all().count() == 0


async def test_inside_a_transaction_the_connection_is_that_transaction(database: Database) -> None:
    outside = connection()
    async with transaction():
        assert connection() is not outside
    assert connection() is outside


async def test_a_transaction_plans_its_statements_once(database: Database) -> None:
    """A third of PostgreSQL's time went into planning anew what is found by keys; questions outside are left to it."""
    if database.dialect != "postgres":
        pytest.skip("SQLite plans when it prepares")
    asked = "SELECT current_setting('plan_cache_mode') AS mode"
    async with transaction():
        inside = await connection().execute_query_dict(asked)
    outside = await connection().execute_query_dict(asked)
    assert (inside, outside) == ([{"mode": "force_generic_plan"}], [{"mode": "auto"}])
