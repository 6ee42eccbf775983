"""Key files of the offline pass: the issuer's signing key here, a station's decryption key there.

PEM, several in a file. A key's name (``key_id``) follows from the key, so no file says which is which, and two can be
valid side by side.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from gateways.pass_envelope import IssuerKey, IssuerPublicKey, PassIssuer, PassOpener, key_id
from gateways.seal_keeping import keep_whole

_PEM = re.compile(rb"-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----")
_MOST_KEYS = 100


class PassKeyUnusableError(Exception):
    """A key file can't be used; the text says why, for the operator, and holds nothing secret."""


@dataclass(frozen=True)
class StationPublicKey:
    """What a station gives away: its key's name (hexadecimal) and the key (32 bytes)."""

    id: str
    raw: bytes


def open_issuer(file: Path, password: str, *, make: bool, retired: Path | None, trust: Path) -> PassIssuer:
    """The issuer whose key stands in ``file``; where there is none and ``make`` is true, one is made there first.

    ``retired``: public keys of the issuer that may still be read. All public keys are written to ``trust``.

    Raises:
        PassKeyUnusableError: no such file, wrong password, or a kind of key that can't sign a pass.
    """
    if make and not file.exists():
        keep_whole(file, _private_pem(ec.generate_private_key(ec.SECP256R1()), password.encode()), 0o600)
    try:
        key: Any = load_pem_private_key(file.read_bytes(), password.encode())
        before = issuer_keys(retired.read_bytes()) if retired else []
    except OSError as error:
        raise PassKeyUnusableError(f"a key file of the pass can't be read: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise PassKeyUnusableError("the issuer's key can't be opened: no PEM, or a wrong password") from None
    if not _signs(key):
        raise PassKeyUnusableError("this kind of key can't sign passes: take P-256 or Ed25519")
    issuer = PassIssuer(key, b"".join(_public_pem(one) for one in (key.public_key(), *before)))
    if not trust.exists() or trust.read_bytes() != issuer.trust:
        trust.unlink(missing_ok=True)
        keep_whole(trust, issuer.trust, 0o644)
    return issuer


def open_reader(stations: bytes, issuers: bytes) -> PassOpener:
    """What reads passes, from the station's private keys and the issuers' public keys (PEM). PassKeyUnusableError."""
    return PassOpener(station_keys(stations), issuer_keys(issuers))


def issuer_keys(pem: bytes) -> list[IssuerPublicKey]:
    """Every issuer's public key in a file. Raises PassKeyUnusableError."""
    return _each(pem, load_pem_public_key, _verifies, "an issuer's public key: PUBLIC KEY, P-256 or Ed25519")


def station_keys(pem: bytes) -> list[X25519PrivateKey]:
    """Every private key of a station in a file. Raises PassKeyUnusableError."""
    return _each(
        pem, lambda one: load_pem_private_key(one, None), _decrypts, "a station's key: PRIVATE KEY, X25519, no password"
    )


def station_public_key(pem: bytes) -> StationPublicKey:
    """The one public key a station gave. Raises PassKeyUnusableError."""
    found: list[X25519PublicKey] = _each(pem, load_pem_public_key, _encrypts, "a station's PUBLIC KEY, X25519")
    if len(found) != 1:
        raise PassKeyUnusableError("a station gives one public key at a time")
    return StationPublicKey(key_id(found[0]).hex(), found[0].public_bytes_raw())


def make_station_key() -> tuple[bytes, bytes]:
    """A new key for a station: the private part, which never leaves it, and the public part (PEM)."""
    key = X25519PrivateKey.generate()
    return _private_pem(key), _public_pem(key.public_key())


def demo_station_key(folder: Path, point: str) -> StationPublicKey:
    """The public key of a demo station; its private part is made in ``folder`` at the first look."""
    file = folder / f"{point}.pem"
    if not file.exists():
        keep_whole(file, make_station_key()[0], 0o600)
    return station_public_key(_public_pem(station_keys(file.read_bytes())[0].public_key()))


def _each(pem: bytes, load: Callable[[bytes], Any], fits: Callable[[Any], bool], wanted: str) -> list[Any]:
    blocks = [match[0] for match in _PEM.finditer(pem)]
    try:
        keys = [load(block) for block in blocks[:_MOST_KEYS]]
    except (ValueError, TypeError, UnsupportedAlgorithm):
        keys = []
    if not keys or not all(map(fits, keys)):
        raise PassKeyUnusableError(f"the file must hold {wanted}")
    return keys


def _signs(key: object) -> bool:
    return isinstance(key, IssuerKey) and _verifies(key.public_key())


def _verifies(key: object) -> bool:
    if isinstance(key, ec.EllipticCurvePublicKey):
        return isinstance(key.curve, ec.SECP256R1)
    return isinstance(key, ed25519.Ed25519PublicKey)


def _decrypts(key: object) -> bool:
    return isinstance(key, X25519PrivateKey)


def _encrypts(key: object) -> bool:
    return isinstance(key, X25519PublicKey)


def _private_pem(key: IssuerKey | X25519PrivateKey, password: bytes = b"") -> bytes:
    sealed = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed)


def _public_pem(key: IssuerPublicKey | X25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
