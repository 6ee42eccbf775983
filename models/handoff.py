"""Hand-off codes: opaque, short-lived, redeemed once."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from models.case import Case
from models.columns import UtcDatetime
from models.place import AcceptancePoint
from models.staff import Staff


class HandoffCode(Model):
    """Only the hash of the code is kept; it says nothing about the person (B74)."""

    id = fields.IntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="handoff_codes", on_delete=fields.RESTRICT
    )
    case_id: int
    code_hash = fields.CharField(max_length=64, unique=True)
    point: fields.ForeignKeyRelation[AcceptancePoint] = fields.ForeignKeyField(
        "models.AcceptancePoint", related_name="handoff_codes", on_delete=fields.RESTRICT
    )
    point_id: int
    issued_at = UtcDatetime()
    expires_at = UtcDatetime()
    revoked_at = UtcDatetime(null=True)
    redeemed_at = UtcDatetime(null=True)
    redeemed_by: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="redeemed_codes", on_delete=fields.RESTRICT, null=True
    )
    redeemed_by_id: int | None

    class Meta:
        table = "handoff_code"


async def issue_code(case_id: int, point_id: int, code_hash: str, at: datetime, expires_at: datetime) -> None:
    """Issue a code and revoke the older ones of the case: only the code on the screen counts."""
    await HandoffCode.filter(case_id=case_id, redeemed_at=None, revoked_at=None).update(revoked_at=at)
    await HandoffCode.create(
        case_id=case_id, point_id=point_id, code_hash=code_hash, issued_at=at, expires_at=expires_at
    )


async def find_code(code_hash: str) -> HandoffCode | None:
    """A code by its hash, the point loaded."""
    return await HandoffCode.get_or_none(code_hash=code_hash).select_related("point")


async def last_redeemed(case_id: int) -> HandoffCode | None:
    """The code of a case that was redeemed last, the point loaded."""
    spent = HandoffCode.filter(case_id=case_id, redeemed_at__isnull=False).select_related("point")
    return await spent.order_by("-redeemed_at", "-id").first()


async def redeem_code(code_id: int, staff_id: int, at: datetime) -> bool:
    """Redeem a live code; False when another scan was first, or it was revoked or ran out."""
    live = HandoffCode.filter(id=code_id, redeemed_at=None, revoked_at=None, expires_at__gt=at)
    return await live.update(redeemed_at=at, redeemed_by_id=staff_id) == 1


async def revoke_codes(case_id: int, at: datetime) -> None:
    """Revoke every unused code of a case."""
    await HandoffCode.filter(case_id=case_id, redeemed_at=None, revoked_at=None).update(revoked_at=at)
