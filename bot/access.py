"""Who may come in: WeChat, and it must prove it. Every route says by which proof; a handler gets what was proven."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import hdrs, web

from bot.envelope import Letter
from bot.keys import DEPS, ENVELOPE
from domain.refusal import Refusal

LARGEST_BODY: Final = 64 * 1024  # bytes; a push is some 3 KiB at most
ALL_SECONDS: Final = 4.0  # WeChat hangs up after five
DEADLINE = web.RequestKey("deadline", float)
"""When the answer must leave, on the event loop's clock."""

Handler = Callable[[web.Request], Awaitable[web.Response]]
PushHandler = Callable[[web.Request, Letter], Awaitable[web.Response]]
AnyHandler = Callable[..., Awaitable[web.Response]]


@dataclass(frozen=True)
class Access:
    """A proof that is asked for; ``guard`` puts it before a handler."""

    name: str
    guard: Callable[[AnyHandler], Handler]


def _guard_address(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.Response:
        request.app[ENVELOPE].check_address(request.query, request.app[DEPS].clock.now())
        return await handler(request)

    return guarded


def _guard_push(handler: PushHandler) -> Handler:
    async def guarded(request: web.Request) -> web.Response:
        request[DEADLINE] = asyncio.get_running_loop().time() + ALL_SECONDS
        body = await _body(request)
        letter = request.app[ENVELOPE].open(request.query, body, request.app[DEPS].clock.now())
        return await handler(request, letter)

    return guarded


SIGNED_ADDRESS: Final = Access("signed address", _guard_address)
SIGNED_PUSH: Final = Access("signed push", _guard_push)


async def _body(request: web.Request) -> bytes:
    """Read the body, no further than the limit. Raises Refusal ``too_large``, ``push_slow`` or ``push_malformed``."""
    if hdrs.CONTENT_ENCODING in request.headers:
        raise Refusal("push_malformed")  # WeChat never compresses, and a small body could unfold into a large one
    if (request.content_length or 0) > LARGEST_BODY:
        raise Refusal("too_large")
    try:
        async with asyncio.timeout_at(request[DEADLINE]):
            return await _read(request)
    except TimeoutError:
        raise Refusal("push_slow") from None


async def _read(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Refusal("too_large")
    return bytes(body)
