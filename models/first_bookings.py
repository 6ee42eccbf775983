"""First bookings, many at once: what ``casework.book_together`` reads and writes, in its one transaction.

The locks are those of ``models.slot``, in the same order: cases by number, then slots by id.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from domain.terms import CaseState, ServiceItem
from models.case import Case, CaseEvent
from models.many import (
    columns_of,
    insert_all,
    inserting,
    read_as,
    read_part,
    rows,
    rows_written,
    writing,
)
from models.notice import Notice
from models.place import AcceptancePoint, Closure, PointService
from models.request_key import RequestKey
from models.slot import Booking, Slot
from models.store import on_postgres

SlotKey = tuple[int, ServiceItem, datetime]

_LOCK = "SELECT id FROM service_case WHERE number = ANY($1::varchar[]) ORDER BY number FOR UPDATE"
_CASES = """SELECT c.*, {event}, (
EXISTS (SELECT 1 FROM booking o WHERE o.case_id = c.id AND o.ended_at IS NULL)
OR EXISTS (SELECT 1 FROM hold o WHERE o.case_id = c.id AND o.ended_at IS NULL)
OR EXISTS (SELECT 1 FROM waiting o WHERE o.case_id = c.id AND o.ended_at IS NULL)
OR EXISTS (SELECT 1 FROM signature o WHERE o.case_id = c.id)
OR EXISTS (SELECT 1 FROM letter_confirmation o WHERE o.case_id = c.id)
OR EXISTS (SELECT 1 FROM deadline o WHERE o.case_id = c.id)
OR EXISTS (SELECT 1 FROM request_key o WHERE o.owner = 'citizen:' || c.account_id AND o.key = ANY($2::varchar[]))
) AS engaged FROM service_case c LEFT JOIN case_event e ON e.case_id = c.id
WHERE c.number = ANY($1::varchar[]) ORDER BY c.id, e.seq"""
_SERVICES = """SELECT {point}, {service}, {closure} FROM acceptance_point p JOIN point_service s ON s.point_id = p.id
LEFT JOIN closure k ON k.point_id = p.id AND k.ends_at > $2::timestamptz WHERE p.code = ANY($1::varchar[])"""
_SLOTS = """SELECT s.*, EXISTS (SELECT 1 FROM hold h WHERE h.slot_id = s.id AND h.ended_at IS NULL
AND h.until <= $4::timestamptz) AS lapsed
FROM unnest($1::int[], $2::varchar[], $3::timestamptz[]) AS wanted (point, item, start)
JOIN slot s ON s.point_id = wanted.point AND s.item = wanted.item AND s.starts_at = wanted.start
ORDER BY s.id FOR UPDATE OF s"""
_TAKE = """UPDATE slot SET taken = taken + lost.places, taken_general = taken_general + lost.general
FROM unnest($1::int[], $2::int[], $3::int[]) AS lost (one, places, general)
WHERE id = lost.one AND NOT closed AND taken + lost.places <= online
AND (lost.general = 0 OR taken_general + lost.general <= slot.general)"""
_MOVE = """UPDATE service_case SET last_seq = last_seq + 1, acceptance_point_id = sent.point
FROM unnest($1::int[], $2::int[]) AS sent (one, point) WHERE id = sent.one AND state = $3"""


@dataclass
class Asking:
    """A case somebody wants to book for, its row locked, and its history, oldest first.

    ``engaged``: it has, holds or waits for a place, was signed for, has a clock running, or the request was answered
    before.
    """

    case: Case
    engaged: bool
    history: list[CaseEvent]


@dataclass
class Services:
    """Points with each of their services, by code and item, and the closures that are not over."""

    at: dict[tuple[str, ServiceItem], tuple[AcceptancePoint, PointService]]
    closures: list[Closure]


class LostRace(Exception):
    """Something changed under a lock that should have held: everything is undone, and done one by one."""


async def lock_cases(numbers: Collection[str], keys: Collection[str]) -> dict[str, Asking]:
    """Cases by number, nobody else's until the transaction ends; ``keys``: those of the requests.

    What belongs to a case is read when its row is locked: another transaction may have to end first.
    """
    if on_postgres():  # SQLite has locked everything
        await rows(_LOCK, list(numbers))
    found: dict[str, Asking] = {}
    for row in await rows(_told(), list(numbers), list(keys)):
        asking = found.get(row["number"])
        if asking is None:
            asking = found[row["number"]] = Asking(read_as(Case, row), bool(row["engaged"]), [])
        if row["e_id"] is not None:
            asking.history.append(read_part(CaseEvent, row, "e"))
    return found


async def services_at(codes: Collection[str], earliest: datetime) -> Services:
    """The services of points; ``earliest``: closures that ended by then are left out."""
    found, closures = Services({}, []), dict[int, Closure]()
    for row in await rows(_offered(), list(codes), earliest):
        item = ServiceItem(row["s_item"])
        if (row["p_code"], item) not in found.at:
            both = read_part(AcceptancePoint, row, "p"), read_part(PointService, row, "s")
            found.at[row["p_code"], item] = both
        if row["k_id"] is not None and row["k_id"] not in closures:
            closures[row["k_id"]] = read_part(Closure, row, "k")
    found.closures = list(closures.values())
    return found


async def lock_wanted(wanted: Mapping[SlotKey, Mapping[str, Any]], at: datetime) -> dict[SlotKey, tuple[Slot, bool]]:
    """The slots, made if nobody asked for them before; and whether a hold in them ran out and still counts."""
    found = await _lock_slots(wanted, at)
    if missing := [columns for key, columns in wanted.items() if key not in found]:
        await insert_all(Slot, [dict(columns) for columns in missing])
        found = await _lock_slots(wanted, at)
    return found


async def _lock_slots(wanted: Iterable[SlotKey], at: datetime) -> dict[SlotKey, tuple[Slot, bool]]:
    points, items, starts = (list(each) for each in zip(*wanted, strict=True))
    locked = await rows(_SLOTS, points, items, starts, at)
    found: list[tuple[Slot, bool]] = [(read_as(Slot, row), bool(row["lapsed"])) for row in locked]
    return {(slot.point_id, slot.item, slot.starts_at): (slot, lapsed) for slot, lapsed in found}


@cache
def _told() -> str:
    """Not at import: the columns of a table are known once all of them are."""
    return _CASES.format(event=columns_of(CaseEvent, "e"))


@cache
def _offered() -> str:
    return _SERVICES.format(
        point=columns_of(AcceptancePoint, "p"), service=columns_of(PointService, "s"), closure=columns_of(Closure, "k")
    )


def foreseen(slot: Slot, point: AcceptancePoint, case: Case, seats: int) -> Booking:
    """The booking as it will be read, before it has an id."""
    columns: dict[str, Any] = dict.fromkeys(Booking._meta.fields_db_projection.values())  # noqa: SLF001
    booking: Booking = read_as(
        Booking, {**columns, "id": 0, "slot_id": slot.id, "case_id": case.id, "is_minor": case.is_minor, "seats": seats}
    )
    slot.point = point
    booking.slot = slot
    return booking


async def write_bookings(given: Sequence[dict[str, Any]]) -> dict[int, int]:
    """Write bookings; their ids by case. Raises LostRace where a case has a live one."""
    made = {row["case_id"]: row["id"] for row in await insert_all(Booking, given, returning="id, case_id")}
    if len(made) != len(given):
        raise LostRace
    return made


@dataclass(frozen=True)
class Booked:
    """What goes with bookings: slot id and whether the place is for somebody under 16; point and case; the rows.

    A notice owed already is left as it is.
    """

    places: Sequence[tuple[int, bool]]
    to_points: Sequence[tuple[int, int]]
    keys: Sequence[dict[str, Any]]
    events: Sequence[dict[str, Any]]
    notices: Sequence[dict[str, Any]]


async def write_booked(given: Booked) -> None:
    """Take the places, claim the keys, and write the rest. Raises LostRace when one of them is not as it was read."""
    places = Counter(slot_id for slot_id, _ in given.places)
    general = Counter(slot_id for slot_id, minor in given.places if not minor)
    cases = [case_id for _, case_id in given.to_points]
    *counts, _ = await rows_written(
        writing(_TAKE, list(places), list(places.values()), [general[slot_id] for slot_id in places]),
        writing(_MOVE, cases, [point_id for point_id, _ in given.to_points], CaseState.OPEN.value),
        inserting(RequestKey, given.keys),
        inserting(CaseEvent, given.events),
        inserting(Notice, given.notices),
    )
    if counts != [len(places), len(cases), len(given.keys), len(given.events)]:
        raise LostRace
