"""What a station signs itself, files and slips: ECDSA on P-256 with SHA-256, as every ``openssl`` makes it.

``openssl dgst -sha256 -sign station.pem -out batch.jsonl.sig batch.jsonl`` signs a file.
"""

from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

_BLOCK = 1 << 20
_PREHASHED = ec.ECDSA(Prehashed(hashes.SHA256()))


class StationKeyUnusableError(ValueError):
    """The key can't sign; the text says why and holds nothing secret."""


def make_signing_key() -> tuple[str, str]:
    """A new key: the private and the public half as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private.decode(), _public_pem(key)


def load_signing_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    """The private key of a station. Raises StationKeyUnusableError."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise StationKeyUnusableError("this is no private key in PEM without a password") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise StationKeyUnusableError("a station signs with a P-256 key")
    return key


def load_public_key(pem: str) -> ec.EllipticCurvePublicKey | None:
    """A public P-256 key, or None for anything else."""
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    is_p256 = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    return key if is_p256 and isinstance(key, ec.EllipticCurvePublicKey) else None


def sign_file(path: Path, pem: bytes) -> bytes:
    """The signature over a file by a station's private key, DER. Raises StationKeyUnusableError."""
    return load_signing_key(pem).sign(file_digest(path), _PREHASHED)


def file_digest(path: Path) -> bytes:
    """SHA-256 of a file of any size."""
    digest = hashes.Hash(hashes.SHA256())
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.finalize()


def is_file_signed(digest: bytes, signature: bytes, keys: Sequence[str]) -> bool:
    """Whether the DER signature is over this SHA-256 digest, by one of these public keys (PEM)."""
    return any(_verifies(key, digest, signature) for pem in keys if (key := load_public_key(pem)) is not None)


def _verifies(key: ec.EllipticCurvePublicKey, digest: bytes, signature: bytes) -> bool:
    try:
        key.verify(signature, digest, _PREHASHED)
    except InvalidSignature:
        return False
    return True


def _public_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
