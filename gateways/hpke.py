"""HPKE (RFC 9180), base mode, one message: X25519, HKDF-SHA256, AES-128-GCM, with additional data.

``cryptography`` has HPKE, but its public interface takes no additional authenticated data, and COSE binds the message's
header there. So the key schedule stands here, over the library's own X25519, HMAC and AES; tests hold it against the
vectors of the RFC and against two other implementations.
"""

import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ENC_SIZE = 32
_KEM = b"KEM\x00\x20"
_SUITE = b"HPKE\x00\x20\x00\x01\x00\x01"


class OpeningFailed(Exception):
    """Not sealed to this key, or changed on the way."""


def seal(
    plaintext: bytes, to: X25519PublicKey, aad: bytes, info: bytes = b"", once: X25519PrivateKey | None = None
) -> tuple[bytes, bytes]:
    """The encapsulated key and the ciphertext. ``once``: the ephemeral key, for test vectors only."""
    ephemeral = once or X25519PrivateKey.generate()
    enc = ephemeral.public_key().public_bytes_raw()
    key, nonce = _schedule(ephemeral.exchange(to), enc + to.public_bytes_raw(), info)
    return enc, AESGCM(key).encrypt(nonce, plaintext, aad)


def unseal(enc: bytes, ciphertext: bytes, key: X25519PrivateKey, aad: bytes, info: bytes = b"") -> bytes:
    """The plaintext. Raises OpeningFailed."""
    try:
        shared = key.exchange(X25519PublicKey.from_public_bytes(enc))
        secret, nonce = _schedule(shared, enc + key.public_key().public_bytes_raw(), info)
        return AESGCM(secret).decrypt(nonce, ciphertext, aad)
    except (ValueError, InvalidTag):
        raise OpeningFailed from None


def _schedule(dh: bytes, kem_context: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Key and nonce of the one message: RFC 9180, 4.1 and 5.1."""
    shared = _expand(_KEM, _extract(_KEM, b"", b"eae_prk", dh), b"shared_secret", kem_context, 32)
    context = b"\x00" + _extract(_SUITE, b"", b"psk_id_hash", b"") + _extract(_SUITE, b"", b"info_hash", info)
    secret = _extract(_SUITE, shared, b"secret", b"")
    return _expand(_SUITE, secret, b"key", context, 16), _expand(_SUITE, secret, b"base_nonce", context, 12)


def _extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + suite + label + ikm, "sha256")


def _expand(suite: bytes, prk: bytes, label: bytes, info: bytes, size: int) -> bytes:
    labelled = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(prk, labelled + b"\x01", "sha256")[:size]  # one block of HKDF-Expand holds all we ask for
