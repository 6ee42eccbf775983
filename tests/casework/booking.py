"""Booking as the tests speak of it: short verbs over the acts, and the books that must always add up."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from casework.book import book, cancel_booking
from casework.callers import Officer
from casework.close_point import close_point
from casework.hold import hold, release_hold
from casework.views import CaseView
from casework.wait import stop_waiting, wait_for_place
from domain.terms import StaffRole
from models.hold import Hold
from models.place import find_point, set_booking
from models.slot import Booking, Slot
from tests.casework.town import ITEM, SMALL, Town, employ, key
from tests.casework.way import ADULT, Kind, Way, at_hour, set_out

COUNTS = ("kept", "no_show")
MONDAY = date(2026, 9, 21)


async def opened(town: Town, kind: Kind = ADULT) -> Way:
    """Somebody with an open case and nothing booked."""
    way = await set_out(town, kind)
    await way.open()
    return way


async def people(town: Town, count: int, kind: Kind = ADULT) -> list[Way]:
    """So many of them."""
    return [await opened(town, kind) for _ in range(count)]


async def booked(way: Way, hour: int = 10, *, day: date = MONDAY, point: str = SMALL) -> CaseView:
    return await book(way.deps, way.citizen, way.number, point, at_hour(day, hour), key())


async def held(way: Way, hour: int = 10, *, day: date = MONDAY, point: str = SMALL) -> CaseView:
    return await hold(way.deps, way.citizen, way.number, point, at_hour(day, hour), key())


async def released(way: Way) -> CaseView:
    return await release_hold(way.deps, way.citizen, way.number, key())


async def cancelled(way: Way) -> CaseView:
    return await cancel_booking(way.deps, way.citizen, way.number, key())


async def waiting(way: Way, first: date = MONDAY, last: date | None = None, point: str = SMALL) -> CaseView:
    return await wait_for_place(way.deps, way.citizen, way.number, point, (first, last or first), key())


async def no_longer_waiting(way: Way) -> CaseView:
    return await stop_waiting(way.deps, way.citizen, way.number, key())


async def closed(
    town: Town, start: datetime, hours: float = 8, point: str = SMALL, reason: str = "演示设备检修"
) -> int:
    return await close_point(town.deps, await operator(town), point, start, start + timedelta(hours=hours), reason)


async def operator(town: Town) -> Officer:
    await employ("operator", StaffRole.OPERATOR, None)
    return await town.officer("operator")


async def settings(point_code: str = SMALL, **columns: Any) -> None:
    """Change how a point is booked."""
    point = await find_point(point_code)
    assert point is not None
    await set_booking(point.id, ITEM, **columns)


async def fill(town: Town, hours: Sequence[int] = range(9, 17), day: date = MONDAY) -> list[Way]:
    """Take every place of the small point on a day, one each hour."""
    await settings(capacity=1)
    everybody = await people(town, len(hours))
    for way, hour in zip(everybody, hours, strict=True):
        await booked(way, hour, day=day)
    return everybody


async def what_does_not_add_up() -> list[str]:
    """Every way in which the books could be wrong; empty when they are right."""
    wrong: list[str] = []
    for slot in await Slot.all():
        bookings = [b for b in await Booking.filter(slot_id=slot.id) if b.ended_at is None or b.how_ended in COUNTS]
        minors = [row.is_minor for row in bookings]
        minors += [row.is_minor for row in await Hold.filter(slot_id=slot.id, ended_at=None)]
        if (slot.taken, slot.taken_general) != (len(minors), minors.count(False)):
            wrong.append(f"slot {slot.id} counts {slot.taken}/{slot.taken_general}, but has {minors}")
        if not 0 <= slot.taken_general <= slot.taken <= slot.capacity:
            wrong.append(f"slot {slot.id} is sold beyond its places")
    for rows_of in (await Booking.filter(ended_at=None), await Hold.filter(ended_at=None)):
        cases = [row.case_id for row in rows_of]
        if len(cases) != len(set(cases)):
            wrong.append("a case has two live rows")
    return wrong
