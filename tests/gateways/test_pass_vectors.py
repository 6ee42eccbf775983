"""The vectors that are published: third-party libraries decode them, and we still write them to the bit."""

import json
import zlib
from typing import Any

import pytest
from base45 import b45decode
from cbor2 import loads
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cwt import COSE, COSEKey

from domain.offline_pass import pass_of
from domain.pass_text import join_text
from gateways.pass_keys import open_reader
from tests.gateways.pass_vectors import FILE, vectors

PUBLISHED: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))["vectors"]
EACH = pytest.mark.parametrize("vector", PUBLISHED, ids=lambda vector: vector["name"])


def test_what_is_published_is_what_we_write() -> None:
    packed = [bytes.fromhex(vector["payload_deflated"]) for vector in PUBLISHED]
    assert vectors(packed)["vectors"] == PUBLISHED, "run: python -m tests.gateways.pass_vectors"


@EACH
def test_libraries_of_others_decode_it_step_by_step(vector: dict[str, Any]) -> None:
    sealed = b45decode(vector["text"].removeprefix("TB1:"))
    assert sealed.hex() == vector["cose_encrypt0"]
    station: Any = load_pem_private_key(vector["station_private_key"].encode(), None)
    named = bytes.fromhex(vector["station_key_id"])
    key = {1: 1, 2: named, 3: 41, -1: 4, -2: station.public_key().public_bytes_raw(), -4: station.private_bytes_raw()}
    signed = COSE.new().decode(sealed, COSEKey.new(key))
    assert signed.hex() == vector["cose_sign1"]
    issuer = COSEKey.from_pem(vector["issuer_public_key"], kid=bytes.fromhex(vector["issuer_key_id"]))
    payload = COSE.new().decode(signed, issuer, external_aad=named)
    assert payload.hex() == vector["payload_deflated"]
    claims = zlib.decompress(payload, -15)
    assert claims.hex() == vector["claims_cbor"]
    assert loads(claims)[-65537][5] == vector["case"]["name"]


@EACH
def test_our_reader_reads_it_from_its_parts(vector: dict[str, Any]) -> None:
    opener = open_reader(vector["station_private_key"].encode(), vector["issuer_public_key"].encode())
    case = pass_of(opener.open(join_text(vector["parts"]))).case
    assert {name: str(value) for name, value in case.items()} == vector["case"]
