"""Notices owed (the outbox), and the attempts to deliver them."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.expressions import F, Q
from tortoise.models import Model

from domain.terms import Channel, NoticeKind
from models.account import Account
from models.case import Case
from models.columns import SealedJson, UtcDatetime
from models.store import insert_once


class Notice(Model):
    """A notice we owe. The row is the truth; the queue is only a wake-up.

    ``route``: chain (WeChat, else SMS) | sms | wechat. ``status``: owed → sent | unreached | skipped.
    ``dedupe_key`` makes one notice per event however often a job runs (C6.5).
    ``claimed_until`` is a lease: a worker that died gives the notice back by itself.
    """

    id = fields.IntField(primary_key=True)
    dedupe_key = fields.CharField(max_length=80, unique=True)
    kind = fields.CharEnumField(NoticeKind, max_length=30)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="notices", on_delete=fields.RESTRICT
    )
    account_id: int
    case: fields.ForeignKeyNullableRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="notices", on_delete=fields.RESTRICT, null=True
    )
    case_id: int | None
    facts: fields.Field[dict[str, Any]] = SealedJson()
    route = fields.CharField(max_length=12)
    status = fields.CharField(max_length=12, default="owed")
    owed_at = UtcDatetime()
    due_at = UtcDatetime()
    claimed_until = UtcDatetime(null=True)
    attempts = fields.IntField(default=0)
    channel = fields.CharEnumField(Channel, max_length=20, null=True)
    settled_at = UtcDatetime(null=True)

    class Meta:
        table = "notice"
        indexes = (("status", "due_at"),)


class NoticeAttempt(Model):
    """Append-only: one try on one channel and what the provider said."""

    id = fields.IntField(primary_key=True)
    notice: fields.ForeignKeyRelation[Notice] = fields.ForeignKeyField(
        "models.Notice", related_name="tries", on_delete=fields.RESTRICT
    )
    notice_id: int
    channel = fields.CharEnumField(Channel, max_length=20)
    outcome = fields.CharField(max_length=16)
    provider_id = fields.CharField(max_length=80, null=True)
    error = fields.CharField(max_length=80, null=True)
    at = UtcDatetime()

    class Meta:
        table = "notice_attempt"


async def owe_notice(**columns: Any) -> bool:
    """Owe a notice; False when this event already owes it."""
    return await insert_once(Notice, **columns)


async def drop_owed(key_begins: str, at: datetime) -> None:
    """Skip the notices whose keys begin so and that were not sent yet: what they tell is no longer true."""
    owed = Notice.filter(dedupe_key__startswith=key_begins, status="owed")
    await owed.update(status="skipped", settled_at=at)


async def notices_with(key_begins: str) -> list[Notice]:
    """The notices whose keys begin so."""
    return await Notice.filter(dedupe_key__startswith=key_begins).order_by("id")


async def due_notices(at: datetime, limit: int) -> list[int]:
    """Ids of notices that are due and not in another worker's hands."""
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=at)
    found = Notice.filter(free, status="owed", due_at__lte=at).order_by("due_at", "id").limit(limit)
    return [notice.id for notice in await found.only("id")]


async def claim_notice(notice_id: int, at: datetime, until: datetime) -> Notice | None:
    """Lease a due notice until a time; None when another worker was first."""
    won = await Notice.filter(id=notice_id, status="owed", claimed_until=None).update(claimed_until=until)
    if not won:
        won = await Notice.filter(id=notice_id, status="owed", claimed_until__lt=at).update(claimed_until=until)
    return await Notice.get(id=notice_id).select_related("account", "case") if won else None


async def settle_notice(notice_id: int, status: str, channel: Channel | None, at: datetime) -> None:
    """Close a notice: ``sent`` on a channel, or ``unreached``."""
    await Notice.filter(id=notice_id).update(status=status, channel=channel, settled_at=at, claimed_until=None)


async def postpone_notice(notice_id: int, due_at: datetime) -> None:
    """Give a notice back for a later try."""
    await Notice.filter(id=notice_id).update(due_at=due_at, claimed_until=None, attempts=F("attempts") + 1)


async def write_attempt(**columns: Any) -> None:
    """Append an attempt."""
    await NoticeAttempt.create(**columns)


async def channels_given_up(notice_id: int) -> set[Channel]:
    """Channels that cannot reach the person, as earlier attempts found."""
    lost = NoticeAttempt.filter(notice_id=notice_id, outcome__in=["next_channel", "broken"])
    return {attempt.channel for attempt in await lost}


async def notices_of(case_id: int) -> list[Notice]:
    """All notices of a case, oldest first."""
    return await Notice.filter(case_id=case_id).order_by("id")


async def unreached_at(point_id: int) -> list[Notice]:
    """Notices of a point's cases that reached nobody: work for a person (K8)."""
    found = Notice.filter(status="unreached", case__acceptance_point_id=point_id)
    return await found.select_related("case").order_by("id")
