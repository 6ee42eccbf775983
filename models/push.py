"""Pushes from WeChat that were answered: a repeated push changes nothing twice."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from models.columns import SealedText, UtcDatetime
from models.store import insert_once


class PushSeen(Model):
    """A push by its dedupe key (MsgId, or sender + time + event), with the reply to repeat.

    ``follower``, a blind index, is there so that the replies to somebody who leaves can be deleted.
    """

    id = fields.IntField(primary_key=True)
    dedupe_key = fields.CharField(max_length=200, unique=True)
    reply = SealedText(null=True)
    seen_at = UtcDatetime()
    follower = fields.CharField(max_length=64, null=True)

    class Meta:
        table = "push_seen"


async def claim_push(dedupe_key: str, at: datetime, *, follower: str | None = None, reply: str | None = None) -> bool:
    """Claim a push, with its reply where that is known; False when it was seen before."""
    return await insert_once(PushSeen, dedupe_key=dedupe_key, seen_at=at, follower=follower, reply=reply)


async def keep_reply(dedupe_key: str, reply: str) -> None:
    """Keep the reply for a repeated push."""
    await PushSeen.filter(dedupe_key=dedupe_key).update(reply=reply)


async def reply_to(dedupe_key: str) -> str | None:
    """The reply given before; empty where there was none to give, None for a push that was not seen."""
    seen = await PushSeen.get_or_none(dedupe_key=dedupe_key)
    return None if seen is None else seen.reply or ""


async def forget_replies(follower: str) -> None:
    """Delete the words said to a follower; that their pushes were seen stays known."""
    await PushSeen.filter(follower=follower).update(reply=None, follower=None)


async def forget_pushes(seen_before: datetime) -> int:
    """Delete pushes too old to be repeated; returns how many."""
    return await PushSeen.filter(seen_at__lt=seen_before).delete()
