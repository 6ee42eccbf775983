"""The answer to an ordinary scan: on to the case. It leaves in one piece.

The one place beneath aiohttp's answers in this door: putting the head together anew and sending it cost a scan 15 µs
(docs/benchmarks.md, F7). Here it stands ready but for address, id and date. What is not an ordinary connection that
goes on (HTTP/1.0, ``Connection: close``, a client that does not read) is left to aiohttp.
"""

from functools import cache

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import HttpVersion11

from counter.keys import REQUEST_ID
from counter.middleware import HEADERS


class SentOn(web.Response):
    """303 to an address of ours, after a POST."""

    def __init__(self, path: str) -> None:
        super().__init__(status=303, headers={hdrs.LOCATION: path})

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the whole answer, or let aiohttp begin with it."""
        transport, path = request.transport, self.headers[hdrs.LOCATION]
        goes_on = request.version == HttpVersion11 and request.keep_alive and path.isascii() and path.isprintable()
        if not goes_on or self.prepared or transport is None or request.protocol.writing_paused:
            return await super().prepare(request)
        transport.write(
            f"{_fixed()}\r\nX-Request-Id: {request[REQUEST_ID]}\r\nLocation: {path}\r\n"
            f"Date: {rfc822_formatted_time()}\r\n\r\n".encode()
        )
        self._keep_alive, self._eof_sent = True, True  # what aiohttp's own sending would leave
        return None


@cache
def _fixed() -> str:
    lines = (f"{name}: {value}" for name, value in {**HEADERS, hdrs.CONTENT_LENGTH: "0"}.items())
    return "\r\n".join(("HTTP/1.1 303 See Other", *lines))
