"""Everything this sandbox WeChat knows, in one place, and how an API call proves who makes it."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from aiohttp import web

from gateways.sandbox.answers import WireError
from gateways.sandbox.apps import AppBook, AppKind, SandboxApp
from gateways.sandbox.consents import Consents
from gateways.sandbox.people import People
from gateways.sandbox.pushes import PushEngine
from gateways.sandbox.quotas import Quotas
from gateways.sandbox.tokens import TokenOffice
from gateways.sandbox.windows import Windows

_ESCAPED = re.compile(rb"(?<!\\)\\u[0-9a-fA-F]{4}")


@dataclass
class World:
    """The state behind the API. ``pages`` None means: every page is in the released mini-program.

    ``session_keys``: the one valid key by (appid, user). ``risky_words``: what the content check objects to.
    ``links``: what URL links and schemes lead to. ``taken``: the msgid of a template message by person and
    client_msg_id.
    """

    clock: Callable[[], datetime]
    apps: AppBook
    templates: Mapping[str, Mapping[str, str]]
    pages: Collection[str] | None
    people: People
    tokens: TokenOffice
    quotas: Quotas
    consents: Consents
    windows: Windows
    pushes: PushEngine
    session_keys: dict[tuple[str, str], str] = field(default_factory=dict)
    risky_words: set[str] = field(default_factory=set)
    links: dict[str, dict[str, Any]] = field(default_factory=dict)
    menus: dict[str, Any] = field(default_factory=dict)
    taken: dict[tuple[str, str], int] = field(default_factory=dict)
    last_msgid: int = 200_000_000

    def next_msgid(self) -> int:
        """Return the id of a message we take for delivery."""
        self.last_msgid += 1
        return self.last_msgid

    def template(self, template_id: Any) -> Mapping[str, str]:
        """Return the fields of a template; raise 40037."""
        found = self.templates.get(template_id) if isinstance(template_id, str) else None
        if found is None:
            raise WireError(40037)
        return found

    def check_page(self, page: Any) -> None:
        """Raise 41030 for a page the released mini-program doesn't have; no page at all is fine."""
        if not page:
            return
        if not isinstance(page, str):
            raise WireError(41030)
        path = page.partition("?")[0]
        if path.startswith("/") or (self.pages is not None and path not in self.pages):
            raise WireError(41030)


WORLD = web.AppKey("world", World)
OPENED = web.RequestKey("opened", bytes)
"""The body of a call that came in an envelope (``api_security``)."""


def caller(request: web.Request, kind: AppKind | None = None) -> tuple[World, SandboxApp]:
    """Return the world and the app whose access_token came; raise 41001, 40001, 42001, 48001, 45009, 45011."""
    world = request.app[WORLD]
    app = world.apps.find(world.tokens.check(request.query.get("access_token", "")))
    if app is None:
        raise WireError(40001)
    if kind is not None and app.kind is not kind:
        raise WireError(48001)
    world.quotas.call(app.appid, request.path)
    return world, app


async def body_of(request: web.Request) -> dict[str, Any]:
    """Read a JSON object; raise 44002 (nothing), 40033 (unicode escapes), 47001 (anything else)."""
    raw = request[OPENED] if OPENED in request else await request.read()
    if not raw:
        raise WireError(44002)
    if _ESCAPED.search(raw):
        raise WireError(40033)
    try:
        body = orjson.loads(raw)
    except ValueError:
        raise WireError(47001) from None
    if not isinstance(body, dict):
        raise WireError(47001)
    return body
