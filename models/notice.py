"""Notices owed (the outbox), and the attempts to deliver them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.terms import Channel, NoticeKind
from models.account import Account
from models.case import Case
from models.columns import SealedJson, UtcDatetime
from models.many import Write, rows_written, writing
from models.store import insert_once

_SKIP = """UPDATE notice SET status = 'skipped', settled_at = $1::timestamptz
WHERE dedupe_key = ANY($2::varchar[]) AND status = 'owed'"""


class Notice(Model):
    """A notice we owe. The row is the truth; the queue is only a wake-up.

    ``route``: chain (WeChat, else SMS) | sms | wechat (``domain.notice.CHANNELS``). ``status``: owed → sent (a provider
    took it) → delivered | unreached | skipped; a message that did not arrive is owed again, by the next channel.
    ``attempts``: how often a postman took it in hand. ``dedupe_key`` makes one notice per event however often a job
    runs (C6.5).
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
        indexes = (("status", "due_at", "id"),)  # the order in which the postman claims


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


async def take_up_skipped(keys: Collection[str], at: datetime) -> None:
    """Owe notices again that were skipped before they were due: what they tell is true once more."""
    skipped = Notice.filter(dedupe_key__in=list(keys), status="skipped", due_at__gt=at)
    await skipped.update(status="owed", settled_at=None)


async def skip_notices(keys: Collection[str], at: datetime) -> None:
    """As ``drop_owed``, for notices whose whole keys are known."""
    await rows_written(skipping(keys, at))


def skipping(keys: Collection[str], at: datetime) -> Write:
    """``skip_notices`` among other writes (``models.many.rows_written``)."""
    return writing(_SKIP, at, list(keys))


async def notices_with(key_begins: str) -> list[Notice]:
    """The notices whose keys begin so."""
    return await Notice.filter(dedupe_key__startswith=key_begins).order_by("id")


async def notice_taken_as(channel: Channel, provider_id: str) -> Notice | None:
    """The notice that a provider took under this id."""
    found = NoticeAttempt.filter(channel=channel, provider_id=provider_id, outcome="accepted")
    attempt = await found.order_by("-id").first().select_related("notice")
    return attempt.notice if attempt else None


async def mark_delivered(notice_id: int, at: datetime) -> None:
    """The provider says that it arrived: it counts now, even if another channel was tried meanwhile."""
    await Notice.filter(id=notice_id, status__in=["sent", "owed", "unreached"]).update(
        status="delivered", settled_at=at, claimed_until=None
    )


async def reopen_notice(notice_id: int, channel: Channel, at: datetime) -> None:
    """The provider says that it did not arrive by this channel: the next one is tried at once."""
    sent = Notice.filter(id=notice_id, status="sent", channel=channel)
    await sent.update(status="owed", channel=None, settled_at=None, due_at=at, claimed_until=None)


async def write_attempt(**columns: Any) -> None:
    """Append an attempt."""
    await NoticeAttempt.create(**columns)


async def notices_of(case_id: int) -> list[Notice]:
    """All notices of a case, oldest first."""
    return await Notice.filter(case_id=case_id).order_by("id")


async def not_delivered(kinds: Collection[NoticeKind], since: datetime) -> list[Notice]:
    """Notices of these kinds since a time that are not known to have been delivered; cases loaded."""
    waiting = Notice.filter(kind__in=list(kinds), status__in=["sent", "unreached"], owed_at__gte=since)
    return await waiting.select_related("case").order_by("id")


async def delivered_among(keys: Collection[str]) -> set[str]:
    """Those of the keys whose notice was delivered."""
    found = Notice.filter(dedupe_key__in=list(keys), status="delivered")
    return {notice.dedupe_key for notice in await found.only("id", "dedupe_key")}


async def unreached_at(point_id: int) -> list[Notice]:
    """Notices of a point's cases that reached nobody: work for a person (K8)."""
    found = Notice.filter(status="unreached", case__acceptance_point_id=point_id)
    return await found.select_related("case").order_by("id")
