"""Acceptance points (受理点), the services they may take (R033), how those are booked, and when a point is closed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tortoise import fields
from tortoise.expressions import Q
from tortoise.models import Model

from domain.terms import ServiceItem
from models.announcement import Announcement
from models.columns import UtcDatetime
from models.glance import forget_point, forget_points
from models.memory import Memory


class AcceptancePoint(Model):
    """A counter that takes non-local applications. ``schedule`` is a ``domain.slot.Schedule`` as JSON.

    ``latitude`` and ``longitude`` in degrees (GCJ-02); both or neither.
    """

    id = fields.IntField(primary_key=True)
    code = fields.CharField(max_length=24, unique=True)
    name = fields.CharField(max_length=120)
    division = fields.CharField(max_length=6, db_index=True)
    address = fields.CharField(max_length=200)
    phone = fields.CharField(max_length=20)
    schedule: fields.JSONField[dict[str, object]] = fields.JSONField()
    latitude = fields.FloatField(null=True)
    longitude = fields.FloatField(null=True)
    is_demo = fields.BooleanField(default=False)

    class Meta:
        table = "acceptance_point"

    @property
    def hours_text(self) -> str | None:
        """The opening hours in words, where the schedule has them."""
        return str(self.schedule.get("hours_text") or "") or None


class PointService(Model):
    """One service of one point, open from a day (R013), and its booking settings (``domain.supply.Supply``).

    ``capacity`` None: that of the point's schedule. ``cut_off_minutes`` None: no cut-off. ``challenge_bits``: the work
    asked for with each booking, 0 for none. ``invited_until``: the last day for invited people only (R019).
    """

    id = fields.IntField(primary_key=True)
    point: fields.ForeignKeyRelation[AcceptancePoint] = fields.ForeignKeyField(
        "models.AcceptancePoint", related_name="services", on_delete=fields.RESTRICT
    )
    point_id: int
    item = fields.CharEnumField(ServiceItem, max_length=40)
    open_from = fields.DateField()
    capacity = fields.IntField(null=True)
    lead_minutes = fields.IntField(default=0)
    horizon_days = fields.IntField(default=14)
    release_hour = fields.IntField(default=0)
    walk_in_percent = fields.IntField(default=0)
    minor_places = fields.IntField(default=0)
    cut_off_minutes = fields.IntField(null=True)
    challenge_bits = fields.IntField(default=0)
    invited_until = fields.DateField(null=True)

    class Meta:
        table = "point_service"
        unique_together = (("point", "item"),)


class Closure(Model):
    """A time in which a point takes nobody, and why (R199, R200); ``closed_by`` says who closed it.

    Of its columns only ``ends_at`` is ever changed: to the moment the point was opened again.

    ``item`` None: for everything. ``announcement_id``: the outage that closed it, if one did.
    """

    id = fields.IntField(primary_key=True)
    point: fields.ForeignKeyRelation[AcceptancePoint] = fields.ForeignKeyField(
        "models.AcceptancePoint", related_name="closures", on_delete=fields.RESTRICT
    )
    point_id: int
    starts_at = UtcDatetime()
    ends_at = UtcDatetime()
    reason = fields.CharField(max_length=60)
    closed_by = fields.CharField(max_length=60)
    closed_at = UtcDatetime()
    item = fields.CharEnumField(ServiceItem, max_length=40, null=True)
    announcement: fields.ForeignKeyNullableRelation[Announcement] = fields.ForeignKeyField(
        "models.Announcement", related_name="closures", on_delete=fields.RESTRICT, null=True
    )
    announcement_id: int | None

    class Meta:
        table = "closure"
        unique_together = (("point", "announcement"),)


@dataclass(frozen=True)
class ServiceAt:
    """A point and one of its services; None if it never takes the item. ``made``: as in ``models.glance.Glance``."""

    point: AcceptancePoint
    service: PointService | None
    made: dict[Any, Any] = field(default_factory=dict, compare=False)


async def service_at(code: str, item: ServiceItem) -> ServiceAt | None:
    """A point by its code with one service: as they were a moment ago; inside a transaction as they are."""
    return await _SERVICES.recall((code, item))


def service_at_hand(code: str, item: ServiceItem) -> ServiceAt | None:
    """What ``service_at`` would say without asking; None where it would have to ask. Not inside a transaction."""
    return _SERVICES.at_hand((code, item))


async def _service_at(key: tuple[str, ServiceItem]) -> ServiceAt | None:
    point = await find_point(key[0])
    return ServiceAt(point, await find_service(point.id, key[1])) if point else None


_SERVICES: Memory[tuple[str, ServiceItem], ServiceAt] = Memory(_service_at)


async def find_point(code: str) -> AcceptancePoint | None:
    """A point by its code."""
    return await AcceptancePoint.get_or_none(code=code)


async def division_of_point(point_id: int | None) -> str | None:
    """The county a point stands in."""
    found = await AcceptancePoint.get_or_none(id=point_id).only("division") if point_id is not None else None
    return found.division if found else None


async def point_of(point_id: int) -> AcceptancePoint | None:
    """A point by its id."""
    return await AcceptancePoint.get_or_none(id=point_id)


async def all_points() -> list[AcceptancePoint]:
    """Every point, by code."""
    return await AcceptancePoint.all().order_by("code")


async def points_serving(item: ServiceItem, division_prefix: str, day: date) -> list[AcceptancePoint]:
    """Points below a division (by code prefix) that take this item on that day from everybody (R019)."""
    serving = AcceptancePoint.filter(
        division__startswith=division_prefix, services__item=item, services__open_from__lte=day
    )
    public = Q(services__invited_until=None) | Q(services__invited_until__lt=day)
    return await serving.filter(public).order_by("code")


async def find_service(point_id: int, item: ServiceItem) -> PointService | None:
    """One service of a point with its settings; None if the point never takes the item."""
    return await PointService.get_or_none(point_id=point_id, item=item)


async def services_of(point_id: int) -> list[PointService]:
    """Every service of a point."""
    return await PointService.filter(point_id=point_id).order_by("id")


async def keep_point(code: str, items: dict[ServiceItem, date], **columns: object) -> AcceptancePoint:
    """Make a point or bring it up to date (seeding)."""
    point, _ = await AcceptancePoint.update_or_create(code=code, defaults=columns)
    for item, day in items.items():
        await PointService.update_or_create(point_id=point.id, item=item, defaults={"open_from": day})
    _SERVICES.forget(code)
    return point


async def set_booking(point_id: int, item: ServiceItem, **settings: Any) -> None:
    """Change the booking settings of one service."""
    await PointService.filter(point_id=point_id, item=item).update(**settings)
    _SERVICES.forget_all()  # known by the point's code there


async def make_closure(**columns: Any) -> Closure:
    """Write a closure."""
    made = await Closure.create(**columns)
    forget_point(made.point_id)
    return made


async def end_closure(closure_id: int, at: datetime) -> bool:
    """End a closure before its time; False when it is over. One that had not begun then ends before it begins."""
    ended = await Closure.filter(id=closure_id, ends_at__gt=at).update(ends_at=at) == 1
    forget_points()
    return ended


async def find_closure(closure_id: int) -> Closure | None:
    """A closure with its point."""
    return await Closure.get_or_none(id=closure_id).select_related("point")


async def closures_between(point_id: int, item: ServiceItem, start: datetime, end: datetime) -> list[Closure]:
    """Closures of one service of a point that touch a stretch of time."""
    touching = Closure.filter(point_id=point_id, starts_at__lt=end, ends_at__gt=start)
    return await touching.filter(Q(item=None) | Q(item=item)).order_by("id")


async def points_in(division_prefix: str, item: ServiceItem | None) -> list[AcceptancePoint]:
    """The points of an area, or those of them that take an item, by code."""
    found = AcceptancePoint.filter(division__startswith=division_prefix)
    return await (found if item is None else found.filter(services__item=item)).order_by("code")


async def closed_by_announcement(point_id: int, announcement_id: int) -> bool:
    """Whether an outage has closed this point already."""
    return await Closure.filter(point_id=point_id, announcement_id=announcement_id).exists()


async def latest_closures(prefix: str, point_id: int | None, limit: int) -> Sequence[Closure]:
    """The newest closures, of one point or of all below a division, the point loaded."""
    found = Closure.filter(point__division__startswith=prefix)
    found = found if point_id is None else found.filter(point_id=point_id)
    return await found.select_related("point").order_by("-id").limit(limit)
