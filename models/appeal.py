"""Appeals (申诉) against a visit that was counted as missed."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from models.columns import SealedText, UtcDatetime
from models.slot import Booking
from models.store import insert_once


class Appeal(Model):
    """What a person says about a missed visit, once per visit. ``granted`` None until the station decided."""

    id = fields.IntField(primary_key=True)
    booking: fields.OneToOneRelation[Booking] = fields.OneToOneField(
        "models.Booking", related_name="appeal", on_delete=fields.RESTRICT
    )
    booking_id: int
    text = SealedText()
    made_at = UtcDatetime()
    granted = fields.BooleanField(null=True)
    decided_at = UtcDatetime(null=True)
    decided_by = fields.CharField(max_length=60, null=True)

    class Meta:
        table = "appeal"


async def make_appeal(booking_id: int, text: str, at: datetime) -> bool:
    """Write an appeal; False when there is one already."""
    return await insert_once(Appeal, booking_id=booking_id, text=text, made_at=at)


async def appeals_on(booking_ids: list[int]) -> dict[int, Appeal]:
    """Appeals by booking."""
    return {appeal.booking_id: appeal for appeal in await Appeal.filter(booking_id__in=booking_ids)}


async def open_appeals(point_id: int, limit: int) -> list[Appeal]:
    """Undecided appeals about visits to a point, oldest first; booking, slot and case loaded."""
    found = Appeal.filter(granted__isnull=True, booking__slot__point_id=point_id)
    return await found.select_related("booking", "booking__slot", "booking__case").order_by("id").limit(limit)


async def decide_appeal(appeal_id: int, point_id: int, actor: str, at: datetime, *, granted: bool) -> bool:
    """Decide an appeal of a point; False when there is none open with this id."""
    found = await Appeal.get_or_none(id=appeal_id, granted__isnull=True, booking__slot__point_id=point_id)
    if found is None:
        return False
    undecided = Appeal.filter(id=appeal_id, granted__isnull=True)
    return await undecided.update(granted=granted, decided_at=at, decided_by=actor) == 1
