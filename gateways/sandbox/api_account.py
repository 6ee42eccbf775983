"""The server API about the account itself: tokens, menu, mini-program codes."""

import io
import re
from typing import Any

import qrcode
from aiohttp import web

from gateways.sandbox.answers import WireError, ok, told
from gateways.sandbox.apps import AppKind
from gateways.sandbox.world import WORLD, body_of, caller

_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@._~-]+")
_BUTTON_NAME_BYTES, _SUB_BUTTON_NAME_BYTES, _KEY_BYTES, _URL_BYTES = 16, 60, 128, 1024


async def token(request: web.Request) -> web.Response:
    """``GET /cgi-bin/token``."""
    world, query = request.app[WORLD], request.query
    if query.get("grant_type") != "client_credential":
        raise WireError(40002)
    app = world.apps.authenticate(query.get("appid", ""), query.get("secret", ""))
    world.quotas.per_day(f"token/{app.appid}", 2000)
    text, seconds = world.tokens.issue(app.appid)
    return told({"access_token": text, "expires_in": seconds})


async def stable_token(request: web.Request) -> web.Response:
    """``POST /cgi-bin/stable_token``."""
    world, body = request.app[WORLD], await body_of(request)
    if body.get("grant_type") != "client_credential":
        raise WireError(40002)
    app = world.apps.authenticate(str(body.get("appid", "")), str(body.get("secret", "")))
    world.quotas.per_minute(f"stable_token/{app.appid}", 10_000)
    text, seconds = world.tokens.issue_stable(app.appid, force=body.get("force_refresh") is True)
    return told({"access_token": text, "expires_in": seconds})


async def create_menu(request: web.Request) -> web.Response:
    """``POST /cgi-bin/menu/create``."""
    world, app = caller(request, AppKind.OFFICIAL_ACCOUNT)
    menu = await body_of(request)
    _check_buttons(menu.get("button"), 3, _BUTTON_NAME_BYTES)
    world.menus[app.appid] = menu
    return ok()


async def get_menu(request: web.Request) -> web.Response:
    """``GET /cgi-bin/menu/get``."""
    world, app = caller(request, AppKind.OFFICIAL_ACCOUNT)
    if app.appid not in world.menus:
        raise WireError(46003)
    return told({"menu": world.menus[app.appid]})


async def delete_menu(request: web.Request) -> web.Response:
    """``GET /cgi-bin/menu/delete``."""
    world, app = caller(request, AppKind.OFFICIAL_ACCOUNT)
    world.menus.pop(app.appid, None)
    return ok()


async def unlimited_code(request: web.Request) -> web.Response:
    """``POST /wxa/getwxacodeunlimit``: an image, or JSON when something is wrong."""
    world, app = caller(request, AppKind.MINIAPP)
    body = await body_of(request)
    scene, page, width = body.get("scene"), body.get("page", ""), body.get("width", 430)
    if not isinstance(scene, str) or not 0 < len(scene) <= 32:
        raise WireError(40169)
    if not _SCENE.fullmatch(scene):
        raise WireError(40129)
    if not isinstance(width, int) or not 280 <= width <= 1280:
        raise WireError(40097)
    if "?" in str(page) or str(page).startswith("/"):
        raise WireError(41030)
    if body.get("check_path", True):
        world.check_page(page)
    return web.Response(body=_picture(f"wxacode:{app.appid}?page={page}&scene={scene}"), content_type="image/png")


def _check_buttons(buttons: Any, most: int, name_bytes: int) -> None:
    """Check counts and sizes (40016, 40018, 40019, 40020)."""
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= most:
        raise WireError(40016)
    for button in buttons:
        if not isinstance(button, dict) or not 0 < len(str(button.get("name", "")).encode()) <= name_bytes:
            raise WireError(40018)
        if button.get("sub_button"):
            _check_buttons(button["sub_button"], 5, _SUB_BUTTON_NAME_BYTES)
        elif len(str(button.get("key", "")).encode()) > _KEY_BYTES:
            raise WireError(40019)
        elif len(str(button.get("url", "")).encode()) > _URL_BYTES:
            raise WireError(40020)


def _picture(text: str) -> bytes:
    """A QR code that holds the text; the real one is a round picture only WeChat can read."""
    picture = io.BytesIO()
    qrcode.make(text).save(picture)
    return picture.getvalue()


ROUTES = (
    web.get("/cgi-bin/token", token),
    web.post("/cgi-bin/stable_token", stable_token),
    web.post("/cgi-bin/menu/create", create_menu),
    web.get("/cgi-bin/menu/get", get_menu),
    web.get("/cgi-bin/menu/delete", delete_menu),
    web.post("/wxa/getwxacodeunlimit", unlimited_code),
)
