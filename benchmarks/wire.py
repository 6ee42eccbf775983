"""A client that costs little: one keep-alive HTTP/1.1 connection, one request at a time."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_GZIP = b"\x1f\x8b"
_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


@dataclass(frozen=True)
class Answer:
    """What came back, whole."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        """The body read as JSON, opened first where it was pressed."""
        pressed = self.body.startswith(_GZIP)
        return json.loads(gzip.decompress(self.body) if pressed else self.body)


class Line(asyncio.Protocol):
    """One connection. Answers must tell their length, as all answers of the API do."""

    def __init__(self) -> None:
        self._heard = bytearray()
        self._asked: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits for an answer that cannot come."""
        if self._asked and not self._asked.done():
            self._asked.set_exception(exc or ConnectionResetError("closed before the answer"))

    def data_received(self, data: bytes) -> None:
        """Collect until an answer is whole."""
        self._heard += data
        end = self._heard.find(_HEAD_END)
        if end < 0:
            return
        head = bytes(self._heard[:end]).lower()
        at = head.index(_LENGTH) + len(_LENGTH)
        length = int(head[at : head.find(b"\r\n", at) if b"\r\n" in head[at:] else end])
        if len(self._heard) < end + 4 + length or self._asked is None:
            return
        answer = Answer(int(head[9:12]), bytes(self._heard[end + 4 : end + 4 + length]))
        self._heard.clear()
        self._asked.set_result(answer)

    async def ask(self, request: bytes) -> Answer:
        """Send one request and wait. Raises OSError when the connection ends first."""
        assert self._transport is not None
        if self._transport.is_closing():
            raise ConnectionResetError("closed")
        self._asked = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._asked

    def close(self) -> None:
        """Hang up."""
        if self._transport:
            self._transport.close()


@asynccontextmanager
async def lines(base: str, count: int) -> AsyncIterator[list[Line]]:
    """So many open connections to one server on this machine."""
    at, loop = urlsplit(base), asyncio.get_running_loop()
    if at.hostname != "127.0.0.1" or at.port is None:
        raise ValueError("load goes to a port of 127.0.0.1 only")
    made: list[Line] = []
    try:
        for _ in range(count):
            _, line = await loop.create_connection(Line, at.hostname, at.port)
            made.append(line)
        yield made
    finally:
        for line in made:
            line.close()


def request(method: str, path: str, body: object = None, headers: Sequence[str] = ()) -> bytes:
    """A request as bytes, made before the measurement."""
    sent = b"" if body is None else json.dumps(body).encode()
    head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: application/json", *headers]
    if sent:
        head += ["Content-Type: application/json", f"Content-Length: {len(sent)}"]
    return "\r\n".join([*head, "", ""]).encode() + sent
