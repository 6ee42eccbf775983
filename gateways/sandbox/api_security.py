"""The optional API security of WeChat: marked interfaces take encrypted, signed bodies and answer in kind.

An app that was given keys by ``/sandbox/api-security`` must use it from then on, on the marked interfaces only; the
token stays in the address. AES-256-GCM around the body, RSA-PSS (SHA-256, 32 bytes of salt) over what is sent. What is
wrong with the envelope is told in clear; the interface's own errors come inside one. A picture comes as it is.
"""

import secrets
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateways.sandbox.answers import WireError, error_answer, ok
from gateways.sandbox.shapes import ApiSecurity, parsed
from gateways.sandbox.world import OPENED, WORLD

MARKED = frozenset(
    {
        "/wxa/business/getuserphonenumber",
        "/wxa/getwxacodeunlimit",
        "/wxa/msg_sec_check",
        "/wxa/media_check_async",
        "/cgi-bin/message/custom/send",
        "/cgi-bin/clear_quota",
    }
)
FRESH_SECONDS = 300
_ORIGIN = "https://api.weixin.qq.com"
_TAG = 16  # bytes at the end of what AESGCM gives
_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
_NO_APPID, _NO_TIME, _NO_SIGNATURE, _BAD_SIGNATURE, _BAD_ENCRYPTION = 40233, 40231, 40232, 40234, 40235


@dataclass(frozen=True)
class AppKeys:
    """What an app and WeChat agreed on: the symmetric key by its number, the app's public key, WeChat's own pair."""

    sym_sn: str
    sym_key: bytes
    app_key: rsa.RSAPublicKey
    serial: str
    own_key: rsa.RSAPrivateKey

    def aad(self, path: str, appid: str, timestamp: str) -> bytes:
        """What is authenticated with the body."""
        return f"{_ORIGIN}{path}|{appid}|{timestamp}|{self.sym_sn}".encode()


APP_KEYS = web.AppKey("app_keys", dict[str, AppKeys])
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def secured(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Open what came in an envelope, and put the answer into one."""
    if request.path not in MARKED or not request.app[APP_KEYS]:
        return await handler(request)
    appid = request.app[WORLD].tokens.check(request.query.get("access_token", ""))
    keys = request.app[APP_KEYS].get(appid)
    if keys is None:
        return await handler(request)
    request[OPENED] = _opened(request, keys, appid, await request.read())
    try:
        answer = await handler(request)
    except WireError as error:
        answer = error_answer(request, error.errcode, error.detail)
    if not isinstance(answer, web.Response) or not isinstance(answer.body, bytes) or not answer.body.startswith(b"{"):
        return answer
    return _sealed(request, keys, appid, orjson.loads(answer.body))


def _opened(request: web.Request, keys: AppKeys, appid: str, body: bytes) -> bytes:
    said, timestamp, signature = (
        request.headers.get(f"Wechatmp-{name}") for name in ("Appid", "TimeStamp", "Signature")
    )
    for value, errcode in ((said, _NO_APPID), (timestamp, _NO_TIME), (signature, _NO_SIGNATURE)):
        if not value:
            raise WireError(errcode)
    assert timestamp is not None
    assert signature is not None
    now = request.app[WORLD].clock().timestamp()
    if said != appid or not timestamp.isdecimal() or abs(now - int(timestamp)) > FRESH_SECONDS:
        raise WireError(_BAD_SIGNATURE)
    signed = _to_sign(request.path, appid, timestamp, body)
    try:
        keys.app_key.verify(b64decode(signature, validate=True), signed, _PSS, hashes.SHA256())
    except (InvalidSignature, ValueError):
        raise WireError(_BAD_SIGNATURE) from None
    return _decrypted(keys, keys.aad(request.path, appid, timestamp), body, appid, int(timestamp))


def _decrypted(keys: AppKeys, aad: bytes, body: bytes, appid: str, timestamp: int) -> bytes:
    try:
        iv, data, tag = (b64decode(orjson.loads(body)[name], validate=True) for name in ("iv", "data", "authtag"))
        inside = orjson.loads(AESGCM(keys.sym_key).decrypt(iv, data + tag, aad))
        known = inside.pop("_appid") == appid and inside.pop("_timestamp") == timestamp and bool(inside.pop("_n"))
    except (InvalidTag, ValueError, KeyError, TypeError, AttributeError):
        raise WireError(_BAD_ENCRYPTION) from None
    if not known:
        raise WireError(_BAD_ENCRYPTION)
    return orjson.dumps(inside)


def _sealed(request: web.Request, keys: AppKeys, appid: str, answer: dict[str, Any]) -> web.Response:
    now = int(request.app[WORLD].clock().timestamp())
    inside = orjson.dumps({"_n": secrets.token_urlsafe(12), "_appid": appid, "_timestamp": now, **answer})
    iv = secrets.token_bytes(12)
    sealed = AESGCM(keys.sym_key).encrypt(iv, inside, keys.aad(request.path, appid, str(now)))
    parts = {"iv": iv, "data": sealed[:-_TAG], "authtag": sealed[-_TAG:]}
    body = orjson.dumps({name: b64encode(part).decode() for name, part in parts.items()})
    signature = keys.own_key.sign(_to_sign(request.path, appid, str(now), body), _PSS, hashes.SHA256())
    headers = {
        "Wechatmp-Appid": appid,
        "Wechatmp-TimeStamp": str(now),
        "Wechatmp-Serial": keys.serial,
        "Wechatmp-Signature": b64encode(signature).decode(),
    }
    return web.Response(body=body, content_type="application/json", headers=headers)


def _to_sign(path: str, appid: str, timestamp: str, body: bytes) -> bytes:
    return f"{_ORIGIN}{path}\n{appid}\n{timestamp}\n".encode() + body


async def agree(request: web.Request) -> web.Response:
    """``POST /sandbox/api-security``: what an administrator does in the console; gives WeChat's side of the keys."""
    asked = await parsed(request, ApiSecurity)
    if request.app[WORLD].apps.find(asked.appid) is None:
        raise web.HTTPBadRequest(text="no app of this appid\n")
    try:
        app_key = serialization.load_pem_public_key(asked.public_key.encode())
    except ValueError:
        app_key = None
    if not isinstance(app_key, rsa.RSAPublicKey):
        raise web.HTTPBadRequest(text="public_key must be an RSA key in PEM\n")
    own_key = rsa.generate_private_key(65537, 2048)
    keys = AppKeys(secrets.token_hex(16), secrets.token_bytes(32), app_key, secrets.token_hex(16), own_key)
    request.app[APP_KEYS][asked.appid] = keys
    shown = own_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return ok(
        sym_sn=keys.sym_sn, sym_key=b64encode(keys.sym_key).decode(), serial=keys.serial, public_key=shown.decode()
    )


ROUTES = (web.post("/sandbox/api-security", agree),)
