"""The envelope: small enough for a phone, readable with what others made, and nothing but refusals for what is bad."""

import zlib
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from base45 import b45decode, b45encode
from cbor2 import CBORTag, dumps, loads
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cwt import COSE, COSEKey
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from domain.offline_pass import CASE, claims_of, pass_of
from domain.pass_text import PREFIX, join_text, split_text
from domain.refusal import Refusal
from gateways.pass_envelope import LARGEST_CLAIMS, PassIssuer, deflate, encrypt, inflate, key_id
from gateways.plain_cbor import read_cbor, write_cbor
from templates.qr import qr_png
from tests.casework.refused import refused
from tests.passes import (
    ISSUER,
    MINOR,
    STATION,
    a_pass,
    a_text,
    an_opener,
    body_of,
    eddsa_key,
    es256_key,
    private_pem,
    station_key,
)

STATION_ID = key_id(STATION.public_key())


def text_of(data: bytes) -> str:
    return f"{PREFIX}{b45encode(data).decode()}"


def opened(text: str, **more: Any) -> Any:
    return pass_of(an_opener(**more).open(body_of(text)))


def cose_key(key: Any) -> Any:
    return COSEKey.from_pem(private_pem(key).decode(), kid=key_id(key.public_key()))


def station_cose_key(*, private: bool) -> Any:
    """COSE_Key (RFC 9052, 7): an octet key pair on X25519 for HPKE-3."""
    secret = {-4: STATION.private_bytes_raw()} if private else {}
    return COSEKey.new({1: 1, 2: STATION_ID, 3: 41, -1: 4, -2: STATION.public_key().public_bytes_raw(), **secret})


# --- size


def test_a_full_minors_case_fits_version_20_at_level_m() -> None:
    """Thirty fields, addresses as long as a card holds (B38), CJK extension characters, checklist, digest, booking."""
    assert len(MINOR) >= 25
    text = a_text()
    assert split_text(text) == (text,)
    code = zxingcpp.read_barcode(Image.open(BytesIO(qr_png(text))))
    assert code is not None
    assert (code.text, code.ec_level) == (text, "M")
    modules = Image.open(BytesIO(qr_png(text))).width // 10 - 8
    assert (modules - 17) // 4 <= 20


def test_the_longest_case_still_fits_one_code_or_is_split() -> None:
    long = {**MINOR, "post_recipient": "测" * 50, "post_phone": "13800000002", "name": "测试" * 25}
    addresses = {
        name: "".join(chr(0x4E00 + 97 * n * step % 20000) for n in range(1, 100))
        for step, name in enumerate(("household_address", "residence_address", "post_address"), start=1)
    }
    parts = split_text(a_text(a_pass(long | addresses)))
    assert 2 <= len(parts) <= 4
    assert pass_of(an_opener().open(join_text(reversed(parts)))).case == long | addresses


# --- what others made


@pytest.mark.parametrize("key", [es256_key(), eddsa_key()], ids=["ES256", "EdDSA"])
def test_third_party_libraries_decode_what_we_issue(key: Any) -> None:
    text = a_text(issuer=PassIssuer(key))
    outer = b45decode(text.removeprefix(PREFIX))
    signed = COSE.new().decode(outer, station_cose_key(private=True))
    payload = COSE.new().decode(signed, cose_key(key), external_aad=STATION_ID)
    assert loads(zlib.decompress(payload, -15)) == claims_of(a_pass())


@pytest.mark.parametrize("key", [es256_key(), eddsa_key()], ids=["ES256", "EdDSA"])
def test_we_read_what_a_third_party_library_issues(key: Any) -> None:
    signer = cose_key(key)
    payload = deflate(dumps(claims_of(a_pass())))
    header = {1: signer.alg, 4: key_id(key.public_key())}
    signed = COSE.new().encode(payload, signer, protected=header, external_aad=STATION_ID)
    outer = COSE.new().encode(signed, station_cose_key(private=False), protected={1: 41, 4: STATION_ID})
    assert opened(text_of(outer), issuers=(PassIssuer(key),)) == a_pass()


# --- rotation


def test_passes_of_every_valid_issuer_key_and_to_every_kept_station_key_are_read() -> None:
    new_issuer, new_station = PassIssuer(eddsa_key()), station_key(2)
    opener = an_opener(STATION, new_station, issuers=(ISSUER, new_issuer))
    for issuer in (ISSUER, new_issuer):
        for station in (STATION, new_station):
            assert pass_of(opener.open(body_of(a_text(issuer=issuer, to=station)))) == a_pass()


def test_a_key_nobody_registered_is_refused() -> None:
    with refused("pass_issuer_unknown"):
        opened(a_text(issuer=PassIssuer(es256_key(9))))
    with refused("pass_other_station"):
        opened(a_text(to=station_key(9)))


# --- tampering


def test_any_changed_character_is_noticed() -> None:
    body, opener = body_of(a_text()), an_opener()
    for at in range(0, len(body), 7):
        other = "0" if body[at] != "0" else "1"
        with pytest.raises(Refusal):
            opener.open(body[:at] + other + body[at + 1 :])


