"""What a person has to see to, since no retry mends it. ``run.py check`` tells them."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from models.columns import UtcDatetime
from models.store import insert_once


class OperatorTask(Model):
    """One trouble of one thing, however often it occurs. ``subject`` names a row, never a person."""

    id = fields.IntField(primary_key=True)
    kind = fields.CharField(max_length=40)
    subject = fields.CharField(max_length=80)
    opened_at = UtcDatetime()
    closed_at = UtcDatetime(null=True)

    class Meta:
        table = "operator_task"
        unique_together = (("kind", "subject"),)


async def open_task(kind: str, subject: str, at: datetime) -> None:
    """Ask for a person; asking again about the same thing opens the same task again."""
    if not await insert_once(OperatorTask, kind=kind, subject=subject, opened_at=at):
        await OperatorTask.filter(kind=kind, subject=subject, closed_at__isnull=False).update(
            opened_at=at, closed_at=None
        )


async def close_task(kind: str, subject: str, at: datetime) -> None:
    """The trouble is over."""
    await OperatorTask.filter(kind=kind, subject=subject, closed_at=None).update(closed_at=at)


async def open_tasks() -> list[OperatorTask]:
    """What waits for a person, oldest first."""
    return await OperatorTask.filter(closed_at=None).order_by("id")
