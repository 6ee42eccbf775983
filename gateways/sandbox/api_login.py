"""The server API about who somebody is: login codes and phone codes."""

import secrets

from aiohttp import web

from gateways.sandbox.answers import WireError, ok, told
from gateways.sandbox.apps import AppKind
from gateways.sandbox.people import CodeFamily
from gateways.sandbox.world import WORLD, body_of, caller

LOGINS_PER_MINUTE = 100


async def code_to_session(request: web.Request) -> web.Response:
    """``GET /sns/jscode2session``: JSON labelled text/plain, errcode only when something is wrong."""
    world, query = request.app[WORLD], request.query
    app = world.apps.authenticate(query.get("appid", ""), query.get("secret", ""))
    if query.get("grant_type") != "authorization_code":
        raise WireError(40002)
    if not query.get("js_code"):
        raise WireError(41008)
    person, _ = world.people.redeem(CodeFamily.LOGIN, app, query["js_code"])
    world.quotas.per_minute(f"login/{app.appid}/{person.user}", LOGINS_PER_MINUTE)
    session = {"session_key": secrets.token_urlsafe(16) + "==", "openid": app.openid_of(person.user)}
    unionid = app.unionid_of(person.user)
    return told(session if unionid is None else {**session, "unionid": unionid}, content_type="text/plain")


async def phone_number(request: web.Request) -> web.Response:
    """``POST /wxa/business/getuserphonenumber``; with ``openid`` the code must be that person's."""
    world, app = caller(request, AppKind.MINIAPP)
    body = await body_of(request)
    person, code = world.people.redeem_phone(app, body.get("code"))
    if "openid" in body and body["openid"] != app.openid_of(person.user):
        raise WireError(40029)
    number, country = code.facts["phone"], code.facts["country_code"]
    return ok(
        phone_info={
            "phoneNumber": number if str(country) == "86" else f"+{country}{number}",
            "purePhoneNumber": number,
            "countryCode": country,
            "watermark": {"timestamp": int(world.clock().timestamp()), "appid": app.appid},
        }
    )


ROUTES = (
    web.get("/sns/jscode2session", code_to_session),
    web.post("/wxa/business/getuserphonenumber", phone_number),
)
