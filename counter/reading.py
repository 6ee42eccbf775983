"""Reading a body: whole, or not at all."""

import asyncio

from aiohttp import web

from domain.refusal import Refusal

BODY_SECONDS = 15.0


async def read_body(request: web.Request) -> bytes:
    """The body; the application bounds its size. Raises Refusal ``too_slow`` when it doesn't come in time."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise Refusal("too_slow") from None
