"""The public keys of acceptance points: an offline pass is encrypted to the newest one of its point."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from models.columns import UtcDatetime
from models.place import AcceptancePoint
from models.store import insert_once


class PointKey(Model):
    """One X25519 public key (32 bytes, hexadecimal) of a point; ``key_id`` follows from it. Retired, never deleted."""

    id = fields.IntField(primary_key=True)
    point: fields.ForeignKeyRelation[AcceptancePoint] = fields.ForeignKeyField(
        "models.AcceptancePoint", related_name="keys", on_delete=fields.RESTRICT
    )
    point_id: int
    key_id = fields.CharField(max_length=16, unique=True)
    public_key = fields.CharField(max_length=64)
    registered_at = UtcDatetime()
    retired_at = UtcDatetime(null=True)

    class Meta:
        table = "point_key"


async def keep_key(point_id: int, key_id: str, public_key: str, at: datetime) -> bool:
    """Register a key; False when it was registered before, for whichever point."""
    return await insert_once(PointKey, point_id=point_id, key_id=key_id, public_key=public_key, registered_at=at)


async def find_key(key_id: str) -> PointKey | None:
    """A key by its name, the point loaded."""
    return await PointKey.get_or_none(key_id=key_id).select_related("point")


async def key_in_force(point_id: int) -> PointKey | None:
    """The newest key of a point that is not retired."""
    return await PointKey.filter(point_id=point_id, retired_at=None).order_by("-id").first()


async def all_keys() -> list[PointKey]:
    """Every key, by point, the newest first, the point loaded."""
    return await PointKey.all().select_related("point").order_by("point__code", "-id")


async def retire_key(key_id: str, at: datetime) -> bool:
    """Encrypt nothing to this key any more; False when it is unknown or retired already."""
    return await PointKey.filter(key_id=key_id, retired_at=None).update(retired_at=at) == 1
