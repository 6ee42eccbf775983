"""First bookings, many at once: what ``casework.book_together`` reads and writes, in its one transaction.

The locks are those of ``models.slot``, in the same order: cases by number, then slots by id.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from domain.terms import CaseState, ServiceItem
from models.case import Case, CaseEvent
from models.glance import forget_point
from models.many import insert_all, read_as, rows
from models.notice import Notice
from models.place import AcceptancePoint, Closure, PointService
from models.request_key import RequestKey
from models.slot import Booking, Slot

SlotKey = tuple[int, ServiceItem, datetime]

_CASES = "SELECT * FROM service_case WHERE number = ANY($1::varchar[]) ORDER BY number FOR UPDATE"
_ENGAGED = """
SELECT case_id FROM booking WHERE case_id = ANY($1::int[]) AND ended_at IS NULL
UNION ALL SELECT case_id FROM hold WHERE case_id = ANY($1::int[]) AND ended_at IS NULL
UNION ALL SELECT case_id FROM waiting WHERE case_id = ANY($1::int[]) AND ended_at IS NULL
UNION ALL SELECT case_id FROM signature WHERE case_id = ANY($1::int[])
UNION ALL SELECT case_id FROM letter_confirmation WHERE case_id = ANY($1::int[])
UNION ALL SELECT case_id FROM deadline WHERE case_id = ANY($1::int[])"""
_EVENTS = "SELECT * FROM case_event WHERE case_id = ANY($1::int[]) ORDER BY case_id, seq"
_POINTS = "SELECT * FROM acceptance_point WHERE code = ANY($1::varchar[])"
_SERVICES = "SELECT * FROM point_service WHERE point_id = ANY($1::int[])"
_CLOSURES = "SELECT * FROM closure WHERE point_id = ANY($1::int[]) AND ends_at > $2::timestamptz"
_SLOT_IDS = """SELECT id, point_id, item, starts_at FROM slot
WHERE point_id = ANY($1::int[]) AND item = ANY($2::varchar[]) AND starts_at = ANY($3::timestamptz[])"""
_SLOTS = """SELECT s.*, EXISTS (SELECT 1 FROM hold h WHERE h.slot_id = s.id AND h.ended_at IS NULL
AND h.until <= $2::timestamptz) AS lapsed FROM slot s WHERE s.id = ANY($1::int[]) ORDER BY s.id FOR UPDATE OF s"""
_KEYS = "SELECT owner, key FROM request_key WHERE owner = ANY($1::varchar[]) AND key = ANY($2::varchar[])"
_TAKE = """UPDATE slot SET taken = taken + $2, taken_general = taken_general + $3
WHERE id = ANY($1::int[]) AND NOT closed AND taken + $2 <= online AND ($3 = 0 OR taken_general + $3 <= general)
RETURNING id"""
_MOVE = """UPDATE service_case SET last_seq = last_seq + 1, acceptance_point_id = $2
WHERE id = ANY($1::int[]) AND state = $3 RETURNING id"""


class LostRace(Exception):
    """Something changed under a lock that should have held: everything is undone, and done one by one."""


async def lock_cases(numbers: Collection[str]) -> dict[str, Case]:
    """Cases by number, nobody else's until the transaction ends."""
    return {row["number"]: read_as(Case, row) for row in await rows(_CASES, list(numbers))}


async def engaged_cases(case_ids: Collection[int]) -> set[int]:
    """Those that have, hold or wait for a place, were signed for, or have a clock running."""
    return {row["case_id"] for row in await rows(_ENGAGED, list(case_ids))}


async def histories(case_ids: Collection[int]) -> dict[int, list[CaseEvent]]:
    """The events of cases, oldest first."""
    found: dict[int, list[CaseEvent]] = defaultdict(list)
    for row in await rows(_EVENTS, list(case_ids)):
        found[row["case_id"]].append(read_as(CaseEvent, row))
    return found


async def services_at(codes: Collection[str]) -> dict[tuple[str, ServiceItem], tuple[AcceptancePoint, PointService]]:
    """Points with each of their services, by code and item."""
    points = {row["id"]: read_as(AcceptancePoint, row) for row in await rows(_POINTS, list(codes))}
    services = [read_as(PointService, row) for row in await rows(_SERVICES, list(points))]
    return {(points[one.point_id].code, one.item): (points[one.point_id], one) for one in services}


