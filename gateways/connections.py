"""Connections kept open to one provider, for messages sent in masses: beneath the client library, a third of its cost.

aiohttp's parser reads the answers; everything around it is as aiohttp does it for a POST, down to the words for what
went wrong: a request that may have been heard is never repeated here, whoever asks decides about that. A connection
carries one request at a time. The other side may close it while it is idle; then another is taken. One on which
anything went wrong, that was given up waiting for, or that said more than it was asked, is closed.
"""

import asyncio
import contextlib
import socket
import ssl
from collections import deque
from collections.abc import Awaitable, Sequence
from typing import Final, NamedTuple, TypeVar

from aiohappyeyeballs import AddrInfoType, start_connection
from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpResponseParser, RawResponseMessage

from gateways.trouble import UnreachableError

MOST_CONNECTIONS: Final = 64  # to one provider; whoever needs another one waits
IDLE_SECONDS: Final = 15.0  # then it is closed by us
LONGEST_ANSWER: Final = 1 << 20  # bytes; a real answer is a few hundred
_ADDRESSES_SECONDS = 10.0  # a name is looked up again after this
_NEXT_ADDRESS_SECONDS = 0.25  # RFC 8305: when an address does not answer, the next one is tried beside it


T = TypeVar("T")


class Answer(NamedTuple):
    """Status and raw body; content types are not to be believed (WeChat labels JSON text/plain)."""

    status: int
    body: bytes


class Origin(NamedTuple):
    """Whom connections lead to."""

    host: str
    port: int
    tls: bool


class Connections:
    """All connections to one origin; made inside a running loop, and closed by whoever made them."""

    def __init__(self, origin: Origin, total_seconds: float) -> None:
        self._origin = origin
        self._total_seconds = total_seconds
        self._loop = asyncio.get_running_loop()
        self._tls = _tls() if origin.tls else None
        self._idle: list[_Connection] = []
        self._open: set[_Connection] = set()
        self._room = MOST_CONNECTIONS
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._addresses: Sequence[AddrInfoType] = ()
        self._addresses_until = float("-inf")
        self._asking_addresses = asyncio.Lock()
        self._sweeping: asyncio.TimerHandle | None = None
        self._closed = False

    async def ask(self, request: bytes) -> Answer:
        """Send one whole request and read the whole answer.

        Raises UnreachableError as ``gateways.http.ask`` does, with the same reasons.
        """
        if self._closed:
            raise UnreachableError("closed")
        due = self._loop.time() + self._total_seconds
        if self._room:
            self._room -= 1
        else:
            await self._in_time(self._turn(), due)
        try:
            connection = self._taken()
            if connection is None:
                connection = await self._in_time(self._connected(), due)
            answer = await connection.ask(request, due)
            if not connection.spent:
                self._keep(connection)
            return answer
        finally:
            self._leave()

    def close(self) -> None:
        """Close every connection; whoever waits for an answer is told."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for connection in list(self._open):
            connection.fail("closed")
        self._idle.clear()

    def lost(self, connection: "_Connection") -> None:
        """A connection is no more."""
        self._open.discard(connection)

    def _taken(self) -> "_Connection | None":
        """The connection used last: the others may close."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.spent:
                return connection
        return None

    def _keep(self, connection: "_Connection") -> None:
        connection.idle_since = self._loop.time()
        self._idle.append(connection)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(IDLE_SECONDS, self._sweep)

    def _sweep(self) -> None:
        """Close what nobody needed for long; the list is in the order in which they were put back."""
        old = self._loop.time() - IDLE_SECONDS
        for connection in self._idle:
            if connection.idle_since <= old:
                connection.discard()
        self._idle = [connection for connection in self._idle if not connection.spent]
        self._sweeping = self._loop.call_later(IDLE_SECONDS, self._sweep) if self._idle else None

    async def _in_time(self, work: Awaitable[T], due: float) -> T:
        try:
            async with asyncio.timeout_at(due):
                return await work
        except TimeoutError:
            raise UnreachableError("TimeoutError") from None

    async def _turn(self) -> None:
        """Wait until somebody leaves; the first to come is the first to go."""
        mine: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._leave()
            raise

    def _leave(self) -> None:
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():
                first.set_result(None)
                return
        self._room += 1

    async def _connected(self) -> "_Connection":
        host = self._origin.host
        try:
            addresses = await self._looked_up()
        except OSError:
            raise UnreachableError("ClientConnectorDNSError") from None
        try:
            sock = await start_connection(addresses, happy_eyeballs_delay=_NEXT_ADDRESS_SECONDS, interleave=1)
            _, connection = await self._loop.create_connection(
                lambda: _Connection(self, self._loop), sock=sock, ssl=self._tls,
                server_hostname=host if self._tls else None,
            )  # fmt: skip
        except ssl.CertificateError:
            raise UnreachableError("ClientConnectorCertificateError") from None
        except ssl.SSLError:
            raise UnreachableError("ClientConnectorSSLError") from None
        except OSError:
            raise UnreachableError("ClientConnectorError") from None
        self._open.add(connection)
        if self._closed:
            connection.fail("closed")
        return connection

    async def _looked_up(self) -> Sequence[AddrInfoType]:
        """The addresses of the host; one asks for all who open connections at once."""
        async with self._asking_addresses:
            if self._loop.time() > self._addresses_until:
                self._addresses = await self._loop.getaddrinfo(
                    self._origin.host, self._origin.port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
                )
                self._addresses_until = self._loop.time() + _ADDRESSES_SECONDS
            return self._addresses


