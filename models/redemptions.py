"""Codes redeemed many at once: what ``casework.redeem_together`` reads, and the one statement that writes.

Nothing is locked between the two: whatever was decided upon is asked once more by the statement, which writes all or
nothing. It takes the case before its code and its booking, as every act does.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.terms import CaseState
from models.audit import AuditEntry
from models.case import Case, CaseEvent
from models.columns import moment
from models.many import all_written, inserting, read_as, rows, writing
from models.notice import skipping
from models.staff import SESSION_COLUMNS, LiveSession, session_of

_CODE = """c.*, k.id AS code_id, k.code_hash, k.point_id AS code_point_id, k.expires_at,
k.redeemed_at IS NULL AND k.revoked_at IS NULL AS live, b.id AS booking_id, slot.starts_at"""
_OF_CODE = """JOIN service_case c ON c.id = k.case_id
LEFT JOIN booking b ON b.case_id = c.id AND b.ended_at IS NULL LEFT JOIN slot ON slot.id = b.slot_id"""
_WITH_CODES = f"SELECT {_CODE} FROM handoff_code k {_OF_CODE} WHERE k.code_hash = ANY($1::varchar[])"  # noqa: S608
_WITH_SESSIONS = f"""SELECT asked.place, {SESSION_COLUMNS}, {_CODE}
FROM unnest($1::int[], $2::varchar[], $3::varchar[]) AS asked (place, token, code)
JOIN staff_session s ON s.token_hash = asked.token AND s.ended_at IS NULL JOIN staff w ON w.id = s.staff_id
LEFT JOIN acceptance_point p ON p.id = w.point_id JOIN handoff_code k ON k.code_hash = asked.code {_OF_CODE}"""  # noqa: S608
_SPEND = """UPDATE handoff_code SET redeemed_at = $1::timestamptz, redeemed_by_id = by.staff
FROM unnest($2::int[], $3::int[]) AS by (code, staff) WHERE id = by.code
AND redeemed_at IS NULL AND revoked_at IS NULL AND expires_at > $1::timestamptz"""
_DRAW = """UPDATE service_case SET last_seq = drawn.seq FROM unnest($1::int[], $2::int[]) AS drawn (one, seq)
WHERE id = drawn.one AND state = $3 AND last_seq + 1 = drawn.seq"""
_KEEP = """UPDATE booking SET ended_at = $1::timestamptz, how_ended = 'kept'
WHERE id = ANY($2::int[]) AND ended_at IS NULL"""


@dataclass(frozen=True)
class Shown:
    """A code that was shown at a counter: its case and the live booking with its start."""

    code_id: int
    code_hash: str
    point_id: int
    expires_at: datetime
    live: bool
    case: Case
    booking_id: int | None
    starts_at: datetime | None


class LostRace(Exception):
    """A code, a case or a booking changed since it was read: nothing is written, and done one by one."""


async def find_shown(hashes: Collection[str]) -> dict[str, Shown]:
    """Codes by their hashes."""
    return {row["code_hash"]: _shown(dict(row)) for row in await rows(_WITH_CODES, list(hashes))}


async def find_shown_by(pairs: Sequence[tuple[str, str]]) -> list[tuple[LiveSession, Shown] | None]:
    """The live session and the code of each pair of hashes, asked in one; None where either is not there."""
    if not pairs:
        return []
    tokens, codes = zip(*pairs, strict=True)
    found = await rows(_WITH_SESSIONS, list(range(len(pairs))), list(tokens), list(codes))
    told = {row["place"]: (session_of(row), _shown(dict(row))) for row in found}
    return [told.get(place) for place in range(len(pairs))]


def _shown(row: dict[str, Any]) -> Shown:
    expires_at = moment(row["expires_at"])
    assert expires_at is not None
    return Shown(
        row["code_id"], row["code_hash"], row["code_point_id"], expires_at, bool(row["live"]),
        booking_id=row["booking_id"], starts_at=moment(row["starts_at"]), case=read_as(Case, row),
    )  # fmt: skip


async def check_in(
    shown: Sequence[tuple[Shown, int]],
    events: Sequence[dict[str, Any]],
    audits: Sequence[dict[str, Any]],
    reminders: Sequence[str],
    at: datetime,
) -> None:
    """Spend codes, each for a member of staff, end their bookings as kept, and write what goes with it.

    Raises LostRace when one of them is not as it was read.
    """
    cases = {one.case.id: one.case.last_seq + 1 for one, _ in shown}
    bookings = [one.booking_id for one, _ in shown if one.booking_id is not None]
    spent = [one.code_id for one, _ in shown], [staff_id for _, staff_id in shown]
    written = await all_written(
        (writing(_DRAW, list(cases), list(cases.values()), CaseState.OPEN.value), len(cases)),
        (writing(_SPEND, at, *spent), len(shown)),
        (writing(_KEEP, at, bookings), len(bookings)),
        (inserting(CaseEvent, events), len(events)),
        (inserting(AuditEntry, audits), len(audits)),
        (skipping(reminders, at), None),
    )
    if not written:
        raise LostRace
