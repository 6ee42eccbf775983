"""The vector of the return slip in the document: made again bit for bit, and read by a library of others."""

import json
from pathlib import Path

from base45 import b45decode
from cwt import COSE, COSEKey

from domain.return_slip import PREFIX, slip_of
from gateways.plain_cbor import read_cbor
from gateways.slip_envelope import SlipEnvelope, seal_slip

VECTOR = json.loads(Path(__file__).with_name("slip_vector.json").read_text(encoding="utf-8"))


def test_the_vector_is_made_again_bit_for_bit() -> None:
    claims = read_cbor(bytes.fromhex(VECTOR["claims_hex"]))
    assert seal_slip(claims, VECTOR["key_id"], VECTOR["private_key"].encode()) == VECTOR["text"]


def test_the_vector_is_read_by_us_and_by_others() -> None:
    envelope = SlipEnvelope()
    assert envelope.key_id(VECTOR["text"]) == VECTOR["key_id"]
    slip = slip_of(envelope.open(VECTOR["text"], VECTOR["public_key"]))
    assert (slip.case_number, slip.officer, slip.unit) == ("260918-0000-0042-94", "NC-0042", "示例派出所")
    key = COSEKey.from_pem(VECTOR["public_key"], kid=VECTOR["key_id"], alg="ES256")
    payload = COSE.new().decode(b45decode(VECTOR["text"].removeprefix(PREFIX)), key)
    assert payload.hex() == VECTOR["claims_hex"]
