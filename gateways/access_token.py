"""WeChat's stable access token: kept per process, fetched by one task however many need it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateways.trouble import UnreachableError
from gateways.wechat_wire import WeChatWire

# WeChat renews the stable token in its last five minutes, and then old and new are both good.
RENEWAL_SECONDS = 300
SHORTEST_LIFE_SECONDS = 60


@dataclass(frozen=True)
class Token:
    """A token, the moment from which we ask again, and which fetch brought it (a refetch may bring the same text)."""

    text: str
    ask_again_at: datetime
    fetch: int


class StableToken:
    """The token of one app. Never forces a refresh: that would fight with other processes and has 20 goes a day."""

    def __init__(self, wire: WeChatWire, *, appid: str, secret: str, clock: Callable[[], datetime]) -> None:
        self._wire = wire
        self._request = {"grant_type": "client_credential", "appid": appid, "secret": secret}
        self._clock = clock
        self._kept: Token | None = None
        self._under_way: asyncio.Task[Token] | None = None
        self._fetches = 0

    async def get(self) -> Token:
        """Return the kept token or wait for the one fetch under way; raises WeChatError or UnreachableError."""
        if self._kept is not None and self._clock() < self._kept.ask_again_at:
            return self._kept
        return await self.fetch()

    async def fetch(self) -> Token:
        """Ask WeChat, or join those who are asking; everybody who joined shares the outcome, good or bad."""
        if self._under_way is None:
            self._under_way = asyncio.create_task(self._fetch())
            self._under_way.add_done_callback(self._landed)
        return await asyncio.shield(self._under_way)

    def discard(self, token: Token) -> None:
        """Forget a token WeChat refused, unless another task has fetched again since."""
        if self._kept is not None and self._kept.fetch == token.fetch:
            self._kept = None

    def _landed(self, task: asyncio.Task[Token]) -> None:
        self._under_way = None
        if not task.cancelled():
            task.exception()  # looked at here, so that a fetch nobody waits for any more stays quiet

    async def _fetch(self) -> Token:
        asked_at = self._clock()
        self._fetches += 1
        answer = await self._wire.post("/cgi-bin/stable_token", self._request)
        text, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(text, str) or not text or not isinstance(seconds, int):
            raise UnreachableError("token_malformed")
        life = max(SHORTEST_LIFE_SECONDS, seconds - RENEWAL_SECONDS)
        self._kept = Token(text, asked_at + timedelta(seconds=life), self._fetches)
        return self._kept
