"""How WeChat answers: HTTP 200 always, JSON, an errcode, and a rid at the end of errmsg."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

ERRMSG = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40008: "invalid message type",
    40013: "invalid appid",
    40014: "invalid access_token",
    40016: "invalid button size",
    40018: "invalid button name size",
    40019: "invalid button key size",
    40020: "invalid button url size",
    40029: "invalid code",
    40033: "invalid charset. please check your request, if include \\uxxxx will create fail",
    40037: "invalid template_id",
    40066: "invalid url",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40163: "code been used",
    40164: "invalid ip, not in whitelist",
    40165: "invalid weapp pagepath",
    40169: "invalid length for scene, or the data is not json string",
    40226: "code blocked",
    40231: "API_Missing_Wechatmp_Timestamp",
    40232: "API_Missing_Wechatmp_Signature",
    40233: "API_Missing_Wechatmp_Appid",
    40234: "API_Invalid_Signature",
    40235: "API_Invalid_Encrypt",
    40243: "AppSecret frozen",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41005: "media data missing",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    43002: "require POST method",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    44002: "empty post data",
    44004: "empty content",
    45002: "content size out of limit",
    45009: "api freq out of limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    46003: "menu no exist",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    48006: "forbid to clear quota because of reaching the limit",
    76001: "rid not found",
    87008: "invalid sig_method",
    87009: "invalid signature",
    101000: "invalid image url",
}


class WireError(Exception):
    """An answer with an errcode; ``detail`` goes between the message and the rid, as in 47003."""

    def __init__(self, errcode: int, detail: str = "") -> None:
        super().__init__(errcode)
        self.errcode = errcode
        self.detail = detail


def ok(**fields: Any) -> web.Response:
    """A success that says errcode 0."""
    return told({"errcode": 0, "errmsg": "ok", **fields})


def told(fields: dict[str, Any], *, content_type: str = "application/json; encoding=utf-8") -> web.Response:
    """Any JSON answer; the odd content type is WeChat's own."""
    return web.Response(body=orjson.dumps(fields), headers={"Content-Type": content_type})


RIDS = web.AppKey("rids", dict[str, dict[str, Any]])
"""What ``openapi/rid/get`` tells of the calls that went wrong."""


def error_answer(request: web.Request, errcode: int, detail: str = "") -> web.Response:
    """The answer for an errcode; its rid is kept."""
    rid = "-".join(secrets.token_hex(4) for _ in range(3))
    words = [ERRMSG.get(errcode, "error"), detail, f"rid: {rid}"]
    answer = {"errcode": errcode, "errmsg": " ".join(word for word in words if word)}
    request.app[RIDS][rid] = {"request_url": request.path, "response_body": orjson.dumps(answer).decode()}
    return told(answer)


@web.middleware
async def always_200(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn every error outside ``/sandbox/`` into HTTP 200 with an errcode."""
    try:
        return await handler(request)
    except WireError as error:
        return error_answer(request, error.errcode, error.detail)
    except web.HTTPMethodNotAllowed:
        return error_answer(request, 43002)
    except web.HTTPNotFound:
        if request.path.startswith(("/sandbox/", "/phone")):
            raise
        return error_answer(request, 40066)
