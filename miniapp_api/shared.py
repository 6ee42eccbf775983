"""Answers that many people get alike: written once, marked with an ETag, and not sent again to who has them.

An act says that nothing has changed by returning the very same view again (``casework.find_place.free_slots``).
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any

import orjson
from aiohttp import hdrs, web

_KEPT = 64
_WORTH_PRESSING = 1400  # bytes: what goes in one packet needs no gzip
_GZIP = 31  # zlib's word for the gzip format


@dataclass(frozen=True, eq=False)
class Written:
    """A view as bytes; ``body`` is pressed where ``pressed`` is."""

    view: Any  # kept, so that no other view gets its identity
    body: bytes
    mark: str
    pressed: bool = False

    @cached_property
    def gzip(self) -> "Written":
        """The same, pressed; by a tenth of its length where it says three hundred times nearly the same."""
        if len(self.body) < _WORTH_PRESSING:
            return self
        press = zlib.compressobj(level=1, wbits=_GZIP)
        return Written(self.view, press.compress(self.body) + press.flush(), self.mark, pressed=True)

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """What goes with it, also when it is not sent again. Keep it if you like, but ask each time."""
        named: dict[str, str] = {
            hdrs.ETAG: f'"{self.mark}{"-gzip" if self.pressed else ""}"',
            hdrs.CACHE_CONTROL: "no-cache",
            hdrs.VARY: hdrs.ACCEPT_ENCODING,
        }
        if self.pressed:
            named[hdrs.CONTENT_ENCODING] = "gzip"
        return named

    def known_to(self, headers: Mapping[str, str]) -> bool:
        """Whether the client says it has this (``If-None-Match``), pressed or not."""
        return self.mark in headers.get(hdrs.IF_NONE_MATCH, "")


class Shared:
    """The newest views of one route as the bytes they are sent as."""

    def __init__(self) -> None:
        self._kept: dict[int, Written] = {}

    def answer(self, request: web.Request, view: Any) -> web.Response:
        """The view as JSON; 304 for a client that says it has this one."""
        written = self.written(view, request.headers)
        if written.known_to(request.headers):
            return web.Response(status=304, headers=written.headers)
        return web.Response(
            body=written.body, content_type="application/json", charset="utf-8", headers=written.headers
        )

    def written(self, view: Any, headers: Mapping[str, str]) -> Written:
        """The view as bytes that a client with these headers understands."""
        written = self._kept.get(id(view)) or self._write(view)
        return written.gzip if takes_gzip(headers.get(hdrs.ACCEPT_ENCODING, "")) else written

    def _write(self, view: Any) -> Written:
        body = orjson.dumps(view, option=orjson.OPT_UTC_Z)
        written = Written(view, body, blake2b(body, digest_size=12).hexdigest())
        self._kept[id(view)] = written
        if len(self._kept) > _KEPT:
            del self._kept[next(iter(self._kept))]
        return written


@lru_cache(256)
def takes_gzip(accepted: str) -> bool:
    """Whether an ``Accept-Encoding`` allows gzip (RFC 9110, 12.5.3): named, and not with a weight of 0."""
    weights = {}
    for one in accepted.lower().split(","):
        name, _, weight = one.partition(";")
        weights[name.strip()] = weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return weights.get("gzip", False)
