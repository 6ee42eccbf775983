"""How every gateway speaks HTTP: one session per process, short patience, no redirects, bounded answers."""

from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp

from gateways.trouble import UnreachableError

TOTAL_SECONDS = 5.0
LONGEST_ANSWER = 1 << 20  # bytes; a real answer is a few hundred


@dataclass(frozen=True)
class Answer:
    """Status and raw body; content types are not to be believed (WeChat labels JSON text/plain)."""

    status: int
    body: bytes


def open_session(total_seconds: float = TOTAL_SECONDS) -> aiohttp.ClientSession:
    """Make the one session of this process; the caller closes it. Must be called inside a running loop."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=total_seconds),
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def ask(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request and read the whole answer.

    Raises UnreachableError on refused or dropped connections, timeouts and answers over a mebibyte. The library's own
    exception is cut off: its text may carry the URL, and WeChat's URLs carry secrets.
    """
    try:
        async with session.request(
            method, url, params=params, data=body, headers=headers, allow_redirects=False
        ) as response:
            return Answer(response.status, await _read(response))
    except (aiohttp.ClientError, OSError) as trouble:  # TimeoutError is an OSError
        raise UnreachableError(type(trouble).__name__) from None


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LONGEST_ANSWER:
            raise UnreachableError("answer_too_long")
    return bytes(body)
