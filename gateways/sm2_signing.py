"""Signing with SM2 by the optional library ``tongsuopy`` (the extra ``sm2``); nothing else in the house needs it.

The key is an encrypted PKCS#8 file in PEM. It goes beside the PKCS#12 and not into it: the certificate in there seals
PDFs, whose readers and whose library know no SM2.
"""

from importlib import import_module
from types import ModuleType
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from gateways.sm2 import SIZE, Sm2PublicKey, key_of

NO_SM2 = "SM2 needs the optional package tongsuopy, which is not installed: pip install 'tongban[sm2]'"


class NoSm2Error(Exception):
    """SM2 was asked for and can't be had; the text says why, for the operator."""


class Sm2Signer:
    """One SM2 key. Raises NoSm2Error without the library, with a wrong password, or for another kind of key."""

    def __init__(self, pem: bytes, password: bytes) -> None:
        self._ec, self._hashes, serialization = _library()
        try:
            self._key: Any = serialization.load_pem_private_key(pem, password)
            self.public_key: Sm2PublicKey = key_of(
                self._key.public_key().public_bytes(
                    serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
                )
            )
        except (ValueError, TypeError, AttributeError):
            raise NoSm2Error("the SM2 key can't be opened: no encrypted PKCS#8 in PEM, or a wrong password") from None

    def sign(self, data: bytes) -> bytes:
        """The signature as ``r · s``, 32 bytes each; the identity is the usual one (``gateways.sm2.USER_ID``)."""
        r, s = decode_dss_signature(self._key.sign(data, self._ec.ECDSA(self._hashes.SM3())))
        return r.to_bytes(SIZE, "big") + s.to_bytes(SIZE, "big")


def insist_on_sm2() -> None:
    """See that the library is here. Raises NoSm2Error."""
    _library()


def make_sm2_key(password: bytes) -> bytes:
    """A new key as encrypted PKCS#8 in PEM. Raises NoSm2Error without the library."""
    ec, _, serialization = _library()
    pem: bytes = ec.generate_private_key(ec.SM2()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(password),
    )
    return pem


def _library() -> tuple[ModuleType, ModuleType, ModuleType]:
    try:
        return (
            import_module("tongsuopy.crypto.asymciphers.ec"),
            import_module("tongsuopy.crypto.hashes"),
            import_module("tongsuopy.crypto.serialization"),
        )
    except ImportError:
        raise NoSm2Error(NO_SM2) from None
