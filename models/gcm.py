"""The two ciphers of sealed columns, both in GCM: AES-256 and, where national algorithms are asked for, SM4.

A ring's keys have 32 bytes for both. AES-256 takes them as they are; SM4 (GB/T 32907) takes 16 bytes drawn from them by
HKDF (RFC 5869) with SM3, without salt, info ``tongban sealed column sm4-gcm``: no key serves two ciphers. SM4-GCM is
that of RFC 8998: a nonce of 12 bytes, a tag of 16 at the end of the ciphertext.
"""

from enum import StrEnum
from typing import Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_INFO = b"tongban sealed column sm4-gcm"
_SM4_KEY_BYTES = 16
_TAG_BYTES = 16


class SealCipher(StrEnum):
    """What seals columns."""

    AES_256_GCM = "aes-256-gcm"
    SM4_GCM = "sm4-gcm"


class Gcm(Protocol):
    """One key of one cipher."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes:
        """Ciphertext with the tag at its end."""
        ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes:
        """The data again. Raises InvalidTag for altered bytes, ValueError for too few."""
        ...


class Sm4Gcm:
    """SM4-GCM with one key of 16 bytes."""

    def __init__(self, key: bytes) -> None:
        self._algorithm = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes:
        """Ciphertext with the tag at its end."""
        work = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        work.authenticate_additional_data(associated_data or b"")
        return work.update(data) + work.finalize() + work.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes | None, /) -> bytes:
        """The data again. Raises InvalidTag for altered bytes, ValueError for too few."""
        body, tag = data[:-_TAG_BYTES], data[-_TAG_BYTES:]
        work = Cipher(self._algorithm, modes.GCM(nonce, tag)).decryptor()
        work.authenticate_additional_data(associated_data or b"")
        return work.update(body) + work.finalize()


def gcm_of(cipher: SealCipher, key: bytes) -> Gcm:
    """The cipher made ready with a ring's key of 32 bytes."""
    return Sm4Gcm(sm4_key(key)) if cipher is SealCipher.SM4_GCM else AESGCM(key)


def sm4_key(key: bytes) -> bytes:
    """The SM4 key that a ring's key stands for."""
    return HKDF(hashes.SM3(), _SM4_KEY_BYTES, None, _INFO).derive(key)
