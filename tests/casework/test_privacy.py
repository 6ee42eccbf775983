"""What happened is never rewritten, and a person is found in no log, no queue, no event and no byte of the database."""

import importlib
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
import structlog

from casework.accept import accept
from casework.hand_off import redeem_code
from casework.logs import configure_logs
from casework.message_consents import allow_messages
from casework.notify import deliver_due
from casework.pre_register import PersonFacts
from casework.release_card import name_collector, record_check
from casework.serve import counter_case
from casework.warn import warn_overdue
from domain.terms import CollectorKind, Kinship, NoticeKind, ReportKind
from models.audit import AuditEntry
from models.case import CaseEvent, find_case
from models.db import connection, transaction
from tests.casework.refused import refused
from tests.casework.town import JIUJIANG, OUR_FAULT, Town, identity_number, key
from tests.casework.way import CHECKED, MINOR, Way, set_out

APPEND_ONLY = importlib.import_module("models.migrations.0001_ground").APPEND_ONLY

NAME, RELATIVE = "金丝雀·鸣", "金丝雀之舅"
PHONE = "13912345678"
HOUSEHOLD, RESIDENCE = "江西省南昌市东湖区金丝雀巷77号", "江西省九江市浔阳区金丝雀里88号"
NUMBER = identity_number("360102", date(2017, 6, 12), male=False)
UNCLE = identity_number("360102", date(1970, 6, 12))
CANARIES = (NAME, "金丝雀", RELATIVE, PHONE, HOUSEHOLD, RESIDENCE, NUMBER, UNCLE, NUMBER[6:14])


async def whole_way(town: Town) -> Way:
    """Everything that can be said about a person is said, along the longest way there is."""
    citizen = await town.newcomer(PHONE)
    way = await set_out(town, MINOR, citizen=citizen, facts=PersonFacts(NAME, NUMBER, "360102", HOUSEHOLD, False))
    way.kind = replace(MINOR, residence_address=RESIDENCE)
    await allow_messages(town.deps, citizen, list(NoticeKind))
    await way.until("signed")
    with refused("code_out_of_area"):
        await redeem_code(town.deps, await town.clerk(), await way.code())
    for step in (way.check_in, way.confirm):
        await step()
    await _accepted_with_differences(town, way)
    await name_collector(town.deps, citizen, way.number, RELATIVE, UNCLE, Kinship.OTHER_RELATIVE, key())
    for kind in (
        ReportKind.REVIEW_STARTED,
        ReportKind.ISSUED,
        ReportKind.PRODUCTION_STARTED,
        ReportKind.DISPATCHED,
    ):
        await way.reported(kind)
    town.wechat.answer = OUR_FAULT
    await way.arrive()
    await deliver_due(town.deps)
    act = {"collector_name": RELATIVE, "collector_identity_number": UNCLE, "kinship": Kinship.OTHER_RELATIVE}
    await way.release(CollectorKind.PROXY, **act)
    town.sms.fails = True
    await deliver_due(town.deps)
    town.clock.turn(days=100)
    await warn_overdue(town.deps)
    await record_check(town.deps, await town.clerk(JIUJIANG), way.number, dict.fromkeys(CHECKED, True))
    return way


async def _accepted_with_differences(town: Town, way: Way) -> None:
    stated = await way.acceptance(differences={"name": NAME, "household_address": HOUSEHOLD})
    await accept(town.deps, await town.clerk(JIUJIANG), way.number, stated)


@pytest.fixture
def technical_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[BytesIO]:
    """Standard error as in production, with every library at its most talkative."""
    heard, root = BytesIO(), logging.getLogger()
    said = TextIOWrapper(heard, encoding="utf-8", write_through=True)
    monkeypatch.setattr(sys, "stderr", said)
    configure_logs()
    talkative, level = logging.StreamHandler(said), root.level
    root.addHandler(talkative)
    root.setLevel(logging.DEBUG)
    yield heard
    root.removeHandler(talkative)
    root.setLevel(level)
    structlog.reset_defaults()


