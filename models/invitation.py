"""Invitations to services on trial (R019): a hash of each code, and the account that brought it."""

from collections.abc import Sequence
from datetime import date, datetime

from tortoise import fields
from tortoise.models import Model

from domain.terms import ServiceItem
from models.account import Account
from models.columns import UtcDatetime
from models.place import AcceptancePoint, PointService
from models.staff import Staff
from models.store import move


class Invitation(Model):
    """One code for one item at one point. ``account_id``: who brought it, once; good through ``good_until``."""

    id = fields.IntField(primary_key=True)
    point: fields.ForeignKeyRelation[AcceptancePoint] = fields.ForeignKeyField(
        "models.AcceptancePoint", related_name="invitations", on_delete=fields.RESTRICT
    )
    point_id: int
    item = fields.CharEnumField(ServiceItem, max_length=40)
    code_hash = fields.CharField(max_length=64, unique=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="invitations", on_delete=fields.RESTRICT
    )
    staff_id: int
    made_at = UtcDatetime()
    good_until = fields.DateField()
    account: fields.ForeignKeyNullableRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="invitations", on_delete=fields.RESTRICT, null=True
    )
    account_id: int | None
    used_at = UtcDatetime(null=True)
    withdrawn_at = UtcDatetime(null=True)

    class Meta:
        table = "invitation"


async def write_invitations(
    hashes: Sequence[str], *, point_id: int, item: ServiceItem, staff_id: int, at: datetime, good_until: date
) -> None:
    """Write one invitation for each hash."""
    common = {"point_id": point_id, "item": item, "staff_id": staff_id, "made_at": at, "good_until": good_until}
    await Invitation.bulk_create([Invitation(code_hash=one, **common) for one in hashes])


async def bring_invitation(code_hash: str, account_id: int, day: date, at: datetime) -> bool:
    """Give a code to the account that brought it, once; False when it is unknown, over, taken back, or another's.

    Bringing one's own again is no trouble.
    """
    fresh = {"code_hash": code_hash, "account_id": None, "withdrawn_at": None, "good_until__gte": day}
    if await move(Invitation, fresh, {"account_id": account_id, "used_at": at}):
        return True
    return await Invitation.filter(code_hash=code_hash, account_id=account_id, withdrawn_at=None).exists()


async def is_invited(account_id: int, item: ServiceItem, prefix: str, day: date, point_id: int | None = None) -> bool:
    """Whether the account holds an invitation to the item, at one point or anywhere below a division."""
    held = Invitation.filter(account_id=account_id, item=item, withdrawn_at=None, good_until__gte=day)
    narrowed = held.filter(point__division__startswith=prefix)
    return await (narrowed if point_id is None else narrowed.filter(point_id=point_id)).exists()


async def invitations_of(account_id: int, day: date) -> Sequence[Invitation]:
    """What an account may still come for, newest first; the points loaded."""
    held = Invitation.filter(account_id=account_id, withdrawn_at=None, good_until__gte=day)
    return await held.select_related("point").order_by("-id")


async def newest_invitations(prefix: str, point_id: int | None, limit: int) -> Sequence[Invitation]:
    """The newest invitations of an area or of one point; the points loaded."""
    found = Invitation.filter(point__division__startswith=prefix)
    return (
        await (found if point_id is None else found.filter(point_id=point_id))
        .select_related("point")
        .order_by("-id")
        .limit(limit)
    )


async def withdraw_invitation(invitation_id: int, prefix: str, point_id: int | None, at: datetime) -> bool:
    """Take an invitation of an area back; False when there is none, or it was taken back."""
    found = await Invitation.get_or_none(id=invitation_id).select_related("point")
    if found is None or not found.point.division.startswith(prefix) or point_id not in {None, found.point_id}:
        return False
    return await move(Invitation, {"id": invitation_id, "withdrawn_at": None}, {"withdrawn_at": at})


async def trials(prefix: str, point_id: int | None = None) -> Sequence[PointService]:
    """Every service that was ever on trial in an area or at one point; the points loaded."""
    found = PointService.filter(point__division__startswith=prefix, invited_until__not_isnull=True)
    return await (found if point_id is None else found.filter(point_id=point_id)).select_related("point").order_by("id")


async def set_trial(point_id: int, item: ServiceItem, until: date | None) -> bool:
    """Say until which day only invited people are served, None for everybody; False if the point never takes it."""
    return await PointService.filter(point_id=point_id, item=item).update(invited_until=until) > 0


async def trial_ends(item: ServiceItem, prefix: str) -> list[date | None]:
    """Of every point below a division that takes an item: the last day for invited people only."""
    found = PointService.filter(item=item, point__division__startswith=prefix)
    return [service.invited_until for service in await found.only("invited_until", "id")]
