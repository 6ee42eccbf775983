"""Where a talk in the chat stands: read before an answer, moved with it, forgotten after half an hour."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from casework.deps import Deps, database_expected
from domain.terms import ServiceItem
from models import push as store
from models.account import openid_index
from models.chat_talk import ChatTalk, forget_talks
from models.push import claim_push, forget_pushes, keep_reply, reply_to
from models.store import transaction

TALK_LIFE = timedelta(minutes=30)
PUSH_LIFE = timedelta(days=2)  # far longer than WeChat repeats a push, or a signed address lives


@dataclass(frozen=True)
class Heard:
    """A push to be answered: its key, who said it, and when by WeChat's clock."""

    dedupe_key: str
    appid: str
    openid: str
    at: datetime


@dataclass(frozen=True)
class Standing:
    """What a follower was asked last. ``topic`` None: nothing is open. ``outrun``: something newer was answered."""

    topic: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    step: int = 0
    outrun: bool = False


@dataclass(frozen=True)
class About:
    """What an answer was about: a place, a station or a service item, as far as it is known."""

    division: str | None = None
    point: str | None = None
    item: ServiceItem | None = None


@dataclass(frozen=True)
class Answer:
    """What to say, and where the talk stands then; no topic ends it. ``about``: what is announced there is told too."""

    text: str
    topic: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    about: tuple[About, ...] = ()


async def look_up(deps: Deps, heard: Heard) -> tuple[str | None, Standing]:
    """The words a push was answered with (None: not yet), and where the talk stands for it."""
    with database_expected():
        found = await store.look_up(store.Look(heard.dedupe_key, openid_index(heard.appid, heard.openid)))
    return found.reply, _standing(deps, heard, found.talk)


async def keep_unless_open(deps: Deps, heard: Heard, text: str) -> tuple[str | None, Standing]:
    """Keep words that leave the talk as it is, in one question, where the follower has no talk it could change.

    The words the push is answered with then, by this or by whoever was first; else as ``look_up``, and nothing is kept.
    """
    follower = openid_index(heard.appid, heard.openid)
    with database_expected():
        found = await store.keep_unless_open(store.Kept(heard.dedupe_key, follower, text, deps.clock.now(), None))
    return found.reply, _standing(deps, heard, found.talk)


def _standing(deps: Deps, heard: Heard, talk: ChatTalk | None) -> Standing:
    if talk is None:
        return Standing()
    if heard.at < talk.said_at:
        return Standing(step=talk.step, outrun=True)
    if talk.topic is None or talk.ends_at <= deps.clock.now():
        return Standing(step=talk.step)
    return Standing(talk.topic, talk.facts or {}, talk.step)


async def remember(deps: Deps, heard: Heard, before: Standing, answer: Answer) -> str:
    """Keep an answer and move the talk; of two that answer the same push the first is right, and both say its words.

    Of two messages that went on from the same place the first to be kept moves the talk. Nothing was open and nothing
    is: no row of a talk is touched.
    """
    now, move = deps.clock.now(), None
    if not before.outrun and (before.topic is not None or answer.topic is not None):
        move = {
            "step": before.step, "topic": answer.topic, "facts": dict(answer.facts), "said_at": heard.at,
            "ends_at": now + TALK_LIFE,
        }  # fmt: skip
    follower = openid_index(heard.appid, heard.openid)
    with database_expected():
        return await store.keep_answer(store.Kept(heard.dedupe_key, follower, answer.text, now, move))


async def answer_once(deps: Deps, heard: Heard, reply: Callable[[], Awaitable[str]]) -> str:
    """Do something for a push once; a repeated push gets the same words and changes nothing.

    Claim, effect and reply share one transaction: a crash leaves all or none, and WeChat asks again.
    """
    follower = openid_index(heard.appid, heard.openid)
    with database_expected():
        async with transaction():
            if await claim_push(heard.dedupe_key, deps.clock.now(), follower=follower):
                words = await reply()
                await keep_reply(heard.dedupe_key, words)
                return words
        return await reply_to(heard.dedupe_key) or ""


async def tidy_talks(deps: Deps) -> int:
    """Delete talks that are over and pushes nobody repeats any more; returns how many."""
    now = deps.clock.now()
    return await forget_talks(now - TALK_LIFE) + await forget_pushes(now - PUSH_LIFE)
