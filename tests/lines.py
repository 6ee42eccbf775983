"""Connections on which a test sends every byte itself."""

import asyncio
from contextlib import suppress


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close, and wait until the socket is: one left to the garbage collector is told of in some later test."""
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
