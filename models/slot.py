"""Slots and bookings: a place is taken by one conditional UPDATE, and the table would stop a bug."""

from collections.abc import Sequence
from datetime import datetime

from tortoise import fields
from tortoise.expressions import F, Q
from tortoise.models import Model

from domain.terms import ServiceItem
from models.case import Case
from models.columns import UtcDatetime
from models.place import AcceptancePoint
from models.store import insert_once


class Slot(Model):
    """A stretch of time at a point for an item. Made when first booked: the schedule is the supply, not a batch.

    CHECK ck_slot_taken: taken >= 0 AND taken <= capacity.
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
    taken = fields.IntField(default=0)

    class Meta:
        table = "slot"
        unique_together = (("point", "item", "starts_at"),)


class Booking(Model):
    """A place in a slot for a case.

    One live booking per case: uq_booking_live ON booking(case_id) WHERE ended_at IS NULL.

    CHECK ck_booking_seats: seats >= 1. ``how_ended``: cancelled, moved, kept (the person came).
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
    seats = fields.IntField()
    made_at = UtcDatetime()
    ended_at = UtcDatetime(null=True)
    how_ended = fields.CharField(max_length=12, null=True)

    class Meta:
        table = "booking"


async def ensure_slot(point_id: int, item: ServiceItem, starts_at: datetime, ends_at: datetime, capacity: int) -> int:
    """The id of the slot row, made now if nobody booked there before."""
    await insert_once(
        Slot, point_id=point_id, item=item, starts_at=starts_at, ends_at=ends_at, capacity=capacity, taken=0
    )
    return (await Slot.get(point_id=point_id, item=item, starts_at=starts_at)).id


async def take_place(slot_id: int) -> bool:
    """Take one place; False when the slot is full. One counter visit is one place, however many persons attend."""
    return await Slot.filter(id=slot_id, taken__lt=F("capacity")).update(taken=F("taken") + 1) == 1


async def free_place(slot_id: int) -> None:
    """Give one place back."""
    await Slot.filter(id=slot_id).update(taken=F("taken") - 1)


async def change_place(old_slot_id: int | None, new_slot_id: int) -> bool:
    """Give one place back and take another; False when the new slot is full: the caller then undoes everything.

    Slots are locked in the order of their ids, so two cases that swap their slots never wait for each other.
    """
    if old_slot_id is None:
        return await take_place(new_slot_id)
    if old_slot_id <= new_slot_id:
        await free_place(old_slot_id)
        return await take_place(new_slot_id)
    taken = await take_place(new_slot_id)
    await free_place(old_slot_id)
    return taken


async def make_booking(slot_id: int, case_id: int, seats: int, at: datetime) -> bool:
    """Write the booking; False when the case already has a live one."""
    return await insert_once(Booking, slot_id=slot_id, case_id=case_id, seats=seats, made_at=at)


async def live_booking(case_id: int) -> Booking | None:
    """The live booking of a case, slot and point loaded."""
    return await Booking.get_or_none(case_id=case_id, ended_at=None).select_related("slot", "slot__point")


async def latest_booking(case_id: int) -> Booking | None:
    """The newest booking, live or ended, slot and point loaded."""
    return await Booking.filter(case_id=case_id).select_related("slot", "slot__point").order_by("-id").first()


async def end_booking(booking_id: int, how: str, at: datetime) -> bool:
    """End a live booking; False when it was ended already."""
    return await Booking.filter(id=booking_id, ended_at=None).update(ended_at=at, how_ended=how) == 1


async def taken_between(point_id: int, item: ServiceItem, start: datetime, end: datetime) -> dict[datetime, int]:
    """How many places are taken, by start of slot; slots nobody booked are absent."""
    rows = await Slot.filter(point_id=point_id, item=item, starts_at__gte=start, starts_at__lt=end)
    return {row.starts_at: row.taken for row in rows}


async def bookings_at(point_id: int, start: datetime, end: datetime) -> Sequence[Booking]:
    """Bookings of a point between two times, live or kept (the person came), case and applicant loaded, by time."""
    counts = Q(ended_at=None) | Q(how_ended="kept")
    found = Booking.filter(counts, slot__point_id=point_id, slot__starts_at__gte=start, slot__starts_at__lt=end)
    return await found.select_related("slot", "case", "case__applicant").order_by("slot__starts_at", "id")