async def closures_from(point_ids: Collection[int], at: datetime) -> list[Closure]:
    """The closures of points that are not over."""
    return [read_as(Closure, row) for row in await rows(_CLOSURES, list(point_ids), at)]


async def lock_wanted(wanted: Mapping[SlotKey, Mapping[str, Any]], at: datetime) -> dict[SlotKey, tuple[Slot, bool]]:
    """The slots, made if nobody asked for them before; and whether a hold in them ran out and still counts."""
    ids = await _slot_ids(wanted)
    if missing := [columns for key, columns in wanted.items() if key not in ids]:
        await insert_all(Slot, [dict(columns) for columns in missing])
        ids = await _slot_ids(wanted)
    locked = await rows(_SLOTS, sorted(ids[key] for key in wanted), at)
    found = [(read_as(Slot, row), bool(row["lapsed"])) for row in locked]
    return {(slot.point_id, slot.item, slot.starts_at): (slot, lapsed) for slot, lapsed in found}


async def _slot_ids(wanted: Iterable[SlotKey]) -> dict[SlotKey, int]:
    points, items, starts = (list(set(each)) for each in zip(*wanted, strict=True))
    found = await rows(_SLOT_IDS, points, items, starts)
    starts_of = Slot._meta.fields_map["starts_at"].to_python_value  # noqa: SLF001 — SQLite keeps it as text
    return {(row["point_id"], ServiceItem(row["item"]), starts_of(row["starts_at"])): row["id"] for row in found}


def foreseen(slot: Slot, point: AcceptancePoint, case: Case, seats: int) -> Booking:
    """The booking as it will be read, before it has an id."""
    columns: dict[str, Any] = dict.fromkeys(Booking._meta.fields_db_projection.values())  # noqa: SLF001
    booking: Booking = read_as(
        Booking, {**columns, "id": 0, "slot_id": slot.id, "case_id": case.id, "is_minor": case.is_minor, "seats": seats}
    )
    slot.point = point
    booking.slot = slot
    return booking


async def keys_known(keys: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the keys, by owner, that were claimed before."""
    if not keys:
        return set()
    owners, names = zip(*keys, strict=True)
    return {(row["owner"], row["key"]) for row in await rows(_KEYS, list(owners), list(names))} & set(keys)


async def claim_keys(given: Sequence[dict[str, Any]]) -> set[tuple[str, str]]:
    """Write keys with their answers; those, by owner, that nobody had claimed before."""
    return {(row["owner"], row["key"]) for row in await insert_all(RequestKey, given, returning="owner, key")}


async def take_places(taken: Sequence[tuple[int, bool]]) -> None:
    """Take a place for each slot id and whether it is for an applicant under 16. Raises LostRace."""
    places = Counter(slot_id for slot_id, _ in taken)
    general = Counter(slot_id for slot_id, minor in taken if not minor)
    alike: dict[tuple[int, int], list[int]] = defaultdict(list)
    for slot_id, count in places.items():
        alike[count, general[slot_id]].append(slot_id)
    for (count, of_them), ids in alike.items():
        if len(await rows(_TAKE, ids, count, of_them)) != len(ids):
            raise LostRace


async def write_bookings(given: Sequence[dict[str, Any]]) -> dict[int, int]:
    """Write bookings; their ids by case. Raises LostRace where a case has a live one."""
    made = {row["case_id"]: row["id"] for row in await insert_all(Booking, given, returning="id, case_id")}
    if len(made) != len(given):
        raise LostRace
    return made


async def send_to(point_id: int, case_ids: Sequence[int]) -> None:
    """The next event number of open cases, and the point they go to. Raises LostRace."""
    if len(await rows(_MOVE, list(case_ids), point_id, CaseState.OPEN.value)) != len(case_ids):
        raise LostRace
    forget_point(point_id)


async def write_events(given: Sequence[dict[str, Any]]) -> None:
    """Append events under the numbers drawn. Raises LostRace."""
    if len(await insert_all(CaseEvent, given, returning="id")) != len(given):
        raise LostRace


async def owe_notices(given: Sequence[dict[str, Any]]) -> None:
    """Owe notices; one owed already is left as it is."""
    await insert_all(Notice, given)
