"""What a topic of the chat is made of: how it begins, how it goes on, and what it is given."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from bot.guesses import Guesses
from bot.push import Push
from casework.callers import Citizen
from casework.deps import Deps
from casework.talk import Answer, Standing
from templates.chat import chat_text

YES: Final = frozenset({"1", "是", "对", "好", "好的", "确认", "确定", "可以", "同意"})
NO: Final = frozenset({"2", "否", "不", "不是", "没有", "不用", "算了"})


@dataclass(frozen=True)
class Chat:
    """One message and what an answer to it is made with.

    ``said`` is what was typed, made plain; ``citizen`` whose account the follower is bound to; ``guide_page`` the
    address of the public guide, where it is known.
    """

    deps: Deps
    push: Push
    said: str
    before: Standing
    citizen: Citizen | None
    guesses: Guesses
    guide_page: str | None

    @property
    def who(self) -> dict[str, str]:
        """The follower, as the acts want them."""
        return {"appid": self.push.appid, "openid": self.push.openid}

    @property
    def key(self) -> str:
        """The idempotency key that belongs to this message (its MsgId, hashed to the length of a key)."""
        return "chat-" + hashlib.sha256(self.push.dedupe_key.encode()).hexdigest()[:40]

    @property
    def known(self) -> Citizen:
        """The citizen, in a topic that asks for one."""
        assert self.citizen is not None, "the dialogue asks for the binding first"
        return self.citizen


Begin = Callable[[Chat], Awaitable[Answer]]
GoOn = Callable[[Chat, Mapping[str, Any]], Awaitable[Answer | None]]


@dataclass(frozen=True)
class Topic:
    """One topic. ``words`` begin it, and a menu button with its name.

    ``go_on`` gets the message after a question, with the facts kept; None from it: the message is no answer to that.
    ``for_known``: only for followers bound to an account; ``if_known``: it says more to those. ``once``: its effect is
    written with the push's own row. ``to_anyone``: it says the same to everybody at any moment, needs no table for it,
    asks nothing and is about nothing that could be announced.
    """

    name: str
    words: Sequence[str]
    begin: Begin
    go_on: GoOn | None = None
    for_known: bool = False
    if_known: bool = False
    once: bool = False
    to_anyone: bool = False

    @property
    def knows(self) -> bool:
        """Whether it matters whose account the follower is bound to."""
        return self.for_known or self.if_known


def say(key: str, facts: Mapping[str, Any] | None = None, **more: Any) -> Answer:
    """Words that end the talk."""
    return Answer(chat_text(key, {**(facts or {}), **more})) if facts or more else _plainly(key)


@cache
def _plainly(key: str) -> Answer:
    return Answer(chat_text(key, {}))


def ask(key: str, topic: str, facts: Mapping[str, Any], **shown: Any) -> Answer:
    """Words that wait for an answer; ``facts`` are kept for it."""
    return Answer(chat_text(key, shown), topic, facts)


def numbered(texts: Sequence[str]) -> list[dict[str, str]]:
    """Choices as lines of a text: 1 …, 2 …"""
    return [{"number": str(place), "text": text} for place, text in enumerate(texts, 1)]


def chosen(said: str, texts: Sequence[str]) -> int | None:
    """Which of the choices was meant, by its number or by its words; None for none of them."""
    if said.isdecimal() and len(said) <= 2 and 1 <= int(said) <= len(texts):
        return int(said) - 1
    meant = [place for place, text in enumerate(texts) if text == said]
    return meant[0] if len(meant) == 1 else None
