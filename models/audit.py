"""The audit trail: who looked at or changed a citizen's data."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from models.case import Case
from models.columns import UtcDatetime
from models.staff import Staff


class AuditEntry(Model):
    """Append-only (triggers refuse UPDATE and DELETE). ``facts`` holds no personal data."""

    id = fields.IntField(primary_key=True)
    at = UtcDatetime()
    actor = fields.CharField(max_length=60)
    staff: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="audit_entries", on_delete=fields.RESTRICT, null=True
    )
    staff_id: int | None
    act = fields.CharField(max_length=60)
    case: fields.ForeignKeyNullableRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="audit_entries", on_delete=fields.RESTRICT, null=True
    )
    case_id: int | None
    request_id = fields.CharField(max_length=64, null=True)
    facts: fields.JSONField[dict[str, Any]] = fields.JSONField()

    class Meta:
        table = "audit_entry"
        indexes = (("case", "at"), ("actor", "at"))


async def write_audit(
    *,
    at: datetime,
    actor: str,
    act: str,
    staff_id: int | None = None,
    case_id: int | None = None,
    request_id: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Append an entry."""
    await AuditEntry.create(
        at=at, actor=actor, act=act, staff_id=staff_id, case_id=case_id, request_id=request_id, facts=facts or {}
    )


async def audit_of(case_id: int) -> list[AuditEntry]:
    """Every entry about a case, oldest first."""
    return await AuditEntry.filter(case_id=case_id).order_by("id")


async def search_audit(
    case_number: str | None, actor: str | None, between: tuple[datetime, datetime] | None, limit: int
) -> list[AuditEntry]:
    """Entries that fit every filter given, newest first, the case loaded."""
    found = AuditEntry.all()
    if case_number:
        found = found.filter(case__number=case_number)
    if actor:
        found = found.filter(actor=actor)
    if between:
        found = found.filter(at__gte=between[0], at__lt=between[1])
    return await found.select_related("case").order_by("-id").limit(limit)
