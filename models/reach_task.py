"""People whom no message reached: work for a person at the station (K8), with every step of it on record."""

from collections.abc import Collection
from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from domain.terms import NoticeKind, ReachOutcome, ReachStepKind
from models.case import Case
from models.columns import UtcDatetime
from models.place import AcceptancePoint
from models.staff import Staff
from models.store import insert_once


class ReachTask(Model):
    """One event that a person has to be told of by a person. ``staff`` is who took it in hand.

    ``subject`` is the event: one task, however often it is asked for.
    """

    id = fields.IntField(primary_key=True)
    subject = fields.CharField(max_length=80, unique=True)
    kind = fields.CharEnumField(NoticeKind, max_length=30)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="reach_tasks", on_delete=fields.RESTRICT
    )
    case_id: int
    point: fields.ForeignKeyRelation[AcceptancePoint] = fields.ForeignKeyField(
        "models.AcceptancePoint", related_name="reach_tasks", on_delete=fields.RESTRICT
    )
    point_id: int
    owed_at = UtcDatetime()
    opened_at = UtcDatetime()
    staff: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="reach_tasks", on_delete=fields.RESTRICT, null=True
    )
    staff_id: int | None
    closed_at = UtcDatetime(null=True)
    outcome = fields.CharEnumField(ReachOutcome, max_length=16, null=True)

    class Meta:
        table = "reach_task"
        indexes = (("point", "closed_at"),)


class ReachStep(Model):
    """Append-only: who did what about a task, and when."""

    id = fields.IntField(primary_key=True)
    task: fields.ForeignKeyRelation[ReachTask] = fields.ForeignKeyField(
        "models.ReachTask", related_name="steps", on_delete=fields.RESTRICT
    )
    task_id: int
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="reach_steps", on_delete=fields.RESTRICT
    )
    staff_id: int
    step = fields.CharEnumField(ReachStepKind, max_length=16)
    at = UtcDatetime()

    class Meta:
        table = "reach_step"


async def open_reach_task(subject: str, **columns: object) -> bool:
    """Ask for a person about one event; False when that was asked already."""
    return await insert_once(ReachTask, subject=subject, **columns)


async def subjects_asked(subjects: Collection[str]) -> set[str]:
    """Those of the events that a person was asked about."""
    asked = await ReachTask.filter(subject__in=list(subjects)).only("subject", "id")
    return {task.subject for task in asked}


async def tasks_at(point_id: int, limit: int) -> list[ReachTask]:
    """A point's open tasks, the oldest first; case and who took it loaded."""
    found = ReachTask.filter(point_id=point_id, closed_at=None).order_by("owed_at", "id").limit(limit)
    return await found.select_related("case", "staff")


async def find_task(task_id: int, point_id: int) -> ReachTask | None:
    """An open task of a point."""
    task = ReachTask.get_or_none(id=task_id, point_id=point_id, closed_at=None)
    return await task.select_related("case", "staff")


async def steps_of(task_ids: Collection[int]) -> list[ReachStep]:
    """What was done about tasks, oldest first."""
    return await ReachStep.filter(task_id__in=list(task_ids)).order_by("id")


async def add_step(task: ReachTask, staff_id: int, step: ReachStepKind, at: datetime) -> None:
    """Put a step on record; whoever does the first one has taken the task in hand."""
    await ReachTask.filter(id=task.id, staff_id=None).update(staff_id=staff_id)
    await ReachStep.create(task_id=task.id, staff_id=staff_id, step=step, at=at)


async def close_task(task_id: int, outcome: ReachOutcome, at: datetime) -> bool:
    """End a task; False when it is closed already."""
    return await ReachTask.filter(id=task_id, closed_at=None).update(closed_at=at, outcome=outcome) == 1


async def settle_tasks(subjects: Collection[str], at: datetime) -> int:
    """A message arrived after all: nobody has to call any more."""
    open_ones = ReachTask.filter(subject__in=list(subjects), closed_at=None)
    return await open_ones.update(closed_at=at, outcome=ReachOutcome.SETTLED)


async def settle_tasks_of(case_id: int, kind: NoticeKind, at: datetime) -> int:
    """The person came: what they were to be told, they know."""
    open_ones = ReachTask.filter(case_id=case_id, kind=kind, closed_at=None)
    return await open_ones.update(closed_at=at, outcome=ReachOutcome.SETTLED)
