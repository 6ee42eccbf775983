"""The test vectors of docs/handoff-format.md, for whoever implements the offline pass.

``python -m tests.gateways.pass_vectors`` writes them. All keys in them are test keys: they protect nothing.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from base45 import b45encode
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from domain.offline_pass import claims_of
from domain.pass_text import split_text, whole_text
from gateways.pass_envelope import PassIssuer, deflate, encrypt, key_id
from gateways.plain_cbor import write_cbor
from tests.passes import (
    ADULT,
    MINOR,
    a_pass,
    eddsa_key,
    es256_key,
    private_pem,
    public_pem,
    station_key,
)

FILE = Path(__file__).with_name("pass_vectors.json")
_ONCE = X25519PrivateKey.from_private_bytes(bytes(range(32)))


def vectors(packed: Sequence[bytes] = ()) -> dict[str, Any]:
    """Every step of three passes, hexadecimal; the ephemeral key is fixed so that the text is always the same.

    ``packed``: the deflated claims to take, for another zlib may pack them otherwise.
    """
    minor, adult, parts = packed or (None, None, None)
    return {
        "note": "TEST KEYS. They are published and protect nothing.",
        "vectors": [
            _vector("a minor, signed by ES256", es256_key(), a_pass(MINOR), minor),
            _vector("an adult, signed by EdDSA", eddsa_key(), a_pass(ADULT, id=b"\x09" * 16), adult),
            _vector("the minor in parts of 400 characters", es256_key(), a_pass(MINOR), parts, one_code=400),
        ],
    }


def _vector(name: str, issuer_key: Any, one: Any, packed: bytes | None, one_code: int = 1451) -> dict[str, Any]:
    station = station_key()
    issuer = PassIssuer(issuer_key)
    claims = write_cbor(claims_of(one))
    payload = packed or deflate(claims)
    signed = issuer.sign(payload, key_id(station.public_key()))
    sealed = encrypt(signed, station.public_key(), once=_ONCE)
    text = whole_text(b45encode(sealed).decode())
    return {
        "name": name,
        "issuer_private_key": private_pem(issuer_key).decode(),
        "issuer_public_key": public_pem(issuer_key.public_key()).decode(),
        "issuer_key_id": key_id(issuer.public_key).hex(),
        "station_private_key": private_pem(station).decode(),
        "station_key_id": key_id(station.public_key()).hex(),
        "ephemeral_private_key": _ONCE.private_bytes_raw().hex(),
        "claims_cbor": claims.hex(),
        "payload_deflated": payload.hex(),
        "cose_sign1": signed.hex(),
        "cose_encrypt0": sealed.hex(),
        "text": text,
        "parts": list(split_text(text, one_code)),
        "case": {name: str(value) for name, value in one.case.items()},
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
