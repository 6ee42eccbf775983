"""The server API that makes ways into the mini-program: URL links and schemes."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from gateways.sandbox.answers import WireError, ok
from gateways.sandbox.apps import AppKind, SandboxApp
from gateways.sandbox.world import World, body_of, caller

_LONGEST_DAYS = 30


async def generate_urllink(request: web.Request) -> web.Response:
    """``POST /wxa/generate_urllink``."""
    world, app = caller(request, AppKind.MINIAPP)
    body = await body_of(request)
    return ok(url_link=_made(world, app, body, body, "https://wxaurl.cn/"))


async def query_urllink(request: web.Request) -> web.Response:
    """``POST /wxa/query_urllink``."""
    world, app = caller(request, AppKind.MINIAPP)
    made = world.links.get(str((await body_of(request)).get("url_link", "")))
    if made is None or made["appid"] != app.appid:
        raise WireError(40097)
    return ok(url_link_info=made, quota_info={"remain_visit_quota": 3_000_000})


async def generate_scheme(request: web.Request) -> web.Response:
    """``POST /wxa/generatescheme``."""
    world, app = caller(request, AppKind.MINIAPP)
    body = await body_of(request)
    where = body.get("jump_wxa", {})
    if not isinstance(where, dict):
        raise WireError(40097)
    return ok(openlink=_made(world, app, where, body, "weixin://dl/business/?t="))


def _made(world: World, app: SandboxApp, where: dict[str, Any], asked: dict[str, Any], begins: str) -> str:
    path, query = where.get("path", ""), where.get("query", "")
    if not isinstance(path, str) or not isinstance(query, str) or len(query) > 1024:
        raise WireError(40097)
    world.check_page(path.removeprefix("/"))
    now = world.clock()
    link = begins + secrets.token_urlsafe(8)
    world.links[link] = {
        "appid": app.appid,
        "path": path,
        "query": query,
        "create_time": int(now.timestamp()),
        "expire_time": int(_until(asked, now).timestamp()),
        "env_version": where.get("env_version", "release"),
    }
    return link


def _until(asked: dict[str, Any], now: datetime) -> datetime:
    """Thirty days at most, by a moment (``expire_type`` 0) or by days (1)."""
    latest = now + timedelta(days=_LONGEST_DAYS)
    if asked.get("expire_type", 0) == 1:
        days = asked.get("expire_interval", _LONGEST_DAYS)
        if not isinstance(days, int) or not 1 <= days <= _LONGEST_DAYS:
            raise WireError(40097)
        return now + timedelta(days=days)
    moment = asked.get("expire_time")
    if moment is None:
        return latest
    if not isinstance(moment, int) or not now.timestamp() < moment <= latest.timestamp():
        raise WireError(40097)
    return datetime.fromtimestamp(moment, tz=now.tzinfo)


ROUTES = (
    web.post("/wxa/generate_urllink", generate_urllink),
    web.post("/wxa/query_urllink", query_urllink),
    web.post("/wxa/generatescheme", generate_scheme),
)
