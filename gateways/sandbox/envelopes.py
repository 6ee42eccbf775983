"""How a push looks on the wire: XML or JSON, in clear, encrypted or both, signed in the query."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from gateways.sandbox.apps import PushFormat, PushMode, SandboxApp
from gateways.sandbox.cipher import encrypt, signature_of
from gateways.sandbox.shapes import Defect

STALE_SECONDS = 3600
_NUMBERS = frozenset({"CreateTime", "MsgId", "MsgID"})


@dataclass(frozen=True)
class Message:
    """One message or event: its fields, and for subscription events the rows under ``wrapper``/``List``.

    ``raw`` stands in place of all of it when a test wants nonsense.
    """

    fields: Mapping[str, str]
    wrapper: str | None = None
    rows: Sequence[Mapping[str, str]] = field(default=())
    raw: str | None = None

    def written(self, push_format: PushFormat, **more: str) -> bytes:
        """Return the body in clear."""
        if self.raw is not None:
            return self.raw.encode()
        return self._json(more) if push_format is PushFormat.JSON else self._xml(more)

    def _xml(self, more: Mapping[str, str]) -> bytes:
        rows = "".join(f"<List>{_elements(row)}</List>" for row in self.rows)
        wrapped = f"<{self.wrapper}>{rows}</{self.wrapper}>" if self.wrapper else ""
        return f"<xml>{_elements({**self.fields, **more})}{wrapped}</xml>".encode()

    def _json(self, more: Mapping[str, str]) -> bytes:
        """Write as the platform does: one row is an object, more are an array; events have numbers as text."""
        is_event = self.fields.get("MsgType") == "event"
        body: dict[str, object] = {
            key: int(value) if key in _NUMBERS and not is_event else value
            for key, value in {**self.fields, **more}.items()
        }
        if self.wrapper:
            body["List"] = dict(self.rows[0]) if len(self.rows) == 1 else [dict(row) for row in self.rows]
        return orjson.dumps(body)


@dataclass(frozen=True)
class Posting:
    """One HTTP request to the push URL; sending it again byte for byte is a replay."""

    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Envelope:
    """How to send: the account, the mode of the day, and what is to be wrong with it."""

    app: SandboxApp
    mode: PushMode
    defect: Defect | None = None

    @property
    def aes_key(self) -> str:
        """The key pushes are encrypted with, and answers must be."""
        if self.defect is Defect.FOREIGN_KEY:
            return base64.b64encode(secrets.token_bytes(32)).decode()[:43]
        if self.defect is Defect.OLD_KEY:
            return self.app.aes_key_previous or self.app.aes_key
        return self.app.aes_key

    def seal(self, message: Message, openid: str, now: int) -> Posting:
        """Write and sign one request, with a fresh timestamp and nonce."""
        timestamp = str(now - STALE_SECONDS if self.defect is Defect.STALE else now)
        nonce = str(secrets.randbelow(10**10))
        query = {
            "signature": signature_of(self.app.token, timestamp, nonce),
            "timestamp": timestamp,
            "nonce": nonce,
            "openid": openid,
        }
        if self.mode is PushMode.PLAIN:
            return Posting(self._spoiled(query), message.written(self.app.push_format))
        encrypted = self._encrypted(message)
        query["encrypt_type"] = "aes"
        query["msg_signature"] = signature_of(self.app.token, timestamp, nonce, encrypted)
        return Posting(self._spoiled(query), self._sealed_body(message, encrypted))

    def _encrypted(self, message: Message) -> str:
        appid = "wx0000000000000000" if self.defect is Defect.WRONG_APPID else self.app.appid
        return encrypt(self.aes_key, appid, message.written(self.app.push_format))

    def _sealed_body(self, message: Message, encrypted: str) -> bytes:
        if self.mode is PushMode.COMPATIBLE and message.raw is None:
            return message.written(self.app.push_format, Encrypt=encrypted)
        outer = Message({"ToUserName": self.app.original_id, "Encrypt": encrypted})
        return outer.written(self.app.push_format)

    def _spoiled(self, query: dict[str, str]) -> dict[str, str]:
        for name in ("signature", "msg_signature"):
            if self.defect is Defect.NO_SIGNATURE:
                query.pop(name, None)
            elif self.defect is Defect.BAD_SIGNATURE and name in query:
                query[name] = "0" * 40
        return query


def _elements(fields: Mapping[str, str]) -> str:
    return "".join(f"<{key}>{_text(key, value)}</{key}>" for key, value in fields.items())


def _text(key: str, value: str) -> str:
    if key in _NUMBERS and value.isdigit():
        return value
    return "<![CDATA[" + value.replace("]]>", "]]]]><![CDATA[>") + "]]>"
