"""The waiting list (候补): who wants a place at a point on one of some days, first come first served."""

from datetime import date, datetime

from tortoise import fields
from tortoise.expressions import F, Subquery
from tortoise.models import Model

from domain.terms import ServiceItem
from models.case import Case
from models.columns import UtcDatetime
from models.hold import Hold
from models.place import AcceptancePoint
from models.store import insert_once


class Waiting(Model):
    """A case waits for a place. One live entry per case: uq_waiting_live ON waiting(case_id) WHERE ended_at IS NULL.

    ``rank`` 0 for those a closure took the place from, 1 for everybody else; then ``since``. ``silences``: offers that
    ran out. ``how_ended``: booked, left, silent, past.
    """

    id = fields.IntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="waitings", on_delete=fields.RESTRICT
    )
    case_id: int
    point: fields.ForeignKeyRelation[AcceptancePoint] = fields.ForeignKeyField(
        "models.AcceptancePoint", related_name="waitings", on_delete=fields.RESTRICT
    )
    point_id: int
    item = fields.CharEnumField(ServiceItem, max_length=40)
    from_day = fields.DateField()
    to_day = fields.DateField()
    rank = fields.IntField()
    since = UtcDatetime()
    silences = fields.IntField(default=0)
    ended_at = UtcDatetime(null=True)
    how_ended = fields.CharField(max_length=12, null=True)

    class Meta:
        table = "waiting"


async def join_waiting(case: Case, point_id: int, days: tuple[date, date], rank: int, at: datetime) -> bool:
    """Enter the list; False when the case waits already."""
    return await insert_once(
        Waiting, case_id=case.id, point_id=point_id, item=case.item, from_day=days[0], to_day=days[1], rank=rank,
        since=at,
    )  # fmt: skip


async def live_waiting(case_id: int) -> Waiting | None:
    """The live entry of a case, the point loaded."""
    return await Waiting.get_or_none(case_id=case_id, ended_at=None).select_related("point")


async def end_waiting(case_id: int, how: str, at: datetime) -> bool:
    """Leave the list; False when the case did not wait."""
    return await Waiting.filter(case_id=case_id, ended_at=None).update(ended_at=at, how_ended=how) == 1


async def waiting_for(point_id: int, item: ServiceItem, day: date, limit: int) -> list[Waiting]:
    """Who waits for a place of that day, first in line first, the case loaded."""
    found = Waiting.filter(point_id=point_id, item=item, from_day__lte=day, to_day__gte=day, ended_at=None)
    return await found.select_related("case").order_by("rank", "since", "id").limit(limit)


async def idle_waiting(limit: int) -> list[Waiting]:
    """Everybody who waits and holds nothing, first in line first, the point loaded."""
    busy = Subquery(Hold.filter(ended_at=None).values("case_id"))
    found = Waiting.filter(ended_at=None).exclude(case_id__in=busy).select_related("point")
    return await found.order_by("rank", "since", "id").limit(limit)


async def move_back(case_id: int, most: int, at: datetime) -> None:
    """After an offer that ran out: to the end of the line, and out of it after ``most`` of them."""
    await Waiting.filter(case_id=case_id, ended_at=None).update(silences=F("silences") + 1, rank=1, since=at)
    await Waiting.filter(case_id=case_id, ended_at=None, silences__gte=most).update(ended_at=at, how_ended="silent")


async def end_past_waiting(before: date, at: datetime) -> int:
    """End the entries whose last day is over."""
    return await Waiting.filter(ended_at=None, to_day__lt=before).update(ended_at=at, how_ended="past")
