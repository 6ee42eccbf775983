"""HPKE as RFC 9180 has it: its vector, and two implementations of others."""

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, KEMKey

from gateways.hpke import OpeningFailed, seal, unseal
from tests.passes import station_key

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)


def test_vector_of_the_rfc_is_met() -> None:
    """RFC 9180, A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode, sequence number 0."""
    once = X25519PrivateKey.from_private_bytes(
        bytes.fromhex("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736")
    )
    key = X25519PrivateKey.from_private_bytes(
        bytes.fromhex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8")
    )
    info = bytes.fromhex("4f6465206f6e2061204772656369616e2055726e")
    plaintext, aad = b"Beauty is truth, truth beauty", b"Count-0"
    enc, ciphertext = seal(plaintext, key.public_key(), aad, info, once)
    assert enc.hex() == "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"
    assert ciphertext.hex() == (
        "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a"
    )
    assert unseal(enc, ciphertext, key, aad, info) == plaintext


def test_another_library_opens_what_we_seal_and_we_open_what_it_seals() -> None:
    key = station_key()
    assert SUITE.decrypt(b"".join(seal(b"words", key.public_key(), b"", b"info")), key, b"info") == b"words"
    sealed = SUITE.encrypt(b"words", key.public_key(), b"info")
    assert unseal(sealed[:32], sealed[32:], key, b"", b"info") == b"words"


def test_additional_data_is_bound_as_a_third_library_binds_it() -> None:
    key, suite = station_key(), CipherSuite.new(KEMId(32), KDFId(1), AEADId(1))
    enc, ciphertext = seal(b"words", key.public_key(), b"header")
    opened = suite.create_recipient_context(enc, KEMKey.from_pyca_cryptography_key(key)).open(ciphertext, aad=b"header")
    assert opened == b"words"


@pytest.mark.parametrize("changed", range(4))
def test_whatever_is_changed_opens_nothing(changed: int) -> None:
    key = station_key()
    enc, ciphertext = seal(b"words", key.public_key(), b"header")
    given = [
        (bytes(32), ciphertext, key, b"header"),
        (enc, ciphertext[:-1] + bytes([ciphertext[-1] ^ 1]), key, b"header"),
        (enc, ciphertext, station_key(2), b"header"),
        (enc, ciphertext, key, b"another"),
    ][changed]
    with pytest.raises(OpeningFailed):
        unseal(*given)


def test_a_station_key_of_no_order_is_refused() -> None:
    with pytest.raises(ValueError, match="shared key"):
        seal(b"words", X25519PublicKey.from_public_bytes(bytes(32)), b"")
