"""An answer kept in one question: once for each push, and not where a talk might have to change with it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from models.chat_talk import move_talk
from models.many import rows
from models.push import Kept, PushSeen, keep_unless_open, reply_to

AT = datetime(2026, 11, 18, 1, 30, tzinfo=UTC)


def kept(key: str, reply: str = "words", follower: str = "somebody") -> Kept:
    return Kept(key, follower, reply, AT, None)


@pytest.mark.usefixtures("database")
async def test_first_words_are_kept_and_said_again() -> None:
    assert (await keep_unless_open(kept("a:message:1", "first"))).reply == "first"
    assert (await keep_unless_open(kept("a:message:1", "second"))).reply == "first"
    row = await PushSeen.get()
    assert (row.dedupe_key, row.reply, row.follower, row.seen_at) == ("a:message:1", "first", "somebody", AT)


@pytest.mark.usefixtures("database")
async def test_who_comes_together_is_told_apart() -> None:
    """New ones, one that was answered before, one said twice, and two whose followers have a talk, one of them over."""
    await keep_unless_open(kept("a:message:0", "before"))
    for follower, ends_at in (("talks", AT + timedelta(minutes=1)), ("talked", AT - timedelta(days=1))):
        await move_talk(follower, 0, topic="guide", facts={"known": {}}, said_at=AT, ends_at=ends_at)
    asked = [
        kept("a:message:3"), kept("a:message:0", "again"), kept("a:message:2", follower="talks"),
        kept("a:message:1", "one"), kept("a:message:1", "other"), kept("a:message:4", follower="talked"),
    ]  # fmt: skip
    found = await asyncio.gather(*map(keep_unless_open, asked))
    assert [one.reply for one in found] == ["words", "before", None, "one", "one", None]
    assert [one.talk.topic if one.talk else None for one in found] == [None, None, "guide", None, None, "guide"]
    assert await PushSeen.all().count() == 3
    assert await reply_to("a:message:2") is None


@pytest.mark.usefixtures("database")
async def test_what_is_kept_is_sealed() -> None:
    await keep_unless_open(kept("a:message:1", "张三，您好"))
    stored = (await rows("SELECT reply FROM push_seen"))[0]["reply"]
    assert "张三".encode() not in bytes(stored)
    assert await reply_to("a:message:1") == "张三，您好"
