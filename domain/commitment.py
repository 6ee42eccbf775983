"""The commitment letter (告知承诺书): whether one is signed, by whom, and the bytes that stand for it.

The prescribed text itself stands in ``templates/letters``; it's never altered and never put together here.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from domain.division import Division
from domain.policy.rule import Rules
from domain.terms import ServiceItem, ServiceScope, SignerCapacity


@dataclass(frozen=True)
class LetterRule:
    """Required with a version: signed on the phone or on paper. Required without: no source gives the text, so it's
    signed on paper at the counter (D1)."""

    required: bool
    version: str | None
    source: str


def letter_rule(rules: Rules, item: ServiceItem, scope: ServiceScope, residence: Division) -> LetterRule:
    """The letter as the place of acceptance wants it (R060, R061, D1)."""
    value = rules.need("letter", item=item, scope=scope, residence=residence)
    return LetterRule(value.flag("required"), value.maybe_text("version"), value.cite_at(residence))


def signer_capacity(*, is_minor: bool) -> SignerCapacity:
    """A guardian signs for a minor, with the minor's name printed (D6); everyone else for themselves."""
    return SignerCapacity.GUARDIAN if is_minor else SignerCapacity.APPLICANT


def canonical_bytes(version: str, text: str, facts: Mapping[str, str]) -> bytes:
    """Letter and facts as the one byte string that is digested: UTF-8 JSON, sorted keys, no blanks, NFC."""
    document = {"version": version, "text": text, "facts": dict(facts)}
    written = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return unicodedata.normalize("NFC", written).encode()


def digest(data: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(data).hexdigest()
