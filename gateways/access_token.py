"""WeChat's stable access token: one for all processes, fetched by one task of one of them however many need it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from gateways.trouble import UnreachableError
from gateways.wechat_wire import WeChatWire

# WeChat renews the stable token in its last five minutes, and then old and new are both good.
RENEWAL_SECONDS = 300
SHORTEST_LIFE_SECONDS = 60
LEASE = timedelta(seconds=8)  # longer than one call may take
LOOK_SECONDS = 0.1
LOOKS = 60


@dataclass(frozen=True)
class Token:
    """A token, the moment from which we ask again, and which fetch brought it (a refetch may bring the same text)."""

    text: str
    ask_again_at: datetime
    fetch: int


class Shelf(Protocol):
    """Where the processes of one service leave a token for each other (``models.wechat_token.TokenShelf``)."""

    async def look(self, appid: str) -> tuple[str, datetime, int] | None:
        """The token left there, when to ask again, and its fetch."""
        ...

    async def lease(self, appid: str, fetch: int, now: datetime, until: datetime) -> bool:
        """Take the fetch after this one on oneself; False when somebody else did."""
        ...

    async def put(self, appid: str, text: str, ask_again_at: datetime) -> int:
        """Leave a token; its fetch."""
        ...

    async def give_back(self, appid: str) -> None:
        """End the lease without a token."""
        ...


class StableToken:
    """The token of one app. Never forces a refresh: that would fight with other processes and has 20 goes a day."""

    def __init__(
        self,
        wire: WeChatWire,
        *,
        appid: str,
        secret: str,
        clock: Callable[[], datetime],
        shelf: Shelf | None = None,
    ) -> None:
        self._wire = wire
        self._appid = appid
        self._request = {"grant_type": "client_credential", "appid": appid, "secret": secret}
        self._clock = clock
        self._shelf = shelf or _OwnShelf()
        self._kept: Token | None = None
        self._refused = 0
        self._under_way: asyncio.Task[Token] | None = None

    async def get(self) -> Token:
        """Return the kept token or wait for the one fetch under way; raises WeChatError or UnreachableError."""
        if self._kept is not None and self._clock() < self._kept.ask_again_at:
            return self._kept
        return await self.fetch()

    async def fetch(self) -> Token:
        """Take the shelf's token or ask WeChat, or join those who do; all who joined share the outcome."""
        if self._under_way is None:
            self._under_way = asyncio.create_task(self._fetch())
            self._under_way.add_done_callback(self._landed)
        return await asyncio.shield(self._under_way)

    def discard(self, token: Token) -> None:
        """Forget a token WeChat refused, unless somebody has fetched again since."""
        self._refused = max(self._refused, token.fetch)
        if self._kept is not None and self._kept.fetch == token.fetch:
            self._kept = None

    def _landed(self, task: asyncio.Task[Token]) -> None:
        self._under_way = None
        if not task.cancelled():
            task.exception()  # looked at here, so that a fetch nobody waits for any more stays quiet

    async def _fetch(self) -> Token:
        """Whoever gets the lease asks WeChat; the others look until the token is there or the lease has run out."""
        for _ in range(LOOKS):
            now, left = self._clock(), await self._shelf.look(self._appid)
            fetch = left[2] if left else 0
            if left is not None and now < left[1] and fetch > self._refused:
                self._kept = Token(*left)
                return self._kept
            if await self._shelf.lease(self._appid, fetch, now, now + LEASE):
                return await self._ask_wechat()
            await asyncio.sleep(LOOK_SECONDS)
        raise UnreachableError("token_awaited")

    async def _ask_wechat(self) -> Token:
        try:
            text, ask_again_at = await self._asked()
        except BaseException:
            await self._shelf.give_back(self._appid)
            raise
        fetch = await self._shelf.put(self._appid, text, ask_again_at)
        self._kept = Token(text, ask_again_at, fetch)
        return self._kept

    async def _asked(self) -> tuple[str, datetime]:
        asked_at = self._clock()
        answer = await self._wire.post("/cgi-bin/stable_token", self._request)
        text, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(text, str) or not text or not isinstance(seconds, int):
            raise UnreachableError("token_malformed")
        return text, asked_at + timedelta(seconds=max(SHORTEST_LIFE_SECONDS, seconds - RENEWAL_SECONDS))


class _OwnShelf:
    """For a process alone (``run.py check``): nothing is left there, everybody may ask."""

    def __init__(self) -> None:
        self._fetches = 0

    async def look(self, appid: str) -> tuple[str, datetime, int] | None:  # noqa: ARG002
        return None

    async def lease(self, appid: str, fetch: int, now: datetime, until: datetime) -> bool:  # noqa: ARG002
        return True

    async def put(self, appid: str, text: str, ask_again_at: datetime) -> int:  # noqa: ARG002
        self._fetches += 1
        return self._fetches

    async def give_back(self, appid: str) -> None:  # noqa: ARG002
        return
