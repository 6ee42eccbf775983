"""The file feed: batches that station systems dropped, and the lines of them that could not go in yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.expressions import F, Q
from tortoise.models import Model

from domain.terms import BatchStatus, SetAsideStatus
from models.columns import SealedText, UtcDatetime
from models.staff import StationSystem
from models.store import insert_once


class FeedBatch(Model):
    """One file. ``system`` and ``number`` are null for a file that proved nothing: it was refused whole, for ``code``.

    ``reached`` is the first byte that was not taken yet: a worker that dies leaves the place to go on from.
    ``claimed_until`` is a lease, as notices have one.
    """

    id = fields.IntField(primary_key=True)
    system: fields.ForeignKeyNullableRelation[StationSystem] = fields.ForeignKeyField(
        "models.StationSystem", related_name="batches", on_delete=fields.RESTRICT, null=True
    )
    system_id: int | None
    number = fields.CharField(max_length=40, null=True)
    file_name = fields.CharField(max_length=120)
    digest = fields.CharField(max_length=64)
    status = fields.CharEnumField(BatchStatus, max_length=10)
    code = fields.CharField(max_length=40, null=True)
    reached = fields.BigIntField(default=0)
    lines = fields.IntField(default=0)
    taken = fields.IntField(default=0)
    known = fields.IntField(default=0)
    began_at = UtcDatetime()
    ended_at = UtcDatetime(null=True)
    claimed_until = UtcDatetime(null=True)

    class Meta:
        table = "feed_batch"
        unique_together = (("system", "number"),)


class SetAside(Model):
    """A line that could not go in: why, and what became of it. ``text`` is the line as it came, sealed."""

    id = fields.IntField(primary_key=True)
    batch: fields.ForeignKeyRelation[FeedBatch] = fields.ForeignKeyField(
        "models.FeedBatch", related_name="set_aside", on_delete=fields.RESTRICT
    )
    batch_id: int
    line = fields.IntField()
    text = SealedText()
    code = fields.CharField(max_length=40)
    facts: fields.JSONField[dict[str, Any]] = fields.JSONField()
    status = fields.CharEnumField(SetAsideStatus, max_length=10)
    at = UtcDatetime()
    tried_at = UtcDatetime()
    tries = fields.IntField(default=1)
    settled_at = UtcDatetime(null=True)
    settled_by = fields.CharField(max_length=60, null=True)
    note = SealedText(null=True)

    class Meta:
        table = "set_aside"
        unique_together = (("batch", "line"),)
        indexes = (("status", "tried_at"),)


async def begin_batch(system_id: int, number: str, **columns: Any) -> FeedBatch:
    """The batch of a system with this number; made where it is new. Whether it is the same file, its digest tells."""
    await insert_once(FeedBatch, system_id=system_id, number=number, status=BatchStatus.TAKING, **columns)
    return await FeedBatch.get(system_id=system_id, number=number)


async def note_refused_file(**columns: Any) -> None:
    """Keep on record that a file was refused whole."""
    await FeedBatch.create(status=BatchStatus.REFUSED, **columns)


async def lease_batch(batch_id: int, at: datetime, until: datetime) -> FeedBatch | None:
    """Take a batch in hand until a time; None when it is in another worker's, or done."""
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=at)
    won = await FeedBatch.filter(free, id=batch_id, status=BatchStatus.TAKING).update(claimed_until=until)
    return await FeedBatch.get(id=batch_id) if won else None


async def note_progress(batch_id: int, *, reached: int, lines: int, taken: int, known: int, until: datetime) -> None:
    """Note how far a batch was taken, and keep it in hand until a time. The last three are added."""
    await FeedBatch.filter(id=batch_id).update(
        reached=reached, lines=F("lines") + lines, taken=F("taken") + taken, known=F("known") + known,
        claimed_until=until,
    )  # fmt: skip


async def give_back(batch_id: int) -> None:
    """Let go of a batch: anybody may go on with it."""
    await FeedBatch.filter(id=batch_id).update(claimed_until=None)


async def end_batch(batch_id: int, status: BatchStatus, at: datetime, code: str | None = None) -> None:
    """The batch is through."""
    await FeedBatch.filter(id=batch_id).update(status=status, code=code, ended_at=at, claimed_until=None)


async def find_batch(batch_id: int) -> FeedBatch:
    """A batch by its row id."""
    return await FeedBatch.get(id=batch_id)


async def latest_batches(limit: int) -> list[FeedBatch]:
    """The newest batches, their systems loaded."""
    return await FeedBatch.all().select_related("system").order_by("-id").limit(limit)


async def set_line_aside(batch_id: int, line: int, at: datetime, **columns: Any) -> None:
    """Set a line aside, once."""
    await insert_once(SetAside, batch_id=batch_id, line=line, status=SetAsideStatus.OPEN, at=at, tried_at=at, **columns)


async def count_set_aside(batch_id: int) -> int:
    """How many lines of a batch were set aside, whatever became of them."""
    return await SetAside.filter(batch_id=batch_id).count()


async def lines_to_try(codes: Sequence[str], before: datetime, limit: int, batch_id: int | None = None) -> list[int]:
    """Ids of open lines that may go in by now, those tried longest ago first; of one batch only where it is given."""
    found = SetAside.filter(status=SetAsideStatus.OPEN, code__in=list(codes), tried_at__lte=before)
    if batch_id is not None:
        found = found.filter(batch_id=batch_id).order_by("line")
    else:
        found = found.order_by("tried_at", "id")
    return [one.id for one in await found.limit(limit).only("id")]


async def find_set_aside(set_aside_id: int) -> SetAside | None:
    """A line, its batch and system loaded."""
    return await SetAside.get_or_none(id=set_aside_id).select_related("batch", "batch__system")


async def open_set_aside(limit: int) -> list[SetAside]:
    """What waits, oldest first, its batch and system loaded."""
    found = SetAside.filter(status=SetAsideStatus.OPEN).select_related("batch", "batch__system")
    return await found.order_by("id").limit(limit)


async def set_aside_of(batch_id: int, limit: int) -> list[SetAside]:
    """The lines of a batch that were set aside, in their order."""
    return await SetAside.filter(batch_id=batch_id).order_by("line").limit(limit)


async def note_try(set_aside_id: int, code: str, facts: dict[str, Any], at: datetime) -> None:
    """It still could not go in."""
    await SetAside.filter(id=set_aside_id).update(code=code, facts=facts, tried_at=at, tries=F("tries") + 1)


async def settle_set_aside(
    set_aside_id: int, status: SetAsideStatus, by: str, at: datetime, note: str | None = None
) -> bool:
    """The line went in, or was dismissed; False when it was settled before."""
    open_one = SetAside.filter(id=set_aside_id, status=SetAsideStatus.OPEN)
    return await open_one.update(status=status, settled_by=by, settled_at=at, note=note) == 1
