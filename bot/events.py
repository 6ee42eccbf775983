"""Events that are told, not asked: what became of messages, what people agreed to, what they take back."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from bot.push import Push, Sort
from casework.deps import Deps
from casework.withdraw_consent import consent_revoked


async def take_event(deps: Deps, push: Push) -> str:
    """Take an event in the transaction of its push; nobody waits for words."""
    act = _ACTS.get(push.sort)
    if act is not None:
        await act(deps, push)
    return ""


async def _revoked(deps: Deps, push: Push) -> None:
    await consent_revoked(deps, appid=push.appid, openid=push.facts["openid"])


_ACTS: Final[Mapping[Sort, Callable[[Deps, Push], Awaitable[None]]]] = {
    Sort.REVOKED: _revoked,
}
