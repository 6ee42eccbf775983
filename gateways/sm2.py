"""Verifying SM2 signatures (GB/T 32918.2, curve of GB/T 32918.5) in pure Python, so that a seal outlives any library.

Only public values go through here: nothing is kept from an observer of its timing, so it must never sign.
"""

import re
from base64 import b64encode
from binascii import Error as NotBase64
from binascii import a2b_base64
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from cryptography.hazmat.primitives import hashes

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0
USER_ID = b"1234567812345678"  # the usual identity where none is agreed (GB/T 35276)
SIZE = 32  # bytes of a coordinate, of r and of s

_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")  # an uncompressed point on sm2p256v1
_PEM = re.compile(rb"-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----")
_Point: TypeAlias = tuple[int, int] | None  # None is the point at infinity


@dataclass(frozen=True)
class Sm2PublicKey:
    """A point on the curve. Raises ValueError for one that is not."""

    x: int
    y: int

    def __post_init__(self) -> None:
        on_curve = (self.y * self.y - self.x**3 - A * self.x - B) % P == 0
        if not (0 <= self.x < P and 0 <= self.y < P and on_curve):
            raise ValueError("this is no point of the SM2 curve")

    @property
    def der(self) -> bytes:
        """The key as SubjectPublicKeyInfo."""
        return _SPKI + _bytes(self.x) + _bytes(self.y)

    @property
    def pem(self) -> bytes:
        """The key as PEM."""
        text = b64encode(self.der)
        lines = b"\n".join(text[at : at + 64] for at in range(0, len(text), 64))
        return b"-----BEGIN PUBLIC KEY-----\n" + lines + b"\n-----END PUBLIC KEY-----\n"

    @property
    def thumbprint(self) -> bytes:
        """SHA-256 of ``der``: what a seal names the key by."""
        return sha256(self.der).digest()


def key_of(der: bytes) -> Sm2PublicKey:
    """The key in a SubjectPublicKeyInfo. Raises ValueError for anything but an SM2 key."""
    if len(der) != len(_SPKI) + 2 * SIZE or not der.startswith(_SPKI):
        raise ValueError("this is no SM2 public key")
    point = der[len(_SPKI) :]
    return Sm2PublicKey(int.from_bytes(point[:SIZE], "big"), int.from_bytes(point[SIZE:], "big"))


def keys_in(pem: bytes) -> Iterator[Sm2PublicKey]:
    """The SM2 public keys of a PEM file; other things that stand in it are passed over."""
    for text in _PEM.findall(pem):
        try:
            yield key_of(a2b_base64(text))
        except (ValueError, NotBase64):
            continue


def verify(key: Sm2PublicKey, signature: bytes, data: bytes) -> bool:
    """Whether ``r · s``, 32 bytes each, is this key's signature over the data (GB/T 32918.2, 7.1)."""
    r, s = int.from_bytes(signature[:SIZE], "big"), int.from_bytes(signature[SIZE:], "big")
    if len(signature) != 2 * SIZE or not (0 < r < N and 0 < s < N):
        return False
    t = (r + s) % N
    point = _added(_times(s, (GX, GY)), _times(t, (key.x, key.y)))
    return t != 0 and point is not None and (message_digest(key, data) + point[0]) % N == r


def message_digest(key: Sm2PublicKey, data: bytes) -> int:
    """SM3 over the signer's ``Z`` (identity, curve, key: 5.5) and the data."""
    bits = (8 * len(USER_ID)).to_bytes(2, "big")
    z = _sm3(bits + USER_ID + b"".join(map(_bytes, (A, B, GX, GY, key.x, key.y))))
    return int.from_bytes(_sm3(z + data), "big")


def _sm3(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def _bytes(number: int) -> bytes:
    return number.to_bytes(SIZE, "big")


def _added(one: _Point, other: _Point) -> _Point:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    rise, run = (3 * x1 * x1 + A, 2 * y1) if one == other else (y2 - y1, x2 - x1)
    slope = rise * pow(run, -1, P) % P
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def _times(factor: int, point: _Point) -> _Point:
    found: _Point = None
    for bit in f"{factor:b}":
        found = _added(found, found)
        found = _added(found, point) if bit == "1" else found
    return found
