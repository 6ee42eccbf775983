"""The envelope of the offline pass: claims → CBOR → deflate → COSE_Sign1 → COSE-HPKE → Base45.

The contract is ``docs/handoff-format.md``. The signature is over the station's key id too (as external data), so that a
station cannot pass a pass on to another one under the issuer's name. Opening never parses what is not verified, and
never inflates without a bound.
"""

import zlib
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from base45 import b45decode, b45encode
from cbor2 import CBORTag
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.pass_text import whole_text
from domain.refusal import Refusal
from gateways.hpke import ENC_SIZE, OpeningFailed, seal, unseal
from gateways.plain_cbor import read_cbor, write_cbor
from gateways.seal import is_signed, signature_by

IssuerKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
IssuerPublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

KEY_ID_BYTES = 8
LARGEST_CLAIMS = 8 * 1024
_ALG, _KID, _EK = 1, 4, -4
_ES256, _EDDSA, _HPKE_3 = -7, -8, 41
_ENCRYPT0, _SIGN1 = 16, 18
_RAW_DEFLATE = -zlib.MAX_WBITS


def key_id(key: IssuerPublicKey | X25519PublicKey) -> bytes:
    """What a key is called: the first 8 bytes of the SHA-256 of its SubjectPublicKeyInfo."""
    return sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()[:KEY_ID_BYTES]


class PassIssuer:
    """Signs passes and encrypts them to stations: half a millisecond of computing.

    ``trust`` is PEM of every public key a reader may trust: this one and the ones before it.
    """

    def __init__(self, key: IssuerKey, trust: bytes = b"") -> None:
        self._key = key
        self.trust = trust
        self.public_key: IssuerPublicKey = key.public_key()

    def issue(self, claims: Mapping[int, Any], station: bytes) -> str:
        """The text of a pass with these claims, for the station with this raw public key (32 bytes)."""
        to = X25519PublicKey.from_public_bytes(station)
        return whole_text(b45encode(encrypt(self.sign(deflate(write_cbor(dict(claims))), key_id(to)), to)).decode())

    def sign(self, payload: bytes, station_id: bytes) -> bytes:
        """COSE_Sign1 over a payload, for one station key."""
        alg = _EDDSA if isinstance(self._key, ed25519.Ed25519PrivateKey) else _ES256
        protected = write_cbor({_ALG: alg, _KID: key_id(self.public_key)})
        signature = signature_by(self._key, _to_be_signed(protected, station_id, payload))
        return write_cbor(CBORTag(_SIGN1, [protected, {}, payload, signature]))


class PassOpener:
    """A station's private keys and the issuers' public keys it trusts."""

    def __init__(self, stations: Sequence[X25519PrivateKey], issuers: Sequence[IssuerPublicKey]) -> None:
        self._stations = {key_id(key.public_key()): key for key in stations}
        self._issuers = {key_id(key): key for key in issuers}

    def open(self, body: str) -> Any:
        """The verified claims in the Base45 of a pass.

        Raises:
            Refusal: ``pass_damaged``, ``pass_other_station``, ``pass_issuer_unknown``, ``pass_forged``.
        """
        signed, station_id = self._decrypt(_bytes_of(body))
        return read_cbor(inflate(self._verify(signed, station_id)))

    def _decrypt(self, data: bytes) -> tuple[bytes, bytes]:
        protected, unprotected, ciphertext = _parts(read_cbor(data, tag=_ENCRYPT0), 3)
        alg, station_id = _header(protected)
        if alg != _HPKE_3:
            raise Refusal("pass_newer")
        key = self._stations.get(station_id)
        if key is None:
            raise Refusal("pass_other_station", source="R085")
        enc = unprotected.get(_EK) if isinstance(unprotected, dict) else None
        if not isinstance(enc, bytes) or len(enc) != ENC_SIZE or not isinstance(ciphertext, bytes):
            raise Refusal("pass_damaged")
        try:
            return unseal(enc, ciphertext, key, _encryption_context(protected)), station_id
        except OpeningFailed:
            raise Refusal("pass_damaged") from None

    def _verify(self, data: bytes, station_id: bytes) -> bytes:
        protected, _, payload, signature = _parts(read_cbor(data, tag=_SIGN1), 4)
        alg, issuer_id = _header(protected)
        key = self._issuers.get(issuer_id)
        if key is None:
            raise Refusal("pass_issuer_unknown")
        wanted = _EDDSA if isinstance(key, ed25519.Ed25519PublicKey) else _ES256
        if alg != wanted or not isinstance(payload, bytes) or not isinstance(signature, bytes):
            raise Refusal("pass_forged")
        if not is_signed(key, signature, _to_be_signed(protected, station_id, payload)):
            raise Refusal("pass_forged")
        return payload


def encrypt(signed: bytes, to: X25519PublicKey, once: X25519PrivateKey | None = None) -> bytes:
    """COSE_Encrypt0 by HPKE-3 to a station. ``once``: the ephemeral key, for test vectors only."""
    protected = write_cbor({_ALG: _HPKE_3, _KID: key_id(to)})
    enc, ciphertext = seal(signed, to, _encryption_context(protected), once=once)
    return write_cbor(CBORTag(_ENCRYPT0, [protected, {_EK: enc}, ciphertext]))


def deflate(data: bytes) -> bytes:
    """Raw deflate (RFC 1951)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, _RAW_DEFLATE, 9)
    return packer.compress(data) + packer.flush()


def inflate(data: bytes) -> bytes:
    """Undo it, up to ``LARGEST_CLAIMS`` bytes. Raises Refusal ``pass_damaged``."""
    unpacker = zlib.decompressobj(_RAW_DEFLATE)
    try:
        inflated = unpacker.decompress(data, LARGEST_CLAIMS)
    except zlib.error:
        raise Refusal("pass_damaged") from None
    if not unpacker.eof or unpacker.unused_data:
        raise Refusal("pass_damaged")
    return inflated


def _bytes_of(body: str) -> bytes:
    try:
        decoded: bytes = b45decode(body)
    except ValueError:
        raise Refusal("pass_damaged") from None
    return decoded


def _parts(value: Any, count: int) -> list[Any]:
    if not isinstance(value, list) or len(value) != count or not isinstance(value[0], bytes):
        raise Refusal("pass_damaged")
    return value


def _header(protected: bytes) -> tuple[Any, bytes]:
    header = read_cbor(protected)
    named = header.get(_KID) if isinstance(header, dict) else None
    if not isinstance(named, bytes):
        raise Refusal("pass_damaged")
    return header.get(_ALG), named


def _encryption_context(protected: bytes) -> bytes:
    return write_cbor(["Encrypt0", protected, b""])


def _to_be_signed(protected: bytes, station_id: bytes, payload: bytes) -> bytes:
    return write_cbor(["Signature1", protected, station_id, payload])
