"""The server API about who somebody is: login codes and phone codes."""

import base64
import hmac
import secrets
from collections.abc import Mapping

from aiohttp import web

from gateways.sandbox.answers import WireError, ok, told
from gateways.sandbox.apps import AppKind, SandboxApp
from gateways.sandbox.people import CodeFamily, Person
from gateways.sandbox.world import WORLD, World, body_of, caller

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
    session = {"session_key": _new_key(world, app, person), "openid": app.openid_of(person.user)}
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


async def check_session(request: web.Request) -> web.Response:
    """``GET /wxa/checksession``: whether the signature was made with the session key that is valid now."""
    world, app = caller(request, AppKind.MINIAPP)
    _signed(world, app, request.query)
    return ok()


async def reset_session_key(request: web.Request) -> web.Response:
    """``GET /wxa/resetusersessionkey``: a new key for the old one."""
    world, app = caller(request, AppKind.MINIAPP)
    person = _signed(world, app, request.query)
    return ok(openid=app.openid_of(person.user), session_key=_new_key(world, app, person))


def _new_key(world: World, app: SandboxApp, person: Person) -> str:
    """One key is valid per person and app: a new one ends the one before."""
    key = world.session_keys[app.appid, person.user] = base64.b64encode(secrets.token_bytes(16)).decode()
    return key


def _signed(world: World, app: SandboxApp, query: Mapping[str, str]) -> Person:
    """Check the HMAC over nothing, keyed by the session key as text (87008, 87009); return whose it is."""
    if query.get("sig_method") != "hmac_sha256":
        raise WireError(87008)
    person = world.people.of_openid(app, query.get("openid"))
    key = world.session_keys.get((app.appid, person.user), secrets.token_hex(16))
    if not hmac.compare_digest(hmac.new(key.encode(), b"", "sha256").hexdigest(), query.get("signature", "")):
        raise WireError(87009)
    return person


ROUTES = (
    web.get("/wxa/checksession", check_session),
    web.get("/wxa/resetusersessionkey", reset_session_key),
    web.get("/sns/jscode2session", code_to_session),
    web.post("/wxa/business/getuserphonenumber", phone_number),
)
