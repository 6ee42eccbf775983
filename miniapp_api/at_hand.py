"""Answers at hand: what was asked before and can be told again without asking anybody.

Only routes that are public and say how (``kit.Route.at_hand``) take part. Such an answer has the headers of any other;
one line in the log stands for all of a second, and names what their ids begin with. ``miniapp_api.beneath`` sends them.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import lru_cache
from secrets import token_hex

import structlog
from aiohttp import HttpVersion11, hdrs
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http_parser import RawRequestMessage

from miniapp_api.headers import SECURITY_HEADERS
from miniapp_api.shared import Written

Ask = Callable[[Mapping[str, str]], Written | None]
"""The answer for a client with these headers, or None where somebody would have to be asked."""

_MOST = 1024  # targets remembered: points × days looked at
_TELL_AFTER = 1.0  # seconds
_REASONS = {200: "OK", 304: "Not Modified"}
_log = structlog.get_logger(__name__)


class AtHand:
    """Targets that were answered the ordinary way, and what would answer them at once."""

    def __init__(self) -> None:
        self._asks: dict[str, Ask] = {}
        self._told = 0
        self.ids_begin = ""  # with this the ids of the newest answers begin; their number follows

    def learn(self, target: str, ask: Ask) -> None:
        """This target, as it was sent, was read strictly and answered; the same letters mean the same again."""
        if target in self._asks:
            return
        self._asks[target] = ask
        if len(self._asks) > _MOST:
            del self._asks[next(iter(self._asks))]

    def answer(self, message: RawRequestMessage) -> bytes | None:
        """The whole answer to a request without a body; None for one that goes the ordinary way."""
        ask = self._asks.get(message.path)
        if ask is None or message.method != hdrs.METH_GET or message.version != HttpVersion11:
            return None
        headers = message.headers
        if message.should_close or message.upgrade or hdrs.EXPECT in headers:
            return None
        written = ask(headers)
        if written is None:
            return None
        own = f"X-Request-Id: {self._next_id()}\r\nDate: {rfc822_formatted_time()}\r\n\r\n".encode()
        if written.known_to(headers):
            return _head(written, 304) + own
        return b"".join((_head(written, 200), own, written.body))

    def _next_id(self) -> str:
        if not self._told:
            self.ids_begin = token_hex(8)
            asyncio.get_running_loop().call_later(_TELL_AFTER, self._tell)
        self._told += 1
        return f"{self.ids_begin}{self._told:08x}"

    def _tell(self) -> None:
        _log.info("answered_at_hand", requests=self._told, ids_begin=self.ids_begin)
        self._told = 0


@lru_cache(256)
def _head(written: Written, status: int) -> bytes:
    """What all answers with a view have in common: what ``middleware.add_headers`` and aiohttp would say."""
    named = {**SECURITY_HEADERS, **written.headers, hdrs.SERVER: "tongban"}
    if status == 200:
        named[hdrs.CONTENT_TYPE] = "application/json; charset=utf-8"
        named[hdrs.CONTENT_LENGTH] = str(len(written.body))
    lines = [f"HTTP/1.1 {status} {_REASONS[status]}", *(f"{name}: {value}" for name, value in named.items()), ""]
    return "\r\n".join(lines).encode()
