"""The bytes that stand for a signed letter."""

import hashlib
import unicodedata
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from domain.commitment import canonical_bytes, digest, signer_capacity
from domain.terms import SignerCapacity

FACTS = st.dictionaries(st.text(max_size=8), st.text(max_size=12), max_size=5)


def test_the_canonical_form_is_utf8_json_with_sorted_keys_and_no_blanks() -> None:
    made = canonical_bytes("v1", "本人承诺", {"b": "2", "a": "一"})
    assert made == '{"facts":{"a":"一","b":"2"},"text":"本人承诺","version":"v1"}'.encode()


def test_the_order_of_facts_does_not_matter() -> None:
    assert canonical_bytes("v1", "t", {"a": "1", "b": "2"}) == canonical_bytes("v1", "t", {"b": "2", "a": "1"})


@given(FACTS, FACTS)
def test_different_facts_have_different_bytes(a: Mapping[str, str], b: Mapping[str, str]) -> None:
    def composed(facts: Mapping[str, str]) -> dict[str, str]:
        return {unicodedata.normalize("NFC", k): unicodedata.normalize("NFC", v) for k, v in facts.items()}

    if composed(a) != composed(b):
        assert canonical_bytes("v", "t", a) != canonical_bytes("v", "t", b)


def test_two_spellings_of_one_character_are_one() -> None:
    assert canonical_bytes("v", "\u00e9", {}) == canonical_bytes("v", "e\u0301", {})


def test_the_digest_is_sha256_in_hexadecimal() -> None:
    assert digest(b"abc") == hashlib.sha256(b"abc").hexdigest()
    assert len(digest(b"")) == 64


def test_a_guardian_signs_for_a_minor_and_everyone_else_for_themselves() -> None:
    assert signer_capacity(is_minor=True) is SignerCapacity.GUARDIAN
    assert signer_capacity(is_minor=False) is SignerCapacity.APPLICANT
