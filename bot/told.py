"""Answers of this door, all under the same headers; as a rule an answer leaves in one piece.

The one place beneath aiohttp's answers: it puts the head together anew for each, asks both applications about it and
sends it beside the body, which costs a push 12 µs (docs/benchmarks.md, F5). Here the head stands ready. What is not an
ordinary connection that goes on (HTTP/1.0, ``Connection: close``, a client that does not read) is left to aiohttp.
"""

from functools import cache

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http import HttpVersion11

from bot.headers import HEADERS


class Told(web.Response):
    """Words for WeChat with status 200."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the whole answer, or let aiohttp begin with it."""
        transport = request.transport
        goes_on = request.version == HttpVersion11 and request.keep_alive and request.method != hdrs.METH_HEAD
        if not goes_on or self.prepared or transport is None or request.protocol.writing_paused:
            return await super().prepare(request)
        body = self.body
        assert isinstance(body, bytes)
        head = _head(self.headers[hdrs.CONTENT_TYPE], rfc822_formatted_time())
        transport.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        self._keep_alive, self._eof_sent = True, True  # what aiohttp's own sending would leave
        return None


def told(text: str, kind: str = "text/plain") -> Told:
    """An answer with these words; ``kind`` is their content type."""
    return Told(text=text, content_type=kind, headers=HEADERS)


@cache
def _fixed(kind: str) -> str:
    lines = (f"{name}: {value}" for name, value in {**HEADERS, hdrs.CONTENT_TYPE: kind}.items())
    return "\r\n".join(("HTTP/1.1 200 OK", *lines))


def _head(kind: str, date: str) -> bytes:
    """Up to the length of the body."""
    return f"{_fixed(kind)}\r\nDate: {date}\r\nContent-Length: ".encode()