async def test_no_canary_is_heard_in_any_log_queue_event_or_audit_entry(technical_log: BytesIO, town: Town) -> None:
    await whole_way(town)
    log = technical_log.getvalue().decode()
    for heard in ("notice_settled", "notice_failed", "deadline_passed", "INSERT INTO"):
        assert heard in log
    told = {
        "log": log,
        "queue": str(town.bell.rung),
        "events": str([event.facts for event in await CaseEvent.all()]),
        "audit": str([(entry.facts, entry.actor) for entry in await AuditEntry.all()]),
    }
    assert [(where, canary) for where, text in told.items() for canary in CANARIES if canary in text] == []


async def test_no_canary_lies_in_the_database_in_clear(town: Town, tmp_path: Path, on_postgres: bool) -> None:
    await whole_way(town)
    found = []
    for table in await _tables():
        for row in await connection().execute_query_dict(f'SELECT * FROM "{table}"'):
            found += [(table, name) for name, value in row.items() if _sings(_raw(value))]
    assert found == []
    if not on_postgres:
        assert _singing_files(tmp_path) == []


async def test_the_search_would_find_a_canary(town: Town) -> None:
    """The seal is what hides it: the same case told to its own clerk is full of canaries."""
    way = await whole_way(town)
    case = await find_case(way.number)
    assert case is not None
    assert _sings(str(await counter_case(town.deps, case)).encode())


async def _tables() -> list[str]:
    if connection().capabilities.dialect == "postgres":
        rows = await connection().execute_query_dict(
            "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
        )
    else:
        rows = await connection().execute_query_dict("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [row["name"] for row in rows]


def _singing_files(folder: Path) -> list[str]:
    """Database files, the write-ahead log among them, in which a canary is heard."""
    files = list(folder.glob("tongban.db*"))
    assert files
    return [path.name for path in files if _sings(path.read_bytes())]


def _raw(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def _sings(data: bytes) -> bool:
    written = [form for canary in CANARIES for form in (canary.encode(), canary.encode("utf-16-le"), _escaped(canary))]
    return any(form in data for form in written)


def _escaped(text: str) -> bytes:
    return text.encode("unicode_escape")


# --- what happened stays (C6, V16) ---


async def test_what_is_only_ever_added_to_can_not_be_changed_or_taken_away(town: Town) -> None:
    await whole_way(town)
    client = connection()
    for table in APPEND_ONLY:
        count = len(await client.execute_query_dict(f'SELECT id FROM "{table}"'))
        assert count, f"the whole way writes nothing into {table}"
        for statement in (f'UPDATE "{table}" SET id = id', f'DELETE FROM "{table}"'):
            with pytest.raises(Exception, match="append-only"):
                async with transaction():
                    await connection().execute_query(statement)
        assert len(await client.execute_query_dict(f'SELECT id FROM "{table}"')) == count


def test_a_line_is_written_whatever_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Half a character, a number no other program reads, a value of ours: nothing of it breaks a request."""
    configure_logs()
    try:
        structlog.get_logger().info("odd", half="\ud800", huge=2**70, kind=NoticeKind.BOOKING_CONFIRMED, plain="井")
    finally:
        structlog.reset_defaults()
    said = capsys.readouterr().err
    assert json.loads(said)["huge"] == 2**70
    assert said.count("\n") == 1


def test_an_error_that_is_logged_tells_no_local_value(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    try:
        _fails(NAME, NUMBER)
    except ValueError:
        structlog.get_logger().exception("trouble", number=NUMBER)
    finally:
        structlog.reset_defaults()
    said = capsys.readouterr().err
    assert "ValueError" in said
    assert [canary for canary in CANARIES if canary in said] == []


def _fails(name: str, number: str) -> None:
    held = {"name": name, "number": number}
    raise ValueError(len(held))
