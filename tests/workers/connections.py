"""A line to the queue that can be cut and mended: what a Redis that blinks looks like from here."""

import asyncio
from contextlib import suppress
from typing import Protocol

from workers.queue import ArqQueue


class Line(Protocol):
    queue: ArqQueue

    async def cut(self) -> None: ...

    async def mend(self) -> None: ...


class EmbeddedLine:
    """The embedded server can be told to be away."""

    def __init__(self, queue: ArqQueue) -> None:
        self.queue = queue
        self._server = queue.redis.connection_pool.connection_kwargs["server"]

    async def cut(self) -> None:
        self._server.connected = False

    async def mend(self) -> None:
        self._server.connected = True


class ProxiedLine:
    """A TCP proxy before a real Redis; cut, it drops every connection and takes none."""

    queue: ArqQueue

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._carriers: set[asyncio.Task[None]] = set()
        self.port = 0

    async def mend(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def close(self) -> None:
        await self.cut()
        await asyncio.gather(*self._carriers, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(*self._there)
        self._writers |= {writer, there_writer}
        ways = [(reader, there_writer), (there_reader, writer)]
        pipes = [asyncio.create_task(_pipe(*way)) for way in ways]
        self._carriers |= set(pipes)
        await asyncio.wait(pipes)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
