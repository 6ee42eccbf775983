"""What stands around a push: the signature in the address, the ciphertext, and the same around our reply.

Signatures are compared in constant time and an address lives five minutes. In safe and in compatible mode only the
encrypted part is read: in compatible mode anybody who saw one address could write the plain part anew.
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from xml.parsers.expat import ExpatError

import orjson

from bot.beneath import Cipherer, read_xml, signature
from casework.settings import WeChatApp
from domain.refusal import Refusal

FRESH_SECONDS: Final = 300  # WeChat retries within 15 s; the rest is for clocks that differ
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_NONCE = re.compile(r"[0-9A-Za-z_-]{1,64}")

# What wechatpy and the parser below it raise for bodies that are not as they should be.
MALFORMED: Final = (ExpatError, ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError)


@dataclass(frozen=True)
class Letter:
    """A push out of its envelope, XML or JSON; ``key`` seals the reply, None where replies go in clear."""

    body: str
    nonce: str
    key: Cipherer | None = None


class Envelope:
    """The envelope of one account, made from its settings."""

    def __init__(self, account: WeChatApp) -> None:
        self._token = account.token
        self._encrypted = account.push_mode != "plain"
        aes_keys = filter(None, (account.aes_key, account.aes_key_previous))
        self._keys = [Cipherer(aes_key, account.appid) for aes_key in aes_keys]

    def check_address(
        self, query: Mapping[str, str], now: datetime, *, name: str = "signature", sealed: str = ""
    ) -> None:
        """See that WeChat signed this address, and not long ago.

        Raises Refusal ``push_signature_bad`` or ``push_stale``.
        """
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not _TIMESTAMP.fullmatch(timestamp) or not _NONCE.fullmatch(nonce):
            raise Refusal("push_signature_bad")
        signed = signature(self._token, timestamp, nonce, sealed)
        if not hmac.compare_digest(signed.encode(), query.get(name, "").encode()):
            raise Refusal("push_signature_bad")
        if abs(now.timestamp() - int(timestamp)) > FRESH_SECONDS:
            raise Refusal("push_stale")

    def open(self, query: Mapping[str, str], body: bytes, now: datetime) -> Letter:
        """Take a push out of its envelope, after proving it.

        Raises Refusal ``push_signature_bad``, ``push_stale``, ``push_not_encrypted``, ``push_undecipherable`` (another
        app's, or a key nobody knows) or ``push_malformed``.
        """
        if not self._encrypted:
            self.check_address(query, now)
            return Letter(_decoded(body), query["nonce"])
        sealed = _sealed_part(body)
        self.check_address(query, now, name="msg_signature", sealed=sealed)
        return self._deciphered(query, sealed)

    def seal(self, letter: Letter, reply: str, now: datetime) -> str:
        """Put our reply into an envelope with the key that opened the push."""
        if letter.key is None:
            return reply
        timestamp, sealed = str(int(now.timestamp())), letter.key.seal(reply)
        signed = signature(self._token, timestamp, letter.nonce, sealed)
        if reply.startswith("{"):
            fields = {"Encrypt": sealed, "MsgSignature": signed, "TimeStamp": timestamp, "Nonce": letter.nonce}
            return orjson.dumps(fields).decode()
        return (
            f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt><MsgSignature><![CDATA[{signed}]]></MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{letter.nonce}]]></Nonce></xml>"
        )

    def _deciphered(self, query: Mapping[str, str], sealed: str) -> Letter:
        """While keys change, WeChat may still use the previous one: try the current one first."""
        for key in self._keys:
            try:
                return Letter(key.open(sealed), query["nonce"], key)
            except ValueError:
                continue
        raise Refusal("push_undecipherable")


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Refusal("push_malformed") from None


def _sealed_part(body: bytes) -> str:
    """Read the ciphertext out of what is around it, which is small; its signature can only be checked afterwards."""
    try:
        is_json = body.lstrip().startswith(b"{")
        sealed = (orjson.loads(body) if is_json else read_xml(body)).get("Encrypt")
    except MALFORMED:
        raise Refusal("push_malformed") from None
    if not isinstance(sealed, str):
        raise Refusal("push_not_encrypted")
    return sealed
