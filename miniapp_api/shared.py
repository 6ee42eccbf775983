"""Answers that many people get alike: written once, marked with an ETag, and not sent again to who has them.

An act says that nothing has changed by returning the very same view again (``casework.find_place.free_slots``).
"""

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson
from aiohttp import hdrs, web

_KEPT = 64


@dataclass(frozen=True)
class _Written:
    view: Any  # kept, so that no other view gets its identity
    body: bytes
    etag: str


class Shared:
    """The newest views of one route as the bytes they are sent as."""

    def __init__(self) -> None:
        self._kept: dict[int, _Written] = {}

    def answer(self, request: web.Request, view: Any) -> web.Response:
        """The view as JSON; 304 for a client that says it has this one (``If-None-Match``)."""
        written = self._kept.get(id(view)) or self._write(view)
        headers = {hdrs.ETAG: written.etag, hdrs.CACHE_CONTROL: "no-cache"}  # keep it if you like, but ask each time
        if written.etag in request.headers.get(hdrs.IF_NONE_MATCH, ""):
            return web.Response(status=304, headers=headers)
        return web.Response(body=written.body, content_type="application/json", charset="utf-8", headers=headers)

    def _write(self, view: Any) -> _Written:
        body = orjson.dumps(view, option=orjson.OPT_UTC_Z)
        written = _Written(view, body, f'"{blake2b(body, digest_size=12).hexdigest()}"')
        self._kept[id(view)] = written
        if len(self._kept) > _KEPT:
            del self._kept[next(iter(self._kept))]
        return written
