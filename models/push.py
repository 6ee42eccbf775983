"""Pushes from WeChat that were answered: a repeated push changes nothing twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from models.chat_talk import ChatTalk, move_talk
from models.columns import SealedText, UtcDatetime
from models.group import Group
from models.many import Row, insert_all, read_as, rows
from models.store import insert_once, transaction


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


@dataclass(frozen=True)
class Look:
    """What is asked about a push: was it answered, and where does the follower's talk stand?"""

    dedupe_key: str
    follower: str


@dataclass(frozen=True)
class Found:
    """``reply`` as ``reply_to`` tells it."""

    reply: str | None
    talk: ChatTalk | None


@dataclass(frozen=True)
class Kept:
    """An answer to keep with its push; ``move``: what ``move_talk`` is to be given, if the talk goes on."""

    dedupe_key: str
    follower: str
    reply: str
    at: datetime
    move: dict[str, Any] | None


async def look_up(look: Look) -> Found:
    """Look a push up, together with whatever else is being looked up. Not inside a transaction."""
    return await _LOOKS.do(look)


async def keep_answer(kept: Kept) -> str:
    """Keep an answer and move the talk, in one transaction with others; the words kept first, if somebody was first.

    Not inside a transaction.
    """
    return await _KEEPS.do(kept)


async def keep_unless_open(kept: Kept) -> Found:
    """Keep an answer whose follower has no talk, together with others: its words, or what was kept first.

    As ``look_up`` where there is a talk; nothing is kept then. Not inside a transaction.
    """
    return await _UNLESS_OPEN.do(kept)


_TALK = ("id", "follower", "topic", "facts", "said_at", "ends_at", "step")
_LOOK = """
SELECT dedupe_key, reply, NULL AS id, follower, NULL AS topic, NULL AS facts, NULL AS said_at, NULL AS ends_at,
    NULL AS step FROM push_seen WHERE dedupe_key = ANY($1::text[])
UNION ALL
SELECT NULL, NULL, id, follower, topic, facts, said_at, ends_at, step FROM chat_talk WHERE follower = ANY($2::text[])"""


async def _look_all(looks: Sequence[Look]) -> Sequence[Found]:
    """One statement for both questions: under load its way there and back is what a push waits for."""
    keys, followers = sorted({look.dedupe_key for look in looks}), sorted({look.follower for look in looks})
    replies: dict[str, str] = {}
    talks: dict[str, ChatTalk] = {}
    for row in await rows(_LOOK, keys, followers):
        if row["dedupe_key"] is not None:
            replies[row["dedupe_key"]] = _reply_of(row)
        else:
            talks[row["follower"]] = read_as(ChatTalk, {name: row[name] for name in _TALK})
    return [Found(replies.get(look.dedupe_key), talks.get(look.follower)) for look in looks]


_KEEP = """INSERT INTO push_seen (dedupe_key, follower, reply, seen_at)
SELECT given.one, given.by, given.sealed, given.at
FROM unnest($1::varchar[], $2::varchar[], $3::bytea[], $4::timestamptz[]) AS given (one, by, sealed, at)
WHERE NOT EXISTS (SELECT 1 FROM chat_talk t WHERE t.follower = given.by)
ON CONFLICT DO NOTHING RETURNING dedupe_key"""


async def _keep_unless_open(keeps: Sequence[Kept]) -> Sequence[Found]:
    """One statement as a rule; whoever it keeps nothing for is looked up. By key, as ``_keep`` says."""
    firsts = sorted({one.dedupe_key: one for one in reversed(keeps)}.values(), key=lambda one: one.dedupe_key)
    reply, blank = PushSeen._meta.fields_map["reply"], PushSeen()  # noqa: SLF001 — sealed as its own insert does it
    sealed = [reply.to_db_value(one.reply, blank) for one in firsts]
    keys, followers = [one.dedupe_key for one in firsts], [one.follower for one in firsts]
    new = {row["dedupe_key"] for row in await rows(_KEEP, keys, followers, sealed, [one.at for one in firsts])}
    said = {one.dedupe_key: Found(one.reply, None) for one in firsts if one.dedupe_key in new}
    rest = [Look(one.dedupe_key, one.follower) for one in keeps if one.dedupe_key not in said]
    if rest:
        said |= dict(zip((look.dedupe_key for look in rest), await _look_all(rest), strict=True))
    return [said[one.dedupe_key] for one in keeps]


async def _keep_all(keeps: Sequence[Kept]) -> Sequence[str]:
    """Without a talk that moves, one statement; it is all or nothing by itself."""
    if all(one.move is None for one in keeps):
        return await _keep(keeps)
    async with transaction():
        return await _keep(keeps)


async def _keep(keeps: Sequence[Kept]) -> Sequence[str]:
    """By key, so that two transactions that keep the same pushes never wait for each other crosswise."""
    given = [
        {"dedupe_key": one.dedupe_key, "follower": one.follower, "reply": one.reply, "seen_at": one.at}
        for one in sorted({one.dedupe_key: one for one in reversed(keeps)}.values(), key=lambda one: one.dedupe_key)
    ]
    new = {row["dedupe_key"] for row in await insert_all(PushSeen, given, "dedupe_key")}
    known = await _replies([one.dedupe_key for one in keeps if one.dedupe_key not in new])
    words: list[str] = []
    first: dict[str, str] = {}
    for one in keeps:
        if one.dedupe_key in new and one.dedupe_key not in first and one.move is not None:
            await move_talk(one.follower, **one.move)
        words.append(first.setdefault(one.dedupe_key, known.get(one.dedupe_key) or one.reply))
    return words


async def _replies(keys: Sequence[str]) -> dict[str, str]:
    if not keys:
        return {}
    said = "SELECT dedupe_key, reply FROM push_seen WHERE dedupe_key = ANY($1::text[])"
    return {row["dedupe_key"]: _reply_of(row) for row in await rows(said, sorted(set(keys)))}


def _reply_of(row: Row) -> str:
    return PushSeen._meta.fields_map["reply"].to_python_value(row["reply"]) or ""  # noqa: SLF001 — as its query reads it


_LOOKS: Group[Look, Found] = Group(_look_all, reading=True)
_KEEPS: Group[Kept, str] = Group(_keep_all, reading=True)
_UNLESS_OPEN: Group[Kept, Found] = Group(_keep_unless_open, whole=True)


async def forget_replies(follower: str) -> None:
    """Delete the words said to a follower; that their pushes were seen stays known."""
    await PushSeen.filter(follower=follower).update(reply=None, follower=None)


async def forget_pushes(seen_before: datetime) -> int:
    """Delete pushes too old to be repeated; returns how many."""
    return await PushSeen.filter(seen_at__lt=seen_before).delete()
