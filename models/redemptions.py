"""Codes redeemed many at once: what ``casework.redeem_together`` reads and writes, in its one transaction.

The case is locked before its code and its booking, as by every act.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.terms import CaseState
from models.audit import AuditEntry
from models.case import Case, CaseEvent
from models.handoff import HandoffCode
from models.many import insert_all, read_as, rows
from models.slot import Slot

_CODES = "SELECT * FROM handoff_code WHERE code_hash = ANY($1::varchar[])"
_CASES = "SELECT * FROM service_case WHERE id = ANY($1::int[]) ORDER BY number FOR UPDATE"
_BOOKED = """SELECT b.id, b.case_id, s.starts_at FROM booking b JOIN slot s ON s.id = b.slot_id
WHERE b.case_id = ANY($1::int[]) AND b.ended_at IS NULL"""
_SPEND = """UPDATE handoff_code SET redeemed_at = $1::timestamptz, redeemed_by_id = by.staff
FROM unnest($2::int[], $3::int[]) AS by (code, staff) WHERE id = by.code
AND redeemed_at IS NULL AND revoked_at IS NULL AND expires_at > $1::timestamptz RETURNING id"""
_DRAW = "UPDATE service_case SET last_seq = last_seq + 1 WHERE id = ANY($1::int[]) AND state = $2 RETURNING id"
_KEPT = "UPDATE booking SET ended_at = $1::timestamptz, how_ended = 'kept' WHERE id = ANY($2::int[])"


@dataclass(frozen=True)
class Visit:
    """The live booking of a case: its id and when it begins."""

    booking_id: int
    starts_at: datetime


async def codes_with(hashes: Collection[str]) -> dict[str, HandoffCode]:
    """Codes by their hashes."""
    return {row["code_hash"]: read_as(HandoffCode, row) for row in await rows(_CODES, list(hashes))}


async def lock_cases_by_id(case_ids: Collection[int]) -> dict[int, Case]:
    """Cases by id, nobody else's until the transaction ends."""
    return {row["id"]: read_as(Case, row) for row in await rows(_CASES, list(case_ids))}


async def visits_of(case_ids: Collection[int]) -> dict[int, Visit]:
    """The live bookings of cases, by case."""
    starts_of = Slot._meta.fields_map["starts_at"].to_python_value  # noqa: SLF001 — SQLite keeps it as text
    found = await rows(_BOOKED, list(case_ids))
    return {row["case_id"]: Visit(row["id"], starts_of(row["starts_at"])) for row in found}


async def spend_codes(by_staff: Mapping[int, int], at: datetime) -> set[int]:
    """Redeem live codes, each for a member of staff; the ids of those that nobody else redeemed first."""
    spent = await rows(_SPEND, at, list(by_staff.keys()), list(by_staff.values()))
    return {row["id"] for row in spent}


async def write_check_ins(events: Sequence[dict[str, Any]], audits: Sequence[dict[str, Any]]) -> None:
    """Draw the next event number of locked open cases, and append events and audit entries."""
    await rows(_DRAW, [event["case_id"] for event in events], CaseState.OPEN.value)
    await insert_all(CaseEvent, events)
    await insert_all(AuditEntry, audits)


async def keep_visits(booking_ids: Collection[int], at: datetime) -> None:
    """End live bookings of locked cases: the persons came."""
    if booking_ids:
        await rows(_KEPT, at, list(booking_ids))
