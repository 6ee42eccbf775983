"""The platform's seal over evidence: as the standards say it, and every change shows."""

from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519

from gateways.seal import (
    DIGESTS,
    PlatformSeal,
    SealAlgorithm,
    SealUnusableError,
    is_signed,
    make_self_signed,
    signature_by,
    verify_seal,
)
from tests.gateways.seals import (
    EVERY,
    NOW,
    PASSWORD,
    RECORD,
    issued,
    made,
    packed,
    seal_of,
)

# --- as the standards have it


@pytest.mark.parametrize(
    ("message", "r", "s"),
    [
        (
            b"sample",
            "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716",
            "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
        ),
        (
            b"test",
            "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367",
            "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083",
        ),
    ],
)
def test_es256_is_rfc_6979_on_p_256(message: bytes, r: str, s: str) -> None:
    secret = int("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", 16)
    key = ec.derive_private_key(secret, ec.SECP256R1())
    assert signature_by(key, message).hex() == r + s
    assert is_signed(key.public_key(), bytes.fromhex(r + s), message)
    assert not is_signed(key.public_key(), bytes.fromhex(s + r), message)


@pytest.mark.parametrize(
    ("secret", "message", "signature"),
    [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"  # noqa: ISC004 - one number in two lines
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"  # noqa: ISC004 - one number in two lines
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ],
)
def test_eddsa_is_ed25519_of_rfc_8032(secret: str, message: str, signature: str) -> None:
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert is_signed(key.public_key(), bytes.fromhex(signature), bytes.fromhex(message))


def test_the_es256_example_of_rfc_7515_is_read() -> None:
    x, y, signature = (
        urlsafe_b64decode(text + "=" * (-len(text) % 4))
        for text in (
            "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        )
    )
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
    signed = (
        b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog"
        b"Imh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    )
    assert is_signed(key, signature, signed)
    assert not is_signed(key, signature, signed + b"A")


@pytest.mark.parametrize(
    ("message", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_is_that_of_gb_t_32905(message: bytes, digest: str) -> None:
    assert DIGESTS["sm3"].hexadecimal(message) == digest


# --- the seal over evidence


@pytest.mark.parametrize("algorithm", EVERY)
def test_a_seal_is_over_these_bytes_and_no_others(algorithm: SealAlgorithm) -> None:
    seal = seal_of(algorithm)
    over = seal.seal(RECORD)
    assert seal.verify(RECORD, over)
    assert not seal.verify(RECORD + b" ", over)
    assert not seal_of(SealAlgorithm.ES256 if algorithm != SealAlgorithm.ES256 else SealAlgorithm.EDDSA).verify(
        RECORD, over
    )


def test_the_same_record_gives_the_same_seal() -> None:
    assert seal_of().seal(RECORD) == seal_of().seal(RECORD)


def test_every_changed_byte_of_a_seal_shows() -> None:
    over = seal_of().seal(RECORD)
    for position in range(len(over)):
        for other in (b"A", b"_", b".", b"="):
            changed = over[:position] + other + over[position + 1 :]
            assert changed == over or not seal_of().verify(RECORD, changed), (position, other)


@pytest.mark.parametrize(
    "odd", [b"", b"..", b"a..b", b"a.b.c", b"\xff" * 90, b"e30..e30", b"A" * 10_000], ids=lambda odd: odd[:8].hex()
)
def test_what_is_no_seal_does_not_verify(odd: bytes) -> None:
    assert not seal_of().verify(RECORD, odd)


def test_a_record_sealed_before_the_key_was_changed_still_verifies() -> None:
    old, file = made(), make_self_signed("新印章", lambda: NOW, password=PASSWORD)[0]
    new = PlatformSeal.open(file, PASSWORD, retired=old.trust)
    assert new.verify(RECORD, old.seal(RECORD))
    assert verify_seal(RECORD, new.seal(RECORD), new.trust)
    assert not old.verify(RECORD, new.seal(RECORD))


# --- key material


def test_a_seal_made_once_opens_with_its_password_only() -> None:
    file, pem = make_self_signed("通办平台测试印章", lambda: NOW, password=PASSWORD)
    seal = PlatformSeal.open(file, PASSWORD)
    assert seal.trust == pem
    assert seal.valid_until == NOW + timedelta(days=3650)
    with pytest.raises(SealUnusableError) as refusal:
        PlatformSeal.open(file, b"guessed")
    assert "guessed" not in str(refusal.value)
    with pytest.raises(SealUnusableError):
        PlatformSeal.open(b"not a file", PASSWORD)


def test_no_certificate_is_made_with_sm2() -> None:
    with pytest.raises(SealUnusableError, match="a file of its own"):
        make_self_signed("通办平台测试印章", lambda: NOW, password=PASSWORD, algorithm=SealAlgorithm.SM2)


def test_key_material_that_could_not_be_verified_later_is_refused_at_once() -> None:
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    wide = ec.generate_private_key(ec.SECP384R1())
    sound = issued(key, key, digital_signature=True)
    assert PlatformSeal(key, sound).algorithm is SealAlgorithm.ES256
    with pytest.raises(SealUnusableError, match="not of this key"):
        PlatformSeal(other, sound)
    with pytest.raises(SealUnusableError, match="key usage"):
        PlatformSeal(key, issued(key, key, key_agreement=True))
    with pytest.raises(SealUnusableError, match="kind of key"):
        PlatformSeal(wide, issued(wide, wide, digital_signature=True))
    for nothing in (packed(None, sound), packed(dsa.generate_private_key(2048), None)):
        with pytest.raises(SealUnusableError):
            PlatformSeal.open(nothing, b"")
