"""What takes two people: somebody asks, another decides; asked, decided and ended are kept for good."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.expressions import Q
from tortoise.models import Model

from domain.terms import ApprovalKind
from models.case import Case
from models.columns import SealedText, UtcDatetime
from models.staff import Staff
from models.store import insert_once


class Approval(Model):
    """One request of one member of staff, and the word of a second one.

    ``case`` is null for leave that holds for every minor served at the own counter (B51). ``until`` ends such leave;
    ``ended_at`` takes it back earlier. CHECK ck_approval_two_people: decided_by_id <> asked_by_id.
    One open request of a kind per case and asker: uq_approval_open ON approval(kind, case_id, asked_by_id)
    WHERE decided_at IS NULL.
    """

    id = fields.IntField(primary_key=True)
    kind = fields.CharEnumField(ApprovalKind, max_length=20)
    case: fields.ForeignKeyNullableRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="approvals", on_delete=fields.RESTRICT, null=True
    )
    case_id: int | None
    asked_by: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="approvals_asked", on_delete=fields.RESTRICT
    )
    asked_by_id: int
    reason = SealedText()
    asked_at = UtcDatetime()
    decided_by: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="approvals_decided", on_delete=fields.RESTRICT, null=True
    )
    decided_by_id: int | None
    decided_at = UtcDatetime(null=True)
    granted = fields.BooleanField(default=False)
    until = UtcDatetime(null=True)
    ended_at = UtcDatetime(null=True)

    class Meta:
        table = "approval"


async def ask_approval(kind: ApprovalKind, *, case_id: int, asked_by_id: int, reason: str, at: datetime) -> bool:
    """Write a request; False when the same person has the same one open."""
    return await insert_once(
        Approval, kind=kind, case_id=case_id, asked_by_id=asked_by_id, reason=reason, asked_at=at, granted=False
    )


async def find_approval(approval_id: int) -> Approval | None:
    """A request with its case and the asker loaded."""
    return await Approval.get_or_none(id=approval_id).select_related(
        "case", "case__acceptance_point", "asked_by__point"
    )


async def decide_approval(approval_id: int, *, decided_by_id: int, at: datetime, granted: bool, **columns: Any) -> bool:
    """Decide an open request; False when somebody was faster."""
    waiting = Approval.filter(id=approval_id, decided_at=None)
    return await waiting.update(decided_by_id=decided_by_id, decided_at=at, granted=granted, **columns) == 1


async def give_leave(**columns: Any) -> None:
    """Write leave that was asked for by word of mouth, decided at once."""
    await Approval.create(granted=True, **columns)


async def end_leave(approval_id: int, at: datetime) -> bool:
    """Take leave back; False when it had ended."""
    return await Approval.filter(id=approval_id, granted=True, ended_at=None).update(ended_at=at) == 1


async def may_read_minor(staff_id: int, case_id: int, at: datetime) -> bool:
    """Whether leave stands for this member of staff: for this case, or for all of the own counter (B51)."""
    given = Approval.filter(kind=ApprovalKind.READ_MINOR, granted=True, ended_at=None, until__gt=at)
    return await given.filter(Q(case_id=case_id) | Q(case_id=None), asked_by_id=staff_id).exists()


async def open_request(kind: ApprovalKind, case_id: int) -> Approval | None:
    """The newest undecided request of a kind about a case, the asker loaded."""
    waiting = Approval.filter(kind=kind, case_id=case_id, decided_at=None)
    return await waiting.select_related("asked_by").order_by("-id").first()


async def open_requests(point_id: int | None, limit: int) -> list[Approval]:
    """Undecided requests of a counter, of all where none is named; oldest first."""
    waiting = Approval.filter(decided_at=None)
    waiting = waiting.filter(asked_by__point_id=point_id) if point_id is not None else waiting
    return await waiting.select_related("case", "asked_by__point").order_by("id").limit(limit)


async def standing_leave(point_id: int | None, at: datetime, limit: int) -> list[Approval]:
    """Leave that stands now for whole counters, newest first."""
    live = Approval.filter(case_id=None, granted=True, ended_at=None, until__gt=at)
    live = live.filter(asked_by__point_id=point_id) if point_id is not None else live
    return await live.select_related("asked_by__point", "decided_by").order_by("-id").limit(limit)
