"""Slots and bookings: a place is taken by one conditional UPDATE, and the table would stop a bug.

The order of locks, the same for every act, so that no two wait for each other: cases by number, then slots by id. A
booking or a hold is begun and ended only while its slot is locked.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.expressions import F, Q
from tortoise.models import Model

from domain.supply import Places
from domain.terms import CaseState, ServiceItem
from models.case import Case
from models.columns import UtcDatetime, utc
from models.glance import forget_point, forget_points
from models.place import AcceptancePoint, Closure
from models.store import connection, insert_once, placeholder


class Slot(Model):
    """A stretch of time at a point for an item. Made when first asked for: the schedule is the supply, not a batch.

    ``taken`` counts bookings and holds, ``taken_general`` those of them that are not for applicants under 16.
    ``online``, ``general``: as in ``domain.supply.Places``. ``closed``: a closure lies on it.

    CHECK ck_slot_taken: taken >= 0 AND taken <= capacity. CHECK ck_slot_general: taken_general >= 0 AND
    taken_general <= taken.
    """

    id = fields.IntField(primary_key=True)
    point: fields.ForeignKeyRelation[AcceptancePoint] = fields.ForeignKeyField(
        "models.AcceptancePoint", related_name="slots", on_delete=fields.RESTRICT
    )
    point_id: int
    item = fields.CharEnumField(ServiceItem, max_length=40)
    starts_at = UtcDatetime()
    ends_at = UtcDatetime()
    capacity = fields.IntField()
    online = fields.IntField()
    general = fields.IntField()
    taken = fields.IntField(default=0)
    taken_general = fields.IntField(default=0)
    closed = fields.BooleanField(default=False)

    class Meta:
        table = "slot"
        unique_together = (("point", "item", "starts_at"),)


class Booking(Model):
    """A place in a slot for a case.

    One live booking per case: uq_booking_live ON booking(case_id) WHERE ended_at IS NULL.

    CHECK ck_booking_seats: seats >= 1. ``how_ended``: cancelled, moved, closed (by the point), kept (the person came),
    no_show. ``plan``: what the person was told to bring and who must come, to be compared with later rules (T10).
    """

    id = fields.IntField(primary_key=True)
    slot: fields.ForeignKeyRelation[Slot] = fields.ForeignKeyField(
        "models.Slot", related_name="bookings", on_delete=fields.RESTRICT
    )
    slot_id: int
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="bookings", on_delete=fields.RESTRICT
    )
    case_id: int
    is_minor = fields.BooleanField()
    seats = fields.IntField()
    plan: fields.JSONField[dict[str, Any]] = fields.JSONField(null=True)
    made_at = UtcDatetime()
    ended_at = UtcDatetime(null=True)
    how_ended = fields.CharField(max_length=12, null=True)
    closure: fields.ForeignKeyNullableRelation[Closure] = fields.ForeignKeyField(
        "models.Closure", related_name="bookings", on_delete=fields.RESTRICT, null=True
    )
    closure_id: int | None

    class Meta:
        table = "booking"


async def ensure_slot(
    point_id: int, item: ServiceItem, starts_at: datetime, ends_at: datetime, places: Places, *, closed: bool = False
) -> int:
    """The id of the slot row, made now if nobody asked for it before. To be called before any slot is locked."""
    slot = await Slot.get_or_none(point_id=point_id, item=item, starts_at=starts_at).only("id")
    if slot is None:
        await insert_once(
            Slot, point_id=point_id, item=item, starts_at=starts_at, ends_at=ends_at, capacity=places.capacity,
            online=places.online, general=places.general, closed=closed,
        )  # fmt: skip
        slot = await Slot.get(point_id=point_id, item=item, starts_at=starts_at).only("id")
    return slot.id


async def lock_slots(ids: Iterable[int]) -> dict[int, Slot]:
    """Lock slots until the transaction ends, in the order of their ids; the rows as they are now, the point loaded."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    await Slot.filter(id__in=wanted).order_by("id").select_for_update().only("id")
    found = {slot.id: slot for slot in await Slot.filter(id__in=wanted).select_related("point")}
    for slot in found.values():
        forget_point(slot.point_id)  # whoever locks a slot means to change what is in it
    return found


