"""The server API about the server API: counts, what went wrong with a call, where pushes come from."""

from aiohttp import web

from gateways.sandbox.answers import RIDS, WireError, ok, told
from gateways.sandbox.quotas import DAY_LIMITS, OTHER_PER_DAY
from gateways.sandbox.world import WORLD, body_of, caller


async def clear_quota(request: web.Request) -> web.Response:
    """``POST /cgi-bin/clear_quota``: all counts of the app begin anew; ten times a month."""
    world, app = caller(request)
    if (await body_of(request)).get("appid") != app.appid:
        raise WireError(40013)
    world.quotas.clear(app.appid)
    return ok()


async def clear_quota_by_secret(request: web.Request) -> web.Response:
    """``POST /cgi-bin/clear_quota/v2``: the same by AppSecret, where the token's own quota is used up."""
    world, body = request.app[WORLD], await body_of(request)
    app = world.apps.authenticate(str(body.get("appid", "")), str(body.get("appsecret", "")))
    world.quotas.clear(app.appid)
    return ok()


async def quota(request: web.Request) -> web.Response:
    """``POST /cgi-bin/openapi/quota/get``."""
    world, app = caller(request)
    path = str((await body_of(request)).get("cgi_path", ""))
    limit, used = DAY_LIMITS.get(path, OTHER_PER_DAY), world.quotas.used_today(f"{app.appid}{path}")
    return ok(quota={"daily_limit": limit, "used": used, "remain": max(limit - used, 0)})


async def rid(request: web.Request) -> web.Response:
    """``POST /cgi-bin/openapi/rid/get``: the call a rid names."""
    caller(request)
    call = request.app[RIDS].get(str((await body_of(request)).get("rid", "")))
    if call is None:
        raise WireError(76001)
    return ok(request=call)


async def callback_ip(request: web.Request) -> web.Response:
    """``GET /cgi-bin/getcallbackip``."""
    caller(request)
    return told({"ip_list": ["127.0.0.1"]})


ROUTES = (
    web.post("/cgi-bin/clear_quota", clear_quota),
    web.post("/cgi-bin/clear_quota/v2", clear_quota_by_secret),
    web.post("/cgi-bin/openapi/quota/get", quota),
    web.post("/cgi-bin/openapi/rid/get", rid),
    web.get("/cgi-bin/getcallbackip", callback_ip),
)
