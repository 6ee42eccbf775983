"""How every gateway speaks HTTP: one session per process, short patience, no redirects, bounded answers."""

from collections.abc import Coroutine, Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import urlencode

import aiohttp
from aiohttp.http import SERVER_SOFTWARE
from yarl import URL

from gateways.connections import LONGEST_ANSWER, Answer, Connections, Origin
from gateways.trouble import UnreachableError

TOTAL_SECONDS = 5.0


def open_session(total_seconds: float = TOTAL_SECONDS) -> aiohttp.ClientSession:
    """Make the one session of this process; the caller closes it. Must be called inside a running loop."""
    return aiohttp.ClientSession(
        connector=_Connector(total_seconds),
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


async def post(
    session: aiohttp.ClientSession,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    body: bytes,
    headers: Mapping[str, str],
) -> Answer:
    """As ``ask`` with POST, for what is sent in masses. ``session`` is one of ``open_session``.

    ``url`` is one of a few: what differs from one message to the next stands in ``params`` and ``headers``.

    Raises UnreachableError as ``ask`` does; ValueError for a header that would be more than one.
    """
    way, connector = _way(url), session.connector
    if connector is None:
        raise UnreachableError("closed")
    assert isinstance(connector, _Connector)
    target = f"{way.target}{'&' if '?' in way.target else '?'}{urlencode(params)}" if params else way.target
    told = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if told.count("\r") + told.count("\n") != 2 * len(headers):
        raise ValueError("a header is one line")
    head = f"POST {target} HTTP/1.1\r\n{way.headers}{told}Content-Length: {len(body)}\r\n\r\n"
    return await connector.connections_to(way.origin).ask(head.encode() + body)


class _Way(NamedTuple):
    """An address taken apart: whom to connect to, what to ask for there, and the headers that are always the same."""

    origin: Origin
    target: str
    headers: str


@lru_cache(maxsize=64)
def _way(url: str) -> _Way:
    """Raises UnreachableError for what is no address of a web server."""
    try:
        at = URL(url)
    except ValueError:
        raise UnreachableError("InvalidUrlClientError") from None
    if at.scheme not in {"http", "https"}:
        raise UnreachableError("NonHttpUrlClientError")
    if not at.raw_host or at.port is None:
        raise UnreachableError("InvalidUrlClientError")
    host = at.raw_host
    named = f"[{host}]" if ":" in host else host
    lines = {
        "Host": named if at.is_default_port() else f"{named}:{at.port}",
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "User-Agent": SERVER_SOFTWARE,
    }
    if at.user is not None:
        lines["Authorization"] = aiohttp.encode_basic_auth(at.user, at.password or "")
    headers = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return _Way(Origin(host, at.port, at.scheme == "https"), at.raw_path_qs, headers)


class _Connector(aiohttp.TCPConnector):
    """The session's own connections, and beside them those for what is sent in masses; they are closed together."""

    def __init__(self, total_seconds: float) -> None:
        super().__init__()
        self._total_seconds = total_seconds
        self._to: dict[Origin, Connections] = {}

    def connections_to(self, origin: Origin) -> Connections:
        """The connections kept open to this origin."""
        there = self._to.get(origin)
        if there is None:
            there = self._to[origin] = Connections(origin, self._total_seconds)
        return there

    def close(self, *, abort_ssl: bool = False) -> Coroutine[Any, Any, None]:
        """Close all of them."""
        for connections in self._to.values():
            connections.close()
        return super().close(abort_ssl=abort_ssl)


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LONGEST_ANSWER:
            raise UnreachableError("answer_too_long")
    return bytes(body)
