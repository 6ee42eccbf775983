"""Who may come in: WeChat, and it must prove it. Every route says by which proof; a handler gets what was proven."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import hdrs, web

from bot.envelope import Envelope, Letter
from bot.keys import DEPS
from domain.notice import ProviderReport
from domain.refusal import Refusal

LARGEST_BODY: Final = 64 * 1024  # bytes; a push is some 3 KiB at most
SMS_SIGNATURE: Final = "X-Sms-Signature"
ALL_SECONDS: Final = 3.5  # WeChat hangs up after five; what takes longer is written down meanwhile and brought later
DEADLINE = web.RequestKey("deadline", float)
"""When the answer must leave, on the event loop's clock."""

Handler = Callable[[web.Request], Awaitable[web.Response]]
PushHandler = Callable[[web.Request, Letter], Awaitable[web.Response]]
ReportHandler = Callable[[web.Request, tuple[ProviderReport, ...]], Awaitable[web.Response]]
EnvelopeKey = web.AppKey[Envelope]
AnyHandler = Callable[..., Awaitable[web.Response]]


@dataclass(frozen=True)
class Access:
    """A proof that is asked for; ``guard`` puts it before a handler."""

    name: str
    guard: Callable[[AnyHandler], Handler]


def signed_address(app: EnvelopeKey) -> Access:
    """The address was signed by WeChat for this app, not long ago."""

    def guard(handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            request.app[app].check_address(request.query, request.app[DEPS].clock.now())
            return await handler(request)

        return guarded

    return Access("signed address", guard)


def signed_push(app: EnvelopeKey) -> Access:
    """The push was signed, and where the app's mode says so encrypted, by WeChat for this app."""

    def guard(handler: PushHandler) -> Handler:
        async def guarded(request: web.Request) -> web.Response:
            request[DEADLINE] = asyncio.get_running_loop().time() + ALL_SECONDS
            body = await _body(request)
            letter = request.app[app].open(request.query, body, request.app[DEPS].clock.now())
            return await handler(request, letter)

        return guarded

    return Access("signed push", guard)


def _guard_reports(handler: ReportHandler) -> Handler:
    async def guarded(request: web.Request) -> web.Response:
        request[DEADLINE] = asyncio.get_running_loop().time() + ALL_SECONDS
        body = await _body(request)
        signature = request.headers.get(SMS_SIGNATURE, "")
        return await handler(request, request.app[DEPS].sms.read_reports(body, signature))

    return guarded


SIGNED_REPORTS: Final = Access("signed reports of the SMS provider", _guard_reports)


async def _body(request: web.Request) -> bytes:
    """Read the body, no further than the limit. Raises Refusal ``too_large``, ``push_slow`` or ``push_malformed``."""
    if hdrs.CONTENT_ENCODING in request.headers:
        raise Refusal("push_malformed")  # WeChat never compresses, and a small body could unfold into a large one
    if (request.content_length or 0) > LARGEST_BODY:
        raise Refusal("too_large")
    if request.content.is_eof():  # it came with its head, as nearly every push does: no clock is needed
        body = request.content.read_nowait()
        if len(body) > LARGEST_BODY:
            raise Refusal("too_large")
        return body
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
