"""Reading a body: whole, or not at all."""

import asyncio

from aiohttp import web

from domain.refusal import Refusal

BODY_SECONDS = 15.0
_LONGEST_NUMBER = 9


async def read_body(request: web.Request) -> bytes:
    """The body; the application bounds its size. Raises Refusal ``too_slow`` when it doesn't come in time."""
    if request.content.is_eof():  # all of it came with the head, as a short form does: nothing to wait for
        return await request.read()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise Refusal("too_slow") from None


def row_number(request: web.Request, unknown: str, name: str = "number") -> int:
    """The number of a row in the path; what no row could have is the refusal ``unknown``."""
    text = request.match_info[name]
    if not text.isascii() or not text.isdigit() or len(text) > _LONGEST_NUMBER:
        raise Refusal(unknown)
    return int(text)