async def fit_slot(slot: Slot, places: Places) -> None:
    """Bring a locked slot up to changed settings; what is taken already is never taken away."""
    capacity = max(places.capacity, slot.taken)
    if (slot.capacity, slot.online, slot.general) != (capacity, places.online, places.general):
        slot.capacity, slot.online, slot.general = capacity, places.online, places.general
        await slot.save(update_fields=["capacity", "online", "general"])


async def take_place(slot_id: int, *, minor: bool = False) -> bool:
    """Take one place; False when none is left for this person, or the slot is closed.

    One counter visit is one place, however many persons attend (R031).
    """
    free = Slot.filter(id=slot_id, closed=False, taken__lt=F("online"))
    if minor:
        return await free.update(taken=F("taken") + 1) == 1
    free = free.filter(taken_general__lt=F("general"))
    return await free.update(taken=F("taken") + 1, taken_general=F("taken_general") + 1) == 1


async def free_place(slot_id: int, *, minor: bool = False) -> None:
    """Give one place back."""
    counts = {"taken": F("taken") - 1} if minor else {"taken": F("taken") - 1, "taken_general": F("taken_general") - 1}
    await Slot.filter(id=slot_id).update(**counts)


async def make_booking(slot_id: int, case: Case, seats: int, plan: dict[str, Any], at: datetime) -> bool:
    """Write the booking; False when the case already has a live one."""
    return await insert_once(
        Booking, slot_id=slot_id, case_id=case.id, is_minor=case.is_minor, seats=seats, plan=plan, made_at=at
    )


async def live_booking(case_id: int) -> Booking | None:
    """The live booking of a case, slot and point loaded."""
    return await Booking.get_or_none(case_id=case_id, ended_at=None).select_related("slot", "slot__point")


async def latest_booking(case_id: int) -> Booking | None:
    """The newest booking, live or ended, slot and point loaded."""
    return await Booking.filter(case_id=case_id).select_related("slot", "slot__point").order_by("-id").first()


async def end_booking(booking_id: int, how: str, at: datetime, closure_id: int | None = None) -> bool:
    """End a live booking; False when it was ended already."""
    live = Booking.filter(id=booking_id, ended_at=None)
    return await live.update(ended_at=at, how_ended=how, closure_id=closure_id) == 1


async def reopen_booking(case_id: int, now: datetime, how: str = "kept") -> bool:
    """Make a booking that was ended by coming live again while its time is not over; False when there is none such.

    ``how``: another way it ended; "moved" freed its place, which is to be taken again first.
    """
    newest = await Booking.filter(case_id=case_id).order_by("-id").select_related("slot").first()
    if newest is None or newest.how_ended != how or newest.slot.ends_at <= now:
        return False
    return await Booking.filter(id=newest.id, how_ended=how).update(ended_at=None, how_ended=None) == 1


async def set_plan(booking_id: int, plan: dict[str, Any]) -> None:
    """Keep what the person was told last."""
    await Booking.filter(id=booking_id).update(plan=plan)


async def slots_touching(point_id: int, item: ServiceItem | None, start: datetime, end: datetime) -> list[int]:
    """Ids of a point's slots, for one item or for all, that a stretch of time touches."""
    touching = Slot.filter(point_id=point_id, starts_at__lt=end, ends_at__gt=start)
    rows = await (touching if item is None else touching.filter(item=item)).only("id")
    return [row.id for row in rows]


async def close_slots(ids: Sequence[int]) -> None:
    """Nobody may take a place in these from now on."""
    await Slot.filter(id__in=list(ids)).update(closed=True)
    forget_points()


async def open_slots(ids: Sequence[int]) -> None:
    """Places in these may be taken again."""
    await Slot.filter(id__in=list(ids)).update(closed=False)
    forget_points()


