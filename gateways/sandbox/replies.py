"""Reading what the bot answered to a push, as strictly as WeChat does."""

from typing import Any
from xml.parsers.expat import ExpatError

import orjson
import xmltodict

from gateways.sandbox.apps import AppKind, PushMode
from gateways.sandbox.cipher import decrypt, signature_of
from gateways.sandbox.envelopes import Envelope

_NOTHING = frozenset({b"", b"success"})
_LONGEST_TEXT = 2048  # bytes
_TYPES = frozenset({"text", "image", "voice", "video", "music", "news", "transfer_customer_service"})


class BadReplyError(Exception):
    """The person sees that the account doesn't work just now."""


def read_reply(envelope: Envelope, aes_key: str, openid: str, body: bytes) -> dict[str, Any] | None:
    """Return the fields of a reply in clear, None for ``success`` or nothing; raise BadReplyError."""
    if body.strip() in _NOTHING:
        return None
    try:
        fields = _opened(envelope, aes_key, _fields(body))
        _check(envelope, openid, fields)
    except (ExpatError, ValueError, TypeError, KeyError, AttributeError) as trouble:
        raise BadReplyError(f"{type(trouble).__name__}: {trouble}") from None
    return fields


def _fields(body: bytes) -> dict[str, Any]:
    if body.lstrip().startswith(b"{"):
        return dict(orjson.loads(body))
    return dict(xmltodict.parse(body)["xml"])


def _opened(envelope: Envelope, aes_key: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Decrypt where there is something to decrypt; safe mode takes nothing in clear."""
    encrypted = fields.get("Encrypt")
    if encrypted is None:
        if envelope.mode is PushMode.SAFE:
            raise ValueError("not encrypted")
        return fields
    signed = signature_of(envelope.app.token, str(fields["TimeStamp"]), str(fields["Nonce"]), encrypted)
    if signed != fields["MsgSignature"]:
        raise ValueError("bad MsgSignature")
    return _fields(decrypt(aes_key, envelope.app.appid, encrypted))


def _check(envelope: Envelope, openid: str, fields: dict[str, Any]) -> None:
    if (fields["ToUserName"], fields["FromUserName"]) != (openid, envelope.app.original_id):
        raise ValueError("not from this account to this person")
    if not str(fields["CreateTime"]).isdigit() or fields["MsgType"] not in _TYPES:
        raise ValueError("CreateTime or MsgType")
    if envelope.app.kind is AppKind.MINIAPP and fields["MsgType"] != "transfer_customer_service":
        raise ValueError("mini-programs can't answer in the same breath")
    if fields["MsgType"] == "text" and not 0 < len(fields["Content"].encode()) <= _LONGEST_TEXT:
        raise ValueError("Content is empty or too long")
