"""The page a station reads offline passes with: one file that asks nothing from outside, opened from a disk."""

import json
from base64 import b64encode
from hashlib import sha256
from typing import Any

from domain.offline_pass import FIELDS, TOLERANCE, PassField
from domain.pass_text import LONGEST
from templates.labels import label
from templates.pages import render_page
from templates.refusals import refusal_words

_SHOWN = (
    "pass_is_code", "pass_foreign", "pass_too_long", "pass_damaged", "pass_parts_missing", "pass_parts_mixed",
    "pass_other_station", "pass_issuer_unknown", "pass_forged", "pass_newer", "pass_not_yet", "pass_expired",
    "pass_used",
)  # fmt: skip
_LARGEST_CLAIMS = 8 * 1024


def pass_page(issuers: str = "") -> str:
    """The page; ``issuers``: public keys (PEM) it trusts from the start, so that a clerk loads the station's alone."""
    data = {
        "fields": [_described(field) for field in FIELDS],
        "refusals": {code: refusal_words(code, audience="counter") for code in _SHOWN},
        "issuers": issuers,
        "tolerance": int(TOLERANCE.total_seconds()),
        "longest": LONGEST,
        "largest": _LARGEST_CLAIMS,
    }
    packed = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return render_page("pass/reader.html", data=packed, policy=_policy(), issuers=bool(issuers))


def field_label(field: PassField) -> str:
    """What a field is called."""
    return label(field.name, "PassField")


def word_label(field: PassField, word: str) -> str:
    """What a word of a field is called."""
    return label(word, _TABLES.get(field.name, "PassWord"))


_TABLES = {
    "item": "ServiceItem", "scope": "ServiceScope", "sex": "Sex", "proof": "ProofKind", "proof_of": "Whose",
    "delivery": "DeliveryMode", "guardian_relation": "GuardianRelation", "guardianship": "GuardianshipCase",
    "materials": "PassPaper", "who_must_come": "Whose",
}  # fmt: skip


def _described(field: PassField) -> dict[str, Any]:
    labels = [word_label(field, word) for word in field.words]
    told = {"key": field.key, "name": field.name, "kind": field.kind, "label": field_label(field)}
    return told | ({"words": field.words, "labels": labels} if field.words else {})


def _policy() -> str:
    """Nothing but the style and the script the page carries itself."""
    style, script = (_fingerprint(render_page(f"pass/reader.{kind}")) for kind in ("css", "js"))
    return f"default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'"


def _fingerprint(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
