"""People whom no message reached: work for a person at the station (K8), with every step of it on record."""

from tortoise import fields
from tortoise.models import Model

from domain.terms import NoticeKind, ReachOutcome, ReachStepKind
from models.case import Case
from models.columns import UtcDatetime
from models.place import AcceptancePoint
from models.staff import Staff


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
