"""The encryption of pushes: AES-256-CBC with its own padding, the message framed with its length and an appid.

Written here and not taken from wechatpy, so that the bot, which uses wechatpy, is tested against a second reading of
the protocol.
"""

import base64
import secrets
from hashlib import sha1

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32  # of the padding; the cipher's own is 16


def signature_of(token: str, *parts: str) -> str:
    """SHA-1 over the sorted parts, as ``signature`` and ``msg_signature`` have it."""
    return sha1("".join(sorted([token, *parts])).encode()).hexdigest()  # noqa: S324 - the choice of the protocol


def encrypt(aes_key: str, appid: str, message: bytes) -> str:
    """Return the base64 text that stands in ``Encrypt``."""
    framed = secrets.token_bytes(16) + len(message).to_bytes(4, "big") + message + appid.encode()
    pad = _BLOCK - len(framed) % _BLOCK
    encryptor = _cipher(aes_key).encryptor()
    return base64.b64encode(encryptor.update(framed + bytes([pad]) * pad) + encryptor.finalize()).decode()


def decrypt(aes_key: str, appid: str, text: str) -> bytes:
    """Return the message; raise ValueError when anything about it is wrong."""
    decryptor = _cipher(aes_key).decryptor()
    padded = decryptor.update(base64.b64decode(text, validate=True)) + decryptor.finalize()
    pad = padded[-1] if padded else 0
    if not 1 <= pad <= _BLOCK or padded[-pad:] != bytes([pad]) * pad:
        raise ValueError("bad padding")
    framed = padded[16:-pad]
    length = int.from_bytes(framed[:4], "big")
    message, told_appid = framed[4 : 4 + length], framed[4 + length :]
    if len(message) != length or told_appid != appid.encode():
        raise ValueError("not for this appid")
    return message


def _cipher(aes_key: str) -> Cipher[modes.CBC]:
    key = base64.b64decode(aes_key + "=")
    return Cipher(algorithms.AES256(key), modes.CBC(key[:16]))
