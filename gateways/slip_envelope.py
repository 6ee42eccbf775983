"""The return slip as text: CBOR claims, COSE_Sign1 by ES256 (RFC 9052, 9053), Base45 (RFC 9285), ``TR1:`` in front."""

from typing import Any, NoReturn

from base45 import b45decode, b45encode
from cbor2 import CBORTag
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from domain.pass_text import as_scanned
from domain.refusal import Refusal
from domain.return_slip import LONGEST, PREFIX
from gateways.plain_cbor import read_cbor, write_cbor
from gateways.station_signing import load_public_key, load_signing_key

_SIGN1 = 18
_ALG, _KID, _ES256 = 1, 4, -7
_COORDINATE = 32
_HASH = hashes.SHA256()


class SlipEnvelope:
    """Fits ``casework.ports.SlipOpener``."""

    def key_id(self, text: str) -> str:
        """The key a slip names. Raises Refusal ``return_slip_foreign``, ``return_slip_damaged``."""
        return _parts(text)[1]

    def is_key(self, public_pem: str) -> bool:
        """Whether this is a public P-256 key in PEM."""
        return load_public_key(public_pem) is not None

    def open(self, text: str, public_pem: str) -> Any:
        """The claims, once the signature is this key's. Raises Refusal ``return_slip_forged`` beside those."""
        header, _, payload, signature = _parts(text)
        key = load_public_key(public_pem)
        if key is None or len(signature) != 2 * _COORDINATE:
            raise Refusal("return_slip_forged")
        r, s = (int.from_bytes(half, "big") for half in (signature[:_COORDINATE], signature[_COORDINATE:]))
        try:
            key.verify(encode_dss_signature(r, s), _to_be_signed(header, payload), ec.ECDSA(_HASH))
        except InvalidSignature:
            raise Refusal("return_slip_forged") from None
        return _read(payload)


def seal_slip(claims: dict[int, Any], key_id: str, pem: bytes) -> str:
    """The text of a slip, signed by a station's private key; the nonce is RFC 6979's: the same slip, the same text."""
    key = load_signing_key(pem)
    header, payload = write_cbor({_ALG: _ES256, _KID: key_id.encode()}), write_cbor(claims)
    made = key.sign(_to_be_signed(header, payload), ec.ECDSA(_HASH, deterministic_signing=True))
    r, s = decode_dss_signature(made)
    signature = r.to_bytes(_COORDINATE, "big") + s.to_bytes(_COORDINATE, "big")
    sealed = write_cbor(CBORTag(_SIGN1, [header, {}, payload, signature]))
    return PREFIX + str(b45encode(sealed).decode())


def _parts(text: str) -> tuple[bytes, str, bytes, bytes]:
    """Protected header, key id, payload and signature."""
    if len(text) > LONGEST or not as_scanned(text).startswith(PREFIX):
        raise Refusal("return_slip_foreign")
    try:
        data = b45decode(as_scanned(text).removeprefix(PREFIX))
        header, unprotected, payload, signature = read_cbor(data, tag=_SIGN1)
        named = _read(header)
        key_id = named[_KID].decode("ascii")
        if named != {_ALG: _ES256, _KID: named[_KID]} or unprotected != {}:
            _damaged()
    except (ValueError, TypeError, KeyError, AttributeError, Refusal):
        _damaged()
    if not all(type(part) is bytes for part in (header, payload, signature)):
        _damaged()
    return header, key_id, payload, signature


def _read(data: bytes) -> Any:
    try:
        return read_cbor(data)
    except (Refusal, TypeError):
        _damaged()


def _damaged() -> NoReturn:
    raise Refusal("return_slip_damaged")


def _to_be_signed(header: bytes, payload: bytes) -> bytes:
    return write_cbor(["Signature1", header, b"", payload])
