"""The letter as it was signed, read back from the signature alone: no later text, fact or file changes it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.refusal import Refusal
from domain.terms import SignerCapacity
from models.signature import Signature
from templates.letters import LetterText

DIGEST_NAMES = {"sha256": "SHA-256", "sm3": "SM3"}


@dataclass(frozen=True)
class SignedLetter:
    """Text, facts and signer as signed."""

    number: str
    text: LetterText
    facts: Mapping[str, str]
    signer: str
    capacity: SignerCapacity
    minor: str | None
    signed_at: datetime
    digest: str
    digest_name: str
    strokes: Any


def as_signed(signature: Signature) -> SignedLetter:
    """What a signature says. Raises Refusal ``letter_record_broken`` for a record that can't be read."""
    try:
        return _as_signed(signature, json.loads(signature.canonical), json.loads(signature.record))
    except (ValueError, KeyError, TypeError):
        raise Refusal("letter_record_broken") from None


def _as_signed(signature: Signature, content: Mapping[str, Any], record: Mapping[str, Any]) -> SignedLetter:
    title, *paragraphs = content["text"].split("\n")
    told, signer = record["letter"], record["signer"]
    algorithm, _, digest = told["digest"].partition(":")
    return SignedLetter(
        number=signature.number,
        text=LetterText(
            content["version"], title, tuple(paragraphs), content["text"], told["source"], signature.rule_day
        ),
        facts=content["facts"],
        signer=signer["name"],
        capacity=SignerCapacity(signer["capacity"]),
        minor=signer["minor"],
        signed_at=signature.signed_at,
        digest=digest,
        digest_name=DIGEST_NAMES[algorithm],
        strokes=signature.evidence["strokes"],
    )
