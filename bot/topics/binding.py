"""绑定, 解绑: a follower becomes known by a code from the mini-program, and unknown again by a word."""

import re
from typing import Final

from bot.topic import Chat, Topic, say
from casework import chat as acts
from casework.talk import Answer

_BIND: Final = re.compile(r"绑定[\s:,]*([0-9A-Za-z]{4,32})|([0-9]{8})")


def code_in(said: str, *, bare: bool = True) -> str | None:
    """The binding code a message consists of; ``bare``: also one without a word before it."""
    found = _BIND.fullmatch(said)
    return (found[1] or (found[2] if bare else None)) if found else None


async def bind_by_code(chat: Chat) -> Answer:
    """Bind by a live code; whoever tried too often waits."""
    code = code_in(chat.said) or ""
    if not chat.guesses.begin(chat.push.openid, chat.deps.clock.now()):
        return say("binding_wait")
    if not await acts.bind_chat(chat.deps, **chat.who, code=code):
        return say("binding_failed")
    chat.guesses.succeed(chat.push.openid)
    return say("bound")


async def _how_to_bind(_chat: Chat) -> Answer:
    return say("not_bound")


async def _unbind(chat: Chat) -> Answer:
    await acts.unbind(chat.deps, **chat.who)
    return say("unbound")


HOW_TO_BIND: Final = Topic("how_to_bind", ("绑定", "绑定说明", "怎么绑定"), _how_to_bind, to_anyone=True)
UNBIND: Final = Topic("unbind", ("解绑", "解除绑定"), _unbind, once=True)
