"""Announcements: outages, news, and policies explained, by place and item, from the moment they may be told (R020)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.exceptions import IntegrityError
from tortoise.expressions import Q
from tortoise.models import Model

from domain.terms import AnnouncementKind, ServiceItem
from models.columns import UtcDatetime
from models.store import move, transaction


class Announcement(Model):
    """Its words never change: who wants others withdraws it and announces anew.

    ``division``: where it holds, 000000 for everywhere; ``point_code``: for one point only. ``item`` None: for all.
    ``publish_at``: nobody outside reads it before (embargo). ``ends_at``: for an outage also when it is over.
    ``topic`` and ``version``: explanations of one policy replace each other; ``document_number`` is what they explain.
    ``acted_at``: when the points in reach of an outage had been closed.
    """

    id = fields.IntField(primary_key=True)
    kind = fields.CharEnumField(AnnouncementKind, max_length=10)
    title = fields.CharField(max_length=60)
    text = fields.CharField(max_length=2000)
    division = fields.CharField(max_length=6)
    point_code = fields.CharField(max_length=24, null=True)
    item = fields.CharEnumField(ServiceItem, max_length=40, null=True)
    starts_at = UtcDatetime(null=True)
    publish_at = UtcDatetime()
    ends_at = UtcDatetime(null=True)
    topic = fields.CharField(max_length=40, null=True)
    version = fields.IntField(default=1)
    document_number = fields.CharField(max_length=60, null=True)
    made_by = fields.CharField(max_length=60)
    made_at = UtcDatetime()
    acted_at = UtcDatetime(null=True)
    withdrawn_at = UtcDatetime(null=True)

    class Meta:
        table = "announcement"
        unique_together = (("topic", "version"),)
        indexes = (("publish_at",),)


async def write_announcement(**columns: Any) -> Announcement | None:
    """Write an announcement; None when this version of the topic was written by somebody else first."""
    try:
        async with transaction():
            return await Announcement.create(**columns)
    except IntegrityError:
        return None


async def last_version(topic: str) -> int:
    """The newest version of a topic; 0 when there is none."""
    newest = await Announcement.filter(topic=topic).order_by("-version").first()
    return newest.version if newest else 0


async def published(now: datetime, limit: int) -> Sequence[Announcement]:
    """What may be read now, newest first."""
    told = Announcement.filter(publish_at__lte=now, withdrawn_at=None).filter(Q(ends_at=None) | Q(ends_at__gt=now))
    return await told.order_by("-publish_at", "-id").limit(limit)


async def announcements_of(division_prefix: str, limit: int) -> Sequence[Announcement]:
    """Everything ever announced about an area, newest first."""
    return await Announcement.filter(division__startswith=division_prefix).order_by("-id").limit(limit)


async def outages_to_act_on(now: datetime) -> Sequence[Announcement]:
    """Outages that are public and whose points are not all closed yet."""
    due = Announcement.filter(kind=AnnouncementKind.OUTAGE, acted_at=None, publish_at__lte=now, withdrawn_at=None)
    return await due.order_by("id")


async def mark_acted(announcement_id: int, at: datetime) -> None:
    """Every point in reach is closed."""
    await move(Announcement, {"id": announcement_id, "acted_at": None}, {"acted_at": at})


async def withdraw_announcement(
    announcement_id: int, division_prefix: str, at: datetime, point_code: str | None = None
) -> bool:
    """Take an announcement of an area, or of one point, back; False when there is none, or it was taken back."""
    where = {"id": announcement_id, "division__startswith": division_prefix, "withdrawn_at": None}
    where |= {"point_code": point_code} if point_code else {}
    return await move(Announcement, where, {"withdrawn_at": at})
