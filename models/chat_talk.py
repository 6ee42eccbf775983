"""Where a talk in the Official Account's chat stands, and replies that WeChat did not wait for."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.expressions import F, Q
from tortoise.models import Model

from models.columns import SealedJson, SealedText, UtcDatetime
from models.store import insert_once


class ChatTalk(Model):
    """What a follower was asked last. ``follower`` is a blind index; the row is as good as gone after ``ends_at``.

    ``said_at``: WeChat's time of the newest message that was answered; older ones that come later move nothing.
    ``step`` counts the moves: one conditional UPDATE decides which of two messages goes on from here.
    """

    id = fields.IntField(primary_key=True)
    follower = fields.CharField(max_length=64, unique=True)
    topic = fields.CharField(max_length=20, null=True)
    facts: fields.Field[dict[str, Any] | None] = SealedJson(null=True)
    said_at = UtcDatetime()
    ends_at = UtcDatetime()
    step = fields.IntField(default=0)

    class Meta:
        table = "chat_talk"
        indexes = (("ends_at",),)


class OwedReply(Model):
    """A push whose answer was not ready when WeChat hung up: answered and brought by a worker.

    ``status``: owed → sent | lost (the person can no longer be written to). ``claimed_until`` is a lease.
    """

    id = fields.IntField(primary_key=True)
    dedupe_key = fields.CharField(max_length=200, unique=True)
    follower = fields.CharField(max_length=64, db_index=True)
    push: fields.Field[dict[str, Any]] = SealedJson()
    openid = SealedText()
    status = fields.CharField(max_length=8, default="owed")
    owed_at = UtcDatetime()
    due_at = UtcDatetime()
    claimed_until = UtcDatetime(null=True)
    attempts = fields.IntField(default=0)
    settled_at = UtcDatetime(null=True)

    class Meta:
        table = "owed_reply"
        indexes = (("status", "due_at"),)


async def move_talk(
    follower: str, step: int, *, topic: str | None, facts: dict[str, Any] | None, said_at: datetime, ends_at: datetime
) -> bool:
    """Go on from a step (0: none yet); False when another message went on from there first."""
    columns = {"topic": topic, "facts": facts, "said_at": said_at, "ends_at": ends_at}
    if step == 0:
        return await insert_once(ChatTalk, follower=follower, step=1, **columns)
    here = ChatTalk.filter(follower=follower, step=step)
    return await here.update(step=F("step") + 1, **columns) == 1


async def forget_talk(follower: str) -> None:
    """Delete the talk of a follower and what they are still owed."""
    await ChatTalk.filter(follower=follower).delete()
    await OwedReply.filter(follower=follower).delete()


async def forget_talks(ended_before: datetime) -> int:
    """Delete talks that ended and replies that were settled; returns how many."""
    talks = await ChatTalk.filter(ends_at__lt=ended_before).delete()
    return talks + await OwedReply.filter(settled_at__lt=ended_before).delete()


async def owe_reply(dedupe_key: str, *, follower: str, openid: str, push: dict[str, Any], at: datetime) -> bool:
    """Owe a reply; False when it is owed already."""
    return await insert_once(
        OwedReply, dedupe_key=dedupe_key, follower=follower, openid=openid, push=push, owed_at=at, due_at=at
    )


async def due_replies(at: datetime, limit: int) -> list[int]:
    """Ids of owed replies that are due and in nobody's hands."""
    free = Q(claimed_until=None) | Q(claimed_until__lt=at)
    found = OwedReply.filter(free, status="owed", due_at__lte=at).order_by("due_at", "id").limit(limit)
    return [owed.id for owed in await found.only("id")]


async def claim_reply(reply_id: int, at: datetime, until: datetime) -> OwedReply | None:
    """Lease an owed reply; None when another worker was first."""
    free = OwedReply.filter(Q(claimed_until=None) | Q(claimed_until__lt=at), id=reply_id, status="owed")
    return await OwedReply.get(id=reply_id) if await free.update(claimed_until=until) else None


async def settle_reply(reply_id: int, status: str, at: datetime) -> None:
    """Close an owed reply."""
    await OwedReply.filter(id=reply_id).update(status=status, settled_at=at, claimed_until=None)


async def postpone_reply(reply_id: int, due_at: datetime) -> None:
    """Give an owed reply back for a later try."""
    await OwedReply.filter(id=reply_id).update(due_at=due_at, claimed_until=None, attempts=F("attempts") + 1)
