"""The server API that looks at what people write and show: content checks, and reading an identity card."""

import secrets
from typing import Any

from aiohttp import web

from gateways.sandbox.answers import WireError, ok, told
from gateways.sandbox.apps import AppKind, SandboxApp
from gateways.sandbox.people import Person
from gateways.sandbox.shapes import RiskyWords, parsed
from gateways.sandbox.world import WORLD, World, body_of, caller

_LONGEST_TEXT = 2500
_SCENES = frozenset({1, 2, 3, 4})
_FINE, _RISKY = 100, 20006
_FRONT = {
    "name": "张三",
    "id": "110101199001011237",
    "addr": "北京市东城区虚构街1号",
    "gender": "男",
    "nationality": "汉",
}
_BACK = {"valid_date": "20170101-20370101"}


async def check_text(request: web.Request) -> web.Response:
    """``POST /wxa/msg_sec_check``, version 2: risky where one of the words set by ``/sandbox/risky-words`` stands."""
    world, app = caller(request, AppKind.MINIAPP)
    body = await body_of(request)
    _checked(world, app, body)
    content = body.get("content")
    if not isinstance(content, str) or not 0 < len(content) <= _LONGEST_TEXT:
        raise WireError(47001 if not isinstance(content, str) else 45002)
    found = [word for word in sorted(world.risky_words) if word in content]
    verdict = {"suggest": "risky", "label": _RISKY} if found else {"suggest": "pass", "label": _FINE}
    detail = [{"strategy": "keyword", "errcode": 0, **verdict, "level": 90, "keyword": word} for word in found]
    return ok(result=verdict, detail=detail, trace_id=secrets.token_hex(12))


async def check_media(request: web.Request) -> web.Response:
    """``POST /wxa/media_check_async``: the verdict comes later, as a push; risky where the address holds a word."""
    world, app = caller(request, AppKind.MINIAPP)
    body = await body_of(request)
    person = _checked(world, app, body)
    url = body.get("media_url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")) or body.get("media_type") not in {1, 2}:
        raise WireError(40097)
    trace_id = secrets.token_hex(16)
    suggest = "risky" if any(word in url for word in world.risky_words) else "pass"
    world.pushes.later(_told_later(world, app, person, trace_id, suggest))
    return ok(trace_id=trace_id)


async def _told_later(world: World, app: SandboxApp, person: Person, trace_id: str, suggest: str) -> None:
    fields = {"Event": "wxa_media_check", "appid": app.appid, "trace_id": trace_id, "version": "2"}
    await world.pushes.event(app, person, {**fields, "suggest": suggest, "errcode": "0"})


async def read_card(request: web.Request) -> web.Response:
    """``POST /cv/ocr/idcard``: an invented card, whatever is shown; ``back`` in the address turns it over."""
    caller(request)
    url = request.query.get("img_url", "")
    shown = url or (await request.post()).get("img")
    if not shown:
        raise WireError(41005)
    if url and not url.startswith(("http://", "https://")):
        raise WireError(101000)
    if "back" in url:
        return ok(type="Back", **_BACK)
    return told({"errcode": "0", "errmsg": "ok", "type": "Front", **_FRONT})  # a string, as the real one answers


async def set_risky_words(request: web.Request) -> web.Response:
    """``POST /sandbox/risky-words``: what the content checks object to from now on."""
    world = request.app[WORLD]
    world.risky_words = set((await parsed(request, RiskyWords)).words)
    return ok(words=sorted(world.risky_words))


def _checked(world: World, app: SandboxApp, body: dict[str, Any]) -> Person:
    """Version, scene and person of a check (40097, 40003)."""
    if body.get("version") != 2 or body.get("scene") not in _SCENES:
        raise WireError(40097)
    return world.people.of_openid(app, body.get("openid"))


ROUTES = (
    web.post("/wxa/msg_sec_check", check_text),
    web.post("/wxa/media_check_async", check_media),
    web.post("/cv/ocr/idcard", read_card),
    web.post("/sandbox/risky-words", set_risky_words),
)