@pytest.mark.parametrize("kept", [1, 3, 10, 100, 300, -1, -3])
def test_a_truncated_pass_is_damaged(kept: int) -> None:
    with refused("pass_damaged"):
        opened(a_text()[:kept] if kept < 0 else PREFIX + body_of(a_text())[:kept])


def test_whoever_knows_the_stations_key_but_not_the_issuers_forges_nothing() -> None:
    forged = PassIssuer(es256_key(9)).sign(deflate(write_cbor(claims_of(a_pass()))), STATION_ID)
    header = write_cbor({1: -7, 4: key_id(ISSUER.public_key)})
    tag = loads(forged)
    signed = dumps(CBORTag(18, [header, {}, *tag.value[2:]]))
    with refused("pass_forged"):
        opened(text_of(encrypt(signed, STATION.public_key())))


def test_another_algorithm_than_the_keys_own_is_forged() -> None:
    protected, _, payload, signature = loads(ISSUER.sign(deflate(b"\xa0"), STATION_ID)).value
    for alg in (-8, -37, 5, None):
        header = write_cbor({**loads(protected), 1: alg})
        with refused("pass_forged"):
            opened(text_of(encrypt(dumps(CBORTag(18, [header, {}, payload, signature])), STATION.public_key())))


def test_a_station_cannot_pass_a_pass_on_to_another_station() -> None:
    outer = loads(b45decode(body_of(a_text())))
    signed = COSE.new().decode(dumps(outer), station_cose_key(private=True))
    other = station_key(2)
    with refused("pass_forged"):
        an_opener(other).open(body_of(text_of(encrypt(signed, other.public_key()))))


# --- bounds


def test_a_bomb_nobody_signed_is_never_inflated(monkeypatch: pytest.MonkeyPatch) -> None:
    inflations: list[bytes] = []
    monkeypatch.setattr("gateways.pass_envelope.inflate", inflations.append)
    bomb = deflate(bytes(2_000_000))
    assert len(bomb) < 2200
    signed = loads(PassIssuer(es256_key(9)).sign(bomb, STATION_ID))
    header = write_cbor({1: -7, 4: key_id(ISSUER.public_key)})
    forged = dumps(CBORTag(18, [header, *signed.value[1:]]))
    with refused("pass_forged"):
        opened(text_of(encrypt(forged, STATION.public_key())))
    assert inflations == []


def test_a_signed_bomb_stops_at_the_bound() -> None:
    signed = ISSUER.sign(deflate(bytes(2_000_000)), STATION_ID)
    with refused("pass_damaged"):
        opened(text_of(encrypt(signed, STATION.public_key())))


def test_claims_up_to_the_bound_are_inflated_and_nothing_may_follow_them() -> None:
    assert inflate(deflate(bytes(LARGEST_CLAIMS))) == bytes(LARGEST_CLAIMS)
    for bad in (deflate(bytes(LARGEST_CLAIMS + 1)), deflate(b"a") + b"b", deflate(b"a" * 99)[:-1], b"", b"\xff\xff"):
        with refused("pass_damaged"):
            inflate(bad)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x9f\x01\xff", b"\x5f\x41a\xff", b"\x81" * 4000, b"\xbf\xff", b"\xfb" + bytes(8), b"\xf7", b"\xf8\x18",
        b"\x9b\x7f" + b"\xff" * 7, b"\x5b\x7f" + b"\xff" * 7, b"\x1c", b"\x01\x01", b"\x62\xff\xff", b"\x81\xd0\x40",
        b"\xd8\x23\x61(", b"\xc2\x41\x01", b"\xd8\x1c\x80", b"\xd2\xd0\x01",
    ],
)  # fmt: skip
def test_cbor_a_pass_never_holds_is_damaged(data: bytes) -> None:
    with refused("pass_damaged"):
        read_cbor(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with suppress(Refusal):
        assert not isinstance(read_cbor(data), CBORTag)


_HEADERS = st.dictionaries(st.sampled_from([1, 4, -4]), st.sampled_from([41, -7, -8, STATION_ID, b"", None]))
_ANY = st.none() | st.binary(max_size=40) | _HEADERS | st.just(bytes(32)) | st.lists(st.binary(max_size=3), max_size=2)


@settings(max_examples=150)
@given(st.lists(_HEADERS.map(write_cbor) | _ANY, max_size=5), st.sampled_from([16, 18]), st.booleans())
def test_any_envelope_is_opened_or_refused(parts: list[Any], tag: int, inside: bool) -> None:
    data = dumps(CBORTag(tag, parts))
    with pytest.raises(Refusal):
        an_opener().open(b45encode(encrypt(data, STATION.public_key()) if inside else data).decode())


@settings(max_examples=100)
@given(st.recursive(st.integers() | st.text(max_size=3), lambda x: st.lists(x, max_size=3), max_leaves=5))
def test_any_claims_we_signed_are_a_pass_or_a_refusal(claims: Any) -> None:
    signed = ISSUER.sign(deflate(dumps({CASE: claims})), STATION_ID)
    with pytest.raises(Refusal):
        opened(text_of(encrypt(signed, STATION.public_key())))


def test_a_key_is_called_by_the_first_eight_bytes_of_its_digest() -> None:
    der = STATION.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert der.hex().startswith("302a300506032b656e032100")
    assert len(STATION_ID) == 8
