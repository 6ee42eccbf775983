"""Idempotency keys: a client that retries with the same key can never create two effects."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from models.columns import SealedText, UtcDatetime
from models.store import insert_once


class RequestKey(Model):
    """A client's key, written in the same transaction as its effect, with the answer to replay (sealed)."""

    id = fields.IntField(primary_key=True)
    owner = fields.CharField(max_length=40)
    key = fields.CharField(max_length=80)
    act = fields.CharField(max_length=40)
    body_digest = fields.CharField(max_length=64)
    answer = SealedText(null=True)
    made_at = UtcDatetime()

    class Meta:
        table = "request_key"
        unique_together = (("owner", "key"),)


async def claim_key(owner: str, key: str, act: str, body_digest: str, at: datetime) -> bool:
    """Claim a key inside the effect's transaction; False when it was claimed (and its effect committed) before."""
    return await insert_once(RequestKey, owner=owner, key=key, act=act, body_digest=body_digest, made_at=at)


async def is_claimed(owner: str, key: str) -> bool:
    """Whether a request with this key was answered before."""
    return await RequestKey.filter(owner=owner, key=key).exists()


async def find_key(owner: str, key: str) -> RequestKey:
    """The row of a claimed key."""
    return await RequestKey.get(owner=owner, key=key)


async def keep_answer(owner: str, key: str, answer: str) -> None:
    """Keep the answer for replays."""
    await RequestKey.filter(owner=owner, key=key).update(answer=answer)
