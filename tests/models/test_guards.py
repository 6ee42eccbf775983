"""Every repair of models/guards.py, shown to hold on the database this run uses."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import pytest
from tortoise.backends.sqlite.client import SqliteClient
from tortoise.exceptions import TransactionManagementError
from tortoise.expressions import F

from models import guards
from models.account import Consent
from models.db import Database, IntegrityError, KeyRing, connection, detached, move, open_database, transaction
from models.request_key import RequestKey
from models.staff import Staff
from tests.models.outside import execute, in_a_transaction, insert, read, seen_from_outside, start_process
from tests.models.rows import NOON, account, clerk

ROUNDS = 600


@pytest.fixture
async def small_pool(database_url: str, keyring: KeyRing, on_postgres: bool) -> AsyncIterator[None]:
    """A pool of two: losing connections shows at once."""
    async with open_database(database_url + ("?maxsize=2" if on_postgres else ""), keyring):
        yield


async def count_two() -> None:
    async with transaction():
        await Staff.filter(username="clerk-1").update(failed_attempts=F("failed_attempts") + 1)
        await Staff.filter(username="clerk-1").update(failed_attempts=F("failed_attempts") + 1)


async def database_still_works() -> int:
    """Three transactions at once; fails, rather than hangs, when the lock or the connections are gone."""
    async with asyncio.timeout(5):
        await asyncio.gather(count_two(), count_two(), count_two())
        return (await Staff.get(username="clerk-1")).failed_attempts


async def test_600_cancelled_transactions_leave_a_working_database_and_no_half_transaction(small_pool: None) -> None:
    await clerk()
    done = 0
    for number in range(ROUNDS):
        task = asyncio.create_task(count_two())
        for _ in range(number % 13):
            await asyncio.sleep(0)
        if number % 3 == 0:
            await asyncio.sleep(number % 7 / 2000)
        task.cancel()
        done += (await asyncio.gather(task, return_exceptions=True))[0] is None
    counted = await database_still_works()
    assert counted % 2 == 0
    assert counted >= 2 * (done + 3)


async def test_cancelling_many_waiting_transactions_at_once_leaves_a_working_database(small_pool: None) -> None:
    await clerk()
    for number in range(20):
        tasks = [asyncio.create_task(count_two()) for _ in range(30)]
        await asyncio.sleep(number % 5 / 1000)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert await database_still_works() % 2 == 0


async def test_a_timeout_around_a_transaction_does_not_leave_the_task_inside_it(
    small_pool: None, database_url: str
) -> None:
    await clerk()
    for number in range(60):
        try:
            async with asyncio.timeout(number / 20000):
                await count_two()
        except TimeoutError:
            pass
        await Staff.filter(username="clerk-1").update(display_name=f"轮 {number}")
        [(name,)] = await seen_from_outside(database_url, "SELECT display_name FROM staff")
        assert name == f"轮 {number}", "the update went into a transaction that nobody will commit"


async def test_a_cancelled_bulk_insert_leaves_no_transaction_open(database: Database, database_url: str) -> None:
    for number in range(12):
        rows = [RequestKey(owner=f"o{number}", key=str(n), act="a", body_digest="-", made_at=NOON) for n in range(2000)]
        task = asyncio.create_task(_insert_all(rows))
        await asyncio.sleep(number / 500)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await insert("request_key", owner="after", key=str(number), act="a", body_digest="-", made_at=NOON)
        [(seen,)] = await seen_from_outside(database_url, "SELECT count(*) FROM request_key WHERE owner = 'after'")
        assert seen == number + 1


async def _insert_all(rows: list[RequestKey]) -> None:
    await RequestKey.bulk_create(rows)


async def test_the_verdict_of_an_update_does_not_count_another_tasks_cancelled_update(database: Database) -> None:
    await clerk()
    slow = (
        "UPDATE staff SET failed_attempts = (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 200000) SELECT count(*) FROM n)"
    )
    task = asyncio.create_task(execute(slow))
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    assert not await move(Staff, {"username": "nobody"}, {"display_name": "-"})


async def test_a_failed_commit_ends_its_transaction(database: Database, on_postgres: bool) -> None:
    if on_postgres:
        pytest.skip("our references are checked at once on PostgreSQL, so no COMMIT can fail this way")

    @in_a_transaction
    async def refer_to_nobody() -> None:
        await execute("PRAGMA defer_foreign_keys = ON")
        await insert("consent", account_id=404, version="1", given_at=NOON)

    with pytest.raises(IntegrityError):
        await refer_to_nobody()
    await clerk()
    assert await database_still_works() == 6


async def test_a_script_inside_a_transaction_is_undone_with_it(database: Database) -> None:
    @in_a_transaction
    async def half() -> None:
        await connection().execute_script(
            "INSERT INTO append_only_lift (id) VALUES (1); DELETE FROM append_only_lift;"
            "INSERT INTO append_only_lift (id) VALUES (1);"
        )
        raise LookupError

    with pytest.raises(LookupError):
        await half()
    assert await read("SELECT id FROM append_only_lift") == []


def test_a_script_is_cut_between_statements_and_never_inside_one() -> None:
    trigger = "CREATE TRIGGER t BEFORE DELETE ON a BEGIN SELECT 1; SELECT 2; END;"
    assert guards.statements(f"SELECT ';';\n{trigger} SELECT 3") == ["SELECT ';';", trigger, "SELECT 3;"]
    assert guards.statements("SELECT 1; SELECT 'open") == ["SELECT 1;", " SELECT 'open;"]


async def test_a_task_that_outlives_its_transaction_cannot_write_through_it(database: Database) -> None:
    await clerk()
    go = asyncio.Event()

    async def later() -> None:
        await go.wait()
        await Staff.filter(username="clerk-1").update(display_name="too late")

    async with transaction():
        task = asyncio.create_task(later())
        await Staff.filter(username="clerk-1").update(display_name="in time")
    go.set()
    with pytest.raises(TransactionManagementError, match="detached"):
        await task


async def test_a_detached_task_works_outside_the_transaction_it_was_started_in(database: Database) -> None:
    await clerk()
    tasks = []

    @in_a_transaction
    async def half() -> None:
        await Staff.filter(username="clerk-1").update(display_name="undone")
        tasks.append(detached(clerk("clerk-2")))
        raise LookupError

    with pytest.raises(LookupError):
        await half()
    await tasks[0]
    assert {row.username: row.display_name for row in await Staff.all()} == {"clerk-1": "示例", "clerk-2": "示例"}


async def test_moments_are_compared_as_moments_whatever_zone_the_question_is_asked_in(database: Database) -> None:
    owner = await account()
    for hour in (3, 4, 5):
        await insert("consent", account_id=owner.id, version=str(hour), given_at=NOON.replace(hour=hour))
    shanghai = timezone(timedelta(hours=8))
    noon_there = datetime(2026, 11, 20, 12, 0, tzinfo=shanghai)
    assert await Consent.filter(given_at__gte=noon_there).count() == 2
    assert await Consent.filter(given_at__lt=noon_there).count() == 1
    assert await Consent.filter(given_at=noon_there).count() == 1
    assert await Consent.filter(given_at__in=[noon_there]).count() == 1
    assert await Consent.filter(given_at__range=(noon_there, noon_there + timedelta(hours=1))).count() == 2
    assert (await Consent.get(version="4")).given_at == noon_there
    assert (await Consent.get(version="4")).given_at.tzinfo is UTC


async def test_two_processes_that_read_before_they_write_both_get_through(
    database: Database, database_url: str
) -> None:
    await clerk()
    processes = [start_process("count", database_url) for _ in range(2)]
    for process in processes:
        output = await asyncio.to_thread(process.communicate, timeout=60)
        assert process.returncode == 0, output
    assert (await Staff.get(username="clerk-1")).failed_attempts == 200


async def test_a_transaction_on_sqlite_holds_the_write_lock_from_its_first_moment(
    database: Database, database_url: str, on_postgres: bool
) -> None:
    if on_postgres:
        pytest.skip("PostgreSQL locks rows")
    async with transaction():
        await Staff.all()
        other = sqlite3.connect(database_url.removeprefix("sqlite://"), timeout=0)
        with closing(other), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")


class _Failing(SqliteClient):
    """A client whose database cannot be reached."""

    async def create_connection(self, with_db: bool) -> None:
        raise OSError("no way there")


async def test_a_first_connection_that_fails_gives_the_lock_back() -> None:
    guards.install()
    client = _Failing("x.db", connection_name="x")
    for _ in range(2):
        async with asyncio.timeout(5):
            with pytest.raises(OSError, match="no way there"):
                await client.execute_query("SELECT 1")


@pytest.mark.parametrize("what", ["return", "raise", "cancel"])
async def test_a_process_that_opened_the_database_ends_by_itself(database_url: str, what: str) -> None:
    process = start_process(what, database_url)
    await asyncio.to_thread(process.communicate, timeout=20)
    assert process.returncode == (1 if what == "raise" else 0)


def test_another_tortoise_version_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "PATCHED_VERSION", "1.2.0")
    with pytest.raises(RuntimeError, match=r"mends Tortoise 1\.2\.0"):
        guards.install()
