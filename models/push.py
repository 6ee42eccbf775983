"""Pushes from WeChat that were answered: a repeated push changes nothing twice."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from models.columns import SealedText, UtcDatetime
from models.store import insert_once


class PushSeen(Model):
    """A push by its dedupe key (MsgId, or sender + time + event), with the reply to repeat."""

    id = fields.IntField(primary_key=True)
    dedupe_key = fields.CharField(max_length=200, unique=True)
    reply = SealedText(null=True)
    seen_at = UtcDatetime()

    class Meta:
        table = "push_seen"


async def claim_push(dedupe_key: str, at: datetime) -> bool:
    """Claim a push; False when it was seen before."""
    return await insert_once(PushSeen, dedupe_key=dedupe_key, seen_at=at)


async def keep_reply(dedupe_key: str, reply: str) -> None:
    """Keep the reply for a repeated push."""
    await PushSeen.filter(dedupe_key=dedupe_key).update(reply=reply)


async def reply_to(dedupe_key: str) -> str | None:
    """The reply given before."""
    seen = await PushSeen.get_or_none(dedupe_key=dedupe_key)
    return seen.reply if seen else None
