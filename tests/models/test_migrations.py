"""Migrations: what stands in the tables after them, and that running them never loses anything."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tortoise import Tortoise
from tortoise.context import TortoiseContext
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.operations import AlterModelOptions, Operation
from tortoise.migrations.schema_generator.state import State

from domain.clock import Side
from domain.terms import (
    CaseEventKind,
    Channel,
    ClockKind,
    CollectorKind,
    CreditReason,
    DayKind,
    GuardianRelation,
    GuardianshipCase,
    NoticeKind,
    ReachStepKind,
    SignatureMethod,
    SignerCapacity,
    TransmissionChannel,
    TransmissionPurpose,
)
from models import migrations
from models.audit import write_audit
from models.card import CollectionCheck, Release
from models.case import Case, CaseEvent, NamedCollector
from models.certificate import Transmission
from models.complaint import Complaint, ComplaintWord
from models.connect import tortoise_config
from models.consultation import write_message
from models.credit import CreditMovement
from models.db import Database, IntegrityError, KeyRing, migrate
from models.deadline import Deadline, write_clock
from models.follow_up import FollowUp, note_on_follow_up, open_follow_up
from models.notice import Notice, NoticeAttempt
from models.person import Guardianship
from models.reach_task import ReachStep, ReachTask
from models.reseal import lifted
from models.residence import ResidenceDeclaration
from models.signature import LetterConfirmation, Signature
from models.slot import Slot
from models.staff import Staff
from tests.models import schema
from tests.models.outside import execute, insert, read, start_process
from tests.models.rows import NOON, account, booking, case, clerk, person, point, slot

INDEXES = """
acceptance_point (division)
acceptance_point unique (code)
account (phone_index)
account unique (openid_index)
announcement (publish_at)
announcement unique (topic, version)
appeal unique (booking_id)
approval (asked_by_id)
approval (case_id)
approval unique (kind, case_id, asked_by_id) where decided_at is null
audit_entry (actor, at)
audit_entry (case_id, at)
binding_code (account_id)
binding_code unique (code_hash)
booking (case_id)
booking (slot_id)
booking unique (case_id) where ended_at is null
card unique (case_id)
case_event unique (case_id, seq)
case_event unique (reporter_id, report_id)
chat_binding (account_id)
chat_binding unique (openid_index)
chat_talk (ends_at)
chat_talk unique (follower)
closure unique (point_id, announcement_id)
collection_check unique (case_id)
complaint (account_id)
complaint (case_id)
complaint (division, status)
complaint (point_id, status)
complaint (status, due_on)
complaint unique (number)
complaint_word (complaint_id)
consent unique (account_id, version)
consent_withdrawal (account_id)
consultation (case_id)
contact (division, duty)
credit_movement (account_id, template, at)
credit_movement unique (reference)
deadline (division, due_on)
deadline (due_on)
deadline unique (case_id, kind)
deadline_warning (watcher, division)
deadline_warning unique (deadline_id, level, watcher)
delivery_report (received_at) where applied_at is null
delivery_report unique (channel, provider_id)
feed_batch unique (system_id, number)
follow_up (division)
follow_up unique (deadline_id)
follow_up_note (follow_up_id)
guardianship (guardian_id)
guardianship (ward_id)
handoff_code (case_id)
handoff_code unique (code_hash)
hold (case_id)
hold (slot_id)
hold unique (case_id) where ended_at is null
household_certificate unique (case_id)
household_certificate unique (number)
invitation (account_id) where account_id is not null
invitation unique (code_hash)
letter_confirmation (signature_id)
letter_confirmation unique (case_id)
letter_edition (status, due_at)
letter_edition unique (signature_id, kind)
letter_showing (case_id)
letter_showing unique (nonce_hash)
message_credit unique (account_id, template)
named_collector (case_id)
notice (account_id)
notice (case_id)
notice (status, due_at, id)
notice unique (dedupe_key)
notice_attempt (notice_id)
notice_attempt (provider_id)
operator_task unique (kind, subject)
owed_reply (follower)
owed_reply (status, due_at)
owed_reply unique (dedupe_key)
person (identity_index)
person unique (account_id) where is_self
person unique (account_id, identity_index)
point_key unique (key_id)
point_service unique (point_id, item)
push_seen (follower)
push_seen (seen_at)
push_seen unique (dedupe_key)
reach_step (task_id)
reach_task (case_id)
reach_task (point_id, closed_at)
reach_task unique (subject)
release unique (case_id)
request_key unique (owner, key)
residence_declaration (account_id)
residence_declaration (person_id)
service_case (acceptance_point_id, state)
service_case (account_id)
service_case (applicant_id)
service_case (household_division)
service_case (parent_id) where parent_id is not null
service_case unique (acceptance_number)
service_case unique (applicant_index, item) where ended_at is null
service_case unique (number)
session (account_id)
session unique (token_hash)
signature (case_id)
signature (digest)
signature unique (number)
signature unique (position)
set_aside (status, tried_at)
set_aside unique (batch_id, line)
slot unique (point_id, item, starts_at)
staff unique (username)
staff_session unique (token_hash)
station_key (system_id)
station_key unique (key_id)
station_system unique (key_id)
transmission (case_id)
waiting (case_id)
waiting (point_id, item) where ended_at is null
waiting unique (case_id) where ended_at is null
wechat_token unique (appid)
"""
CHECKS = {"ck_approval_two_people", "ck_slot_taken", "ck_slot_general", "ck_booking_seats", "ck_credit_balance"}
APPEND_ONLY = {
    "audit_entry",
    "case_event",
    "collection_check",
    "complaint_word",
    "consent",
    "credit_movement",
    "consultation",
    "follow_up_note",
    "guardianship",
    "letter_confirmation",
    "named_collector",
    "notice_attempt",
    "reach_step",
    "release",
    "residence_declaration",
    "signature",
    "transmission",
}
# References to staff, points and systems: rows that are disabled, never deleted, and never asked "who refers to you".
NEVER_FOLLOWED = {
    "staff_id", "point_id", "acceptance_point_id", "reporter_id", "redeemed_by_id", "closure_id", "seen_by_id",
    "contact_id", "announcement_id", "decided_by_id", "issued_by_id", "taken_by_id",
}  # fmt: skip
EVERY = sorted(path.stem for path in Path(migrations.__file__).parent.glob("0*.py"))


async def test_exactly_the_listed_indexes_exist(database: Database, on_postgres: bool) -> None:
    assert sorted(await schema.indexes(on_postgres)) == sorted(INDEXES.strip().splitlines())


async def test_exactly_the_listed_checks_exist(database: Database, on_postgres: bool) -> None:
    assert await schema.checks(on_postgres) == CHECKS


async def test_exactly_the_listed_tables_are_append_only(database: Database, on_postgres: bool) -> None:
    assert await schema.triggers(on_postgres) == {(t, event) for t in APPEND_ONLY for event in ("UPDATE", "DELETE")}


async def test_deleting_a_row_never_takes_others_with_it(database: Database, on_postgres: bool) -> None:
    found = await schema.references(on_postgres)
    assert len(found) > 30
    assert {action for _, _, action in found} == {"RESTRICT"}


async def test_every_reference_that_is_followed_backwards_leads_an_index(database: Database, on_postgres: bool) -> None:
    leading = {
        tuple(line.replace("unique ", "").split(" where")[0].split(" (")) for line in INDEXES.split("\n") if line
    }
    firsts = {(table, columns.rstrip(")").split(", ")[0]) for table, columns in leading}
    followed = {(t, c) for t, c, _ in await schema.references(on_postgres) if c not in NEVER_FOLLOWED}
    assert followed <= firsts


async def test_the_migrations_say_what_the_rows_say(keyring: KeyRing) -> None:
    config = tortoise_config("sqlite://:memory:")
    context = TortoiseContext()
    with context:
        await context.init(config=config)
        assert context.apps is not None
        detector = MigrationAutodetector(context.apps, config["apps"])
        changes = await detector.changes()
        state = await detector._project_state()
    await context.close_connections()
    missing = [operation for change in changes for operation in change.operations if not _only_words(operation, state)]
    assert [operation.describe() for operation in missing] == []


def _only_words(operation: Operation, state: State) -> bool:
    """Whether a row differs from its migration in its docstring only."""
    if not isinstance(operation, AlterModelOptions):
        return False
    return _essential(operation.options) == _essential(state.models[("models", operation.name)].options)


def _essential(options: dict[str, Any]) -> dict[str, Any]:
    lists = {key: sorted(tuple(one) for one in options.get(key) or ()) for key in ("unique_together", "indexes")}
    return {"table": options["table"], **lists}


async def test_every_row_can_be_read_from_its_table(database: Database, on_postgres: bool) -> None:
    assert Tortoise.apps is not None
    models = list(Tortoise.apps.get_models_iterable())
    for model in models:
        await model.all().limit(1)
    named = {model._meta.db_table for model in models}
    assert named == set(await schema.tables(on_postgres)) - {"append_only_lift"}


async def test_migrating_twice_does_nothing_the_second_time(empty_database_url: str, keyring: KeyRing) -> None:
    assert await migrate(empty_database_url, keyring) == EVERY
    assert await migrate(empty_database_url, keyring) == []


async def test_three_processes_that_migrate_at_once_all_succeed_and_one_does_the_work(empty_database_url: str) -> None:
    processes = [start_process("migrate", empty_database_url) for _ in range(3)]
    outputs = [(await asyncio.to_thread(process.communicate, timeout=90))[0].strip() for process in processes]
    assert sorted(outputs) == sorted([str(EVERY), "[]", "[]"])


# --- constraints, provoked past the rows' own verbs ---


async def test_a_slot_cannot_hold_more_or_fewer_than_its_places(database: Database) -> None:
    full = await slot(await point(), capacity=2)
    for taken in (3, -1):
        with pytest.raises(IntegrityError, match="ck_slot_"):
            await execute(f"UPDATE slot SET taken = {taken}")
    for general in (1, -1):
        with pytest.raises(IntegrityError, match="ck_slot_general"):
            await execute(f"UPDATE slot SET taken_general = {general}")
    await execute("UPDATE slot SET taken = 2")
    with pytest.raises(IntegrityError, match="ck_slot_taken"):
        await execute("UPDATE slot SET capacity = 1")
    assert (await Slot.get(id=full.id)).taken == 2


async def test_a_booking_has_at_least_one_seat_and_a_credit_is_never_negative(database: Database) -> None:
    owner = await account()
    one = await case(await person(owner))
    with pytest.raises(IntegrityError, match="ck_booking_seats"):
        await insert(
            "booking", slot_id=(await slot(await point())).id, case_id=one.id, is_minor=False, seats=0, made_at=NOON
        )
    with pytest.raises(IntegrityError, match="ck_credit_balance"):
        await insert("message_credit", account_id=owner.id, template="t", balance=-1)


async def test_a_case_has_one_live_booking(database: Database) -> None:
    one = await case(await person(await account()))
    at = await slot(await point())
    await booking(at, one)
    with pytest.raises(IntegrityError):
        await booking(at, one)
    await execute("UPDATE booking SET ended_at = made_at")
    await booking(at, one)


async def test_a_person_has_one_live_case_per_item_whoever_opened_it(database: Database) -> None:
    first = await person(await account("o-1"))
    second = await person(await account("o-2"))
    await case(first, "TB-1")
    with pytest.raises(IntegrityError):
        await case(second, "TB-2")
    await case(second, "TB-3", item="household_certificate")
    await execute("UPDATE service_case SET ended_at = opened_at WHERE number = 'TB-1'")
    await case(second, "TB-4")


async def test_an_account_holder_is_one_person(database: Database) -> None:
    owner = await account()
    await person(owner, index="p1")
    with pytest.raises(IntegrityError):
        await person(owner, index="p2")
    await person(owner, index="p3", is_self=False)
    await person(owner, index="p4", is_self=False)
    with pytest.raises(IntegrityError):
        await person(owner, index="p4", is_self=False)


async def test_what_others_refer_to_cannot_be_deleted(database: Database) -> None:
    owner = await account()
    await case(await person(owner))
    for table in ("account", "person"):
        with pytest.raises(IntegrityError):
            await execute(f"DELETE FROM {table}")


async def test_append_only_rows_can_be_neither_changed_nor_deleted(database: Database) -> None:
    await one_row_in_every_append_only_table()
    for table in sorted(APPEND_ONLY):
        with pytest.raises(IntegrityError, match=f"{table} is append-only"):
            await execute(f"UPDATE {table} SET id = id + 1")
        with pytest.raises(IntegrityError, match=f"{table} is append-only"):
            await execute(f"DELETE FROM {table}")
        assert len(await read(f"SELECT id FROM {table}")) == 1, table


async def test_lifting_the_ban_lasts_for_one_transaction(database: Database) -> None:
    await one_row_in_every_append_only_table()
    async with lifted():
        for table in sorted(APPEND_ONLY):
            assert await execute(f"UPDATE {table} SET id = id") == 1
    with pytest.raises(IntegrityError, match="append-only"):
        await execute("UPDATE consent SET id = id")


async def _a_complaint_with_a_word(account_id: int) -> None:
    said = await Complaint.create(
        number="TS-1", kind="complaint", status="open", account_id=account_id, division="", text="-", opened_at=NOON
    )
    await ComplaintWord.create(complaint_id=said.id, text="-", at=NOON)


async def one_row_in_every_append_only_table() -> None:
    owner = await account()
    ward, at, staff = await person(owner), await point(), await clerk()
    one = await case(ward)
    guardian = await person(owner, is_self=False, index="p2")
    day = date(2026, 11, 20)
    await insert("consent", account_id=owner.id, version="1", given_at=NOON)
    await _a_complaint_with_a_word(owner.id)
    await write_audit(at=NOON, actor="clerk:1", act="case.read", case_id=one.id)
    await CaseEvent.create(
        case_id=one.id,
        seq=1,
        kind=CaseEventKind.OPENED,
        to_state=one.state,
        at=NOON,
        recorded_at=NOON,
        rule_day=day,
        actor="citizen",
        facts={},
    )
    await NamedCollector.create(case_id=one.id, name="丁", identity_number="-", kinship="parent", named_at=NOON)
    await CollectionCheck.create(case_id=one.id, checks={}, staff_id=staff.id, point_id=at.id, checked_at=NOON)
    await Release.create(case_id=one.id, collector=CollectorKind.SELF, checks={}, released_at=NOON)
    await Transmission.create(
        case_id=one.id,
        purpose=TransmissionPurpose.VERIFICATION,
        channel=TransmissionChannel.FAX,
        to_unit="-",
        digest="d",
        staff_id=staff.id,
        sent_at=NOON,
    )
    await Guardianship.create(
        guardian_id=guardian.id,
        ward_id=ward.id,
        relation=GuardianRelation.MOTHER,
        shown_by=GuardianshipCase.SAME_HOUSEHOLD,
        declared_at=NOON,
    )
    await ResidenceDeclaration.create(
        account_id=owner.id,
        person_id=ward.id,
        division="360102",
        address="-",
        declared_locally=True,
        declared_at=NOON,
        rule_day=day,
    )
    signed = await Signature.create(
        case_id=one.id,
        version="v",
        method=SignatureMethod.PHONE,
        capacity=SignerCapacity.APPLICANT,
        digest="d",
        canonical="c",
        evidence={},
        rule_day=day,
        signed_at=NOON,
        number="CN-1",
        position=1,
        record="r",
        link="sha256:0",
        seal="s",
    )
    await LetterConfirmation.create(
        case_id=one.id, signature_id=signed.id, method=SignatureMethod.PHONE, staff_id=staff.id, confirmed_at=NOON
    )
    await _follow_up_with_a_note(one.id)
    await _told_and_not_reached(one, at.id, staff.id)


async def _told_and_not_reached(one: Case, point_id: int, staff_id: int) -> None:
    owed = await Notice.create(
        dedupe_key="k",
        kind=NoticeKind.CASE_OPENED,
        account_id=one.account_id,
        facts={},
        owed_at=NOON,
        due_at=NOON,
        route="sms",
    )
    await NoticeAttempt.create(notice_id=owed.id, channel=Channel.SMS, outcome="sent", at=NOON)
    await CreditMovement.create(
        account_id=one.account_id, template="t", change=1, reason=CreditReason.GRANTED, reference="citizen:1", at=NOON
    )
    task = await ReachTask.create(
        subject="TB-1",
        kind=NoticeKind.READY_FOR_PICKUP,
        case_id=one.id,
        point_id=point_id,
        owed_at=NOON,
        opened_at=NOON,
    )
    await ReachStep.create(task_id=task.id, staff_id=staff_id, step=ReachStepKind.TAKEN, at=NOON)


async def _follow_up_with_a_note(case_id: int) -> None:
    day = date(2026, 11, 20)
    await write_clock(
        case_id, ClockKind.REVIEW, started_on=day, days=3, day_kind=DayKind.WORKING, due_on=day, division="360702"
    )
    await open_follow_up((await Deadline.get(case_id=case_id)).id, "360702", None, NOON)
    await note_on_follow_up((await FollowUp.get()).id, "-", "staff:s", NOON)
    writer = (await Staff.all().order_by("id").first()) or await clerk("writer")
    await write_message(case_id, side=Side.HOUSEHOLD, unit="-", text="-", turn=None, staff_id=writer.id, at=NOON)
