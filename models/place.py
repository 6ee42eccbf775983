"""Acceptance points (受理点) and the services they may take (R033)."""

from datetime import date

from tortoise import fields
from tortoise.models import Model

from domain.terms import ServiceItem


class AcceptancePoint(Model):
    """A counter that takes non-local applications. ``schedule`` is a ``domain.slot.Schedule`` as JSON."""

    id = fields.IntField(primary_key=True)
    code = fields.CharField(max_length=24, unique=True)
    name = fields.CharField(max_length=120)
    division = fields.CharField(max_length=6, db_index=True)
    address = fields.CharField(max_length=200)
    phone = fields.CharField(max_length=20)
    schedule: fields.JSONField[dict[str, object]] = fields.JSONField()
    is_demo = fields.BooleanField(default=False)

    class Meta:
        table = "acceptance_point"


class PointService(Model):
    """One service of one point, open from a day (R013)."""

    id = fields.IntField(primary_key=True)
    point: fields.ForeignKeyRelation[AcceptancePoint] = fields.ForeignKeyField(
        "models.AcceptancePoint", related_name="services", on_delete=fields.RESTRICT
    )
    point_id: int
    item = fields.CharEnumField(ServiceItem, max_length=40)
    open_from = fields.DateField()

    class Meta:
        table = "point_service"
        unique_together = (("point", "item"),)


async def find_point(code: str) -> AcceptancePoint | None:
    """A point by its code."""
    return await AcceptancePoint.get_or_none(code=code)


async def points_serving(item: ServiceItem, division_prefix: str, day: date) -> list[AcceptancePoint]:
    """Points below a division (by code prefix) that take this item on that day."""
    return await AcceptancePoint.filter(
        division__startswith=division_prefix, services__item=item, services__open_from__lte=day
    ).order_by("code")


async def opens_service_on(point_id: int, item: ServiceItem) -> date | None:
    """The day from which the point takes this item; None if it never does."""
    service = await PointService.get_or_none(point_id=point_id, item=item)
    return service.open_from if service else None


async def keep_point(code: str, items: dict[ServiceItem, date], **columns: object) -> AcceptancePoint:
    """Make a point or bring it up to date (seeding)."""
    point, _ = await AcceptancePoint.update_or_create(code=code, defaults=columns)
    for item, day in items.items():
        await PointService.update_or_create(point_id=point.id, item=item, defaults={"open_from": day})
    return point
