"""What stands around a push: the signature in the address, the ciphertext, and the same around our reply.

Signatures are compared in constant time and an address lives five minutes. In safe and in compatible mode only the
encrypted part is read: in compatible mode anybody who saw one address could write the plain part anew.
"""

import hmac
import re
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from xml.parsers.expat import ExpatError

import orjson
import xmltodict
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.utils import WeChatSigner

from casework.settings import WeChatApp
from domain.refusal import Refusal

FRESH_SECONDS: Final = 300  # WeChat retries within 15 s; the rest is for clocks that differ
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_NONCE = re.compile(r"[0-9A-Za-z_-]{1,64}")

# What wechatpy and the parser below it raise for bodies that are not as they should be.
MALFORMED: Final = (ExpatError, ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError)
_UNDECIPHERABLE: Final = (*MALFORMED, InvalidAppIdException, InvalidSignatureException, struct.error)


class _Prp(PrpCrypto):  # type: ignore[misc]
    """wechatpy's cipher, with the random prefix from a strong source."""

    def get_random_string(self) -> str:
        return secrets.token_hex(8)


@dataclass(frozen=True)
class Letter:
    """A push out of its envelope, XML or JSON; ``key`` seals the reply, None where replies go in clear."""

    body: str
    nonce: str
    key: Any = None


class Envelope:
    """The envelope of one account, made from its settings."""

    def __init__(self, account: WeChatApp) -> None:
        self._token = account.token
        self._encrypted = account.push_mode != "plain"
        aes_keys = filter(None, (account.aes_key, account.aes_key_previous))
        self._keys = [WeChatCrypto(account.token, aes_key, account.appid) for aes_key in aes_keys]

    def check_address(
        self, query: Mapping[str, str], now: datetime, *, name: str = "signature", sealed: str = ""
    ) -> None:
        """See that WeChat signed this address, and not long ago.

        Raises Refusal ``push_signature_bad`` or ``push_stale``.
        """
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        if not _TIMESTAMP.fullmatch(timestamp) or not _NONCE.fullmatch(nonce):
            raise Refusal("push_signature_bad")
        signer = WeChatSigner()
        signer.add_data(self._token, timestamp, nonce, *filter(None, [sealed]))
        if not hmac.compare_digest(signer.signature.encode(), query.get(name, "").encode()):
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
        timestamp = str(int(now.timestamp()))
        if reply.startswith("{"):
            return self._sealed_json(letter, reply, timestamp)
        return str(letter.key._encrypt_message(reply, letter.nonce, timestamp, _Prp))  # noqa: SLF001 — the hook for a cipher

    def _sealed_json(self, letter: Letter, reply: str, timestamp: str) -> str:
        """The same four fields as JSON, which wechatpy cannot write."""
        sealed = _Prp(letter.key.key).encrypt(reply, letter.key.app_id).decode()
        signer = WeChatSigner()
        signer.add_data(self._token, timestamp, letter.nonce, sealed)
        fields = {"Encrypt": sealed, "MsgSignature": signer.signature, "TimeStamp": timestamp, "Nonce": letter.nonce}
        return orjson.dumps(fields).decode()

    def _deciphered(self, query: Mapping[str, str], sealed: str) -> Letter:
        """While keys change, WeChat may still use the previous one: try the current one first."""
        proof = (query["msg_signature"], query["timestamp"], query["nonce"])
        for key in self._keys:
            try:
                plain = key.decrypt_message({"Encrypt": sealed}, *proof)
            except _UNDECIPHERABLE:
                continue
            return Letter(plain, query["nonce"], key)
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
        sealed = (orjson.loads(body) if is_json else xmltodict.parse(body)["xml"]).get("Encrypt")
    except MALFORMED:
        raise Refusal("push_malformed") from None
    if not isinstance(sealed, str):
        raise Refusal("push_not_encrypted")
    return sealed
