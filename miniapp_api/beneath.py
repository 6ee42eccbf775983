"""Beneath aiohttp's routing: what many ask alike is told at once where the answer is at hand.

At nine o'clock thousands look at the same day of the same point, a thousand looks for each place that is taken. aiohttp
reads the request; then, for a target that was answered before and whose answer nobody needs to be asked for
(``miniapp_api.at_hand``), the answer goes straight to the socket, without a task, a request object, middlewares and
routing: 100 µs of the one process become 15 (docs/benchmarks.md, F4). Everything else goes on as if this were not here:
another method, a body, a connection that is to be closed, something not finished yet on the same connection, a client
that does not read.
"""

import socket
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from aiohttp.streams import EMPTY_PAYLOAD

from miniapp_api.at_hand import AtHand
from miniapp_api.keys import AT_HAND

_Read = tuple[Sequence[Any], bool, bytes]
_NOTHING: _Read = ((), False, b"")


async def open_door(app: web.Application, listener: socket.socket) -> web.AppRunner:
    """Serve an application on a listening socket, with its answers at hand if it has such; the caller cleans up."""
    runner = runner_of(app, access_log=None, handle_signals=False, shutdown_timeout=5)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    return runner


def runner_of(app: web.Application, **named: Any) -> web.AppRunner:
    """What serves an application; ``named`` as aiohttp names it."""
    at_hand = app.get(AT_HAND)
    return web.AppRunner(app, **named) if at_hand is None else _Runner(app, at_hand, **named)


class _Runner(web.AppRunner):
    def __init__(self, app: web.Application, at_hand: AtHand, **named: Any) -> None:
        super().__init__(app, **named)
        self._at_hand = at_hand

    @property
    def server(self) -> Any:
        """What makes the protocol of a new connection: aiohttp's, its parser looked over."""
        plain = super().server
        if plain is None:
            return None

        return lambda: _Connection(plain, self._at_hand)


class _Connection(web.RequestHandler):
    """aiohttp's protocol of one connection, which counts what is not answered yet."""

    __slots__ = ("under_way",)

    def __init__(self, server: web.Server, at_hand: AtHand) -> None:
        super().__init__(server, loop=server._loop, **server._kwargs)  # noqa: SLF001 — as the server itself does
        self.under_way = 0
        self._parser: Any = _Onlooker(self, self._parser, at_hand)

    async def finish_response(self, *answered: Any) -> tuple[web.StreamResponse, bool]:
        """Send what is left of an answer; then the next request may be answered."""
        try:
            return await super().finish_response(*answered)
        finally:
            self.under_way -= 1

    def tell(self, answer: bytes) -> None:
        """Send a whole answer at once; as after any other the connection may rest again."""
        assert self.transport is not None
        self.transport.write(answer)
        self._next_keepalive_close_time = self._loop.time() + self.keepalive_timeout


class _Onlooker:
    """aiohttp's own parser, in C, behind one look at what it read."""

    def __init__(self, connection: _Connection, parser: Any, at_hand: AtHand) -> None:
        self._connection, self._parser, self._at_hand = connection, parser, at_hand
        self._feed = parser.feed_data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)

    def feed_data(self, data: bytes) -> _Read:
        """What was read; nothing if it was one request and is answered already."""
        read: _Read = self._feed(data)
        messages = read[0]
        if len(messages) == 1 and self._answered(*messages[0]):
            return _NOTHING
        self._connection.under_way += len(messages)
        return read

    def _answered(self, message: Any, payload: Any) -> bool:
        connection = self._connection
        if payload is not EMPTY_PAYLOAD or connection.under_way or connection.writing_paused:
            return False
        answer = self._at_hand.answer(message) if connection.connected else None
        if answer is None:
            return False
        self._parser.message_consumed()
        connection.tell(answer)
        return True