class _Connection(BaseProtocol):
    """One connection: at most one question at a time. ``spent``: nothing more may be asked on it."""

    __slots__ = ("_answer", "_connections", "_due", "_message", "_payload", "_timer", "idle_since", "spent")

    def __init__(self, connections: Connections, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._connections = connections
        self._answer: asyncio.Future[Answer] | None = None
        self._message: RawResponseMessage | None = None
        self._payload: StreamReader | None = None
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.idle_since = 0.0
        self.spent = False

    async def ask(self, request: bytes, due: float) -> Answer:
        """Send and wait, until ``due`` on the loop's clock. Whoever stops waiting ends the connection."""
        if self.spent or self.transport is None:
            raise UnreachableError("ServerDisconnectedError")
        answer = self._answer = self._loop.create_future()
        self._message = self._payload = None
        self._parser = HttpResponseParser(self, self._loop, LONGEST_ANSWER // 2, read_until_eof=True)
        self._due = due
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._look_at_the_clock)
        self.transport.write(request)
        try:
            told: Answer = await answer
        except asyncio.CancelledError:
            self.discard()
            raise
        return told

    def data_received(self, data: bytes) -> None:
        """Read on; a word that nobody asked for ends the connection."""
        answer = self._answer
        if answer is None or self._parser is None:
            self.discard()
            return
        try:
            messages, upgraded, _ = self._parser.feed_data(data)
        except Exception:  # noqa: BLE001 – not HTTP, whatever it is; the library's text may quote the answer
            self.fail("ClientResponseError" if self._message is None else "ClientPayloadError")
            return
        for message, payload in messages:
            if message.code < 200 and message.code != 101:
                continue  # a word on the way
            if self._message is not None:
                self.spent = True
                break
            self._message, self._payload = message, payload
        self.spent = self.spent or upgraded
        self._read()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The other side is gone, or we are; what it said last may be an answer that ends here."""
        self.spent = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._message is not None and self._parser is not None:
            with contextlib.suppress(Exception):
                self._parser.feed_eof()
            self._read()
        if self._message is not None:
            self.fail("ClientPayloadError")
        else:
            self.fail("ServerDisconnectedError" if exc is None else "ClientOSError")
        super().connection_lost(exc)
        self._connections.lost(self)

    def pause_reading(self) -> None:
        """The reader has more than it may have."""
        if self._parser is not None:
            self._parser.pause_reading()
        self.fail("answer_too_long")

    def resume_reading(self, resume_parser: bool = True) -> None:
        """Nothing was paused."""

    def fail(self, reason: str) -> None:
        """Give up: tell whoever waits, and close."""
        answer, self._answer = self._answer, None
        if answer is not None and not answer.done():
            answer.set_exception(UnreachableError(reason))
        self.discard()

    def discard(self) -> None:
        """Close at once; what was not sent yet is not sent any more."""
        self.spent = True
        self._answer = None
        if self.transport is not None:
            self.transport.abort()

    def _read(self) -> None:
        """Tell the answer if it is whole."""
        message, payload, answer = self._message, self._payload, self._answer
        if message is None or payload is None or answer is None:
            return
        if payload.exception() is not None:
            self.fail("ClientPayloadError")
        elif payload.is_eof():
            self._answer = None
            if message.should_close or self._said_more():
                self.spent = True
            if not answer.done():
                answer.set_result(Answer(message.code, payload.read_nowait()))
            if self.spent:
                self.discard()

    def _said_more(self) -> bool:
        """Whether another answer had begun behind this one: the parser knows it when it is told that this was all."""
        try:
            return self._parser is None or self._parser.feed_eof() is not None
        except Exception:  # noqa: BLE001 – and it is not even HTTP
            return True

    def _look_at_the_clock(self) -> None:
        """One timer serves many questions: it is set anew when it rings too early."""
        self._timer = None
        if self._answer is None:
            return
        if self._loop.time() < self._due:
            self._timer = self._loop.call_at(self._due, self._look_at_the_clock)
        else:
            self.fail("TimeoutError")


def _tls() -> ssl.SSLContext:
    """The system's certificates, the name checked."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