async def bookings_at(point_id: int, start: datetime, end: datetime) -> Sequence[Booking]:
    """Bookings of a point between two times, live or kept (the person came), slot and case loaded, by time."""
    counts = Q(ended_at=None) | Q(how_ended="kept")
    found = Booking.filter(counts, slot__point_id=point_id, slot__starts_at__gte=start, slot__starts_at__lt=end)
    return await found.select_related("slot", "case").order_by("slot__starts_at", "id")


async def visits_between(start: datetime, end: datetime) -> list[Booking]:
    """Live bookings of cases that begin between two times; slot, point, case and applicant loaded."""
    found = Booking.filter(ended_at=None, slot__starts_at__gte=start, slot__starts_at__lt=end)
    related = ("slot", "slot__point", "case", "case__applicant", "case__acceptance_point")
    return await found.select_related(*related).order_by("id")


async def bookings_on_closed(limit: int) -> list[Booking]:
    """Live bookings whose slot was closed: to be cancelled, told and given another place."""
    found = Booking.filter(ended_at=None, slot__closed=True).select_related("slot", "slot__point", "case")
    return await found.order_by("id").limit(limit)


async def bookings_of_closure(closure_id: int) -> list[Booking]:
    """The bookings a closure ended, slot and case loaded, by time."""
    found = Booking.filter(closure_id=closure_id).select_related("slot", "case")
    return await found.order_by("slot__starts_at", "id")


async def overdue_bookings(ended_before: datetime, limit: int) -> list[Booking]:
    """Live bookings whose time was over before a moment, longest over first, case, slot and point loaded."""
    found = Booking.filter(ended_at=None, slot__ends_at__lte=ended_before)
    return await found.select_related("slot", "slot__point", "case").order_by("slot__ends_at", "id").limit(limit)


async def coming_bookings(after: datetime, above_id: int, limit: int) -> list[Booking]:
    """Live bookings that lie ahead, by id above one, case, slot and point loaded."""
    found = Booking.filter(ended_at=None, slot__starts_at__gt=after, id__gt=above_id)
    return await found.select_related("slot", "slot__point", "case").order_by("id").limit(limit)


async def bookings_of_account(account_id: int, limit: int) -> list[Booking]:
    """An account's bookings, newest first, case, slot and point loaded."""
    found = Booking.filter(case__account_id=account_id).select_related("slot", "slot__point", "case")
    return await found.order_by("-id").limit(limit)


async def missed_by(applicant_index: str, since: datetime) -> list[Booking]:
    """The visits of one person that were missed since a moment, whoever booked them, slot loaded."""
    found = Booking.filter(how_ended="no_show", case__applicant_index=applicant_index, slot__ends_at__gt=since)
    return await found.select_related("slot").order_by("id")


async def count_booked_since(applicant_index: str, since: datetime) -> int:
    """How often places were booked for one person since a moment."""
    return await Booking.filter(case__applicant_index=applicant_index, made_at__gt=since).count()


_IDLE = """
SELECT c.id FROM service_case c JOIN case_event e ON e.case_id = c.id AND e.seq = c.last_seq
WHERE c.state = {0} AND e.recorded_at < {1} AND c.id > {2}
AND NOT EXISTS (SELECT 1 FROM booking b WHERE b.case_id = c.id AND b.ended_at IS NULL)
ORDER BY c.id LIMIT {3}
"""


async def idle_cases(before: datetime, after_id: int, limit: int) -> list[int]:
    """Ids of open cases without a booking to which nothing has happened since a moment, by id above one."""
    sql = _IDLE.format(*(placeholder(position) for position in range(1, 5)))
    rows = await connection().execute_query_dict(sql, [CaseState.OPEN.value, utc(before), after_id, limit])
    return [row["id"] for row in rows]


async def is_idle(case_id: int, before: datetime) -> bool:
    """Whether this case is one of ``idle_cases``."""
    return await idle_cases(before, case_id - 1, 1) == [case_id]
