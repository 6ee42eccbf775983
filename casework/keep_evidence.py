"""Evidence of a signature: one sealed record in one chain, written in the transaction of the signature (B53, B55)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casework.deps import Deps
from casework.facts import Letter
from casework.prove_signer import ProvenSigner
from domain.evidence import DigestAlgorithm, canonical_evidence, chain_digest
from domain.letter_number import HIGHEST, make_letter_number
from domain.local_time import day_of
from domain.refusal import Refusal
from models.case import Case
from models.signature import hold_chain, move_chain

KIND = "tongban-letter-evidence-1"


@dataclass(frozen=True)
class Circumstances:
    """How it was signed: server times, what the door saw of the client, and the handwriting.

    ``read_at`` is when the phone told that the end was reached; None when it told so only with the signature.
    ``proven`` is the check the signer passed beside login and phone, if any.
    """

    shown_at: datetime
    read_at: datetime | None
    signed_at: datetime
    client: str
    address: str
    strokes: Any
    proven: ProvenSigner | None = None


async def evidence_columns(deps: Deps, case: Case, letter: Letter, how: Circumstances) -> dict[str, Any]:
    """The record as the columns of a signature. Holds the end of the chain until the transaction ends: call it last.

    The seal is over the record, and the record names the link before it: whoever moves, drops or rewrites a record
    would have to seal every later one anew.
    """
    end = await hold_chain()
    number = make_letter_number(day_of(how.signed_at), int.from_bytes(deps.random.token(8), "big") % (HIGHEST + 1))
    algorithm = deps.seal.digests[deps.settings.evidence_digest]
    told = _record(case, letter, how, algorithm) | {
        "number": number, "position": end.position + 1, "previous": end.link,
    }  # fmt: skip
    canonical = canonical_evidence(told)
    link = chain_digest(end.link, canonical, algorithm)
    if not await move_chain(end.position + 1, link):
        raise Refusal("service_unavailable")
    return {
        "number": number,
        "position": end.position + 1,
        "record": canonical.decode(),
        "link": link,
        "seal": deps.seal.seal(canonical).decode(),
    }


def _record(case: Case, letter: Letter, how: Circumstances, algorithm: DigestAlgorithm) -> dict[str, Any]:
    strokes = canonical_evidence({"strokes": how.strokes})
    return {
        "kind": KIND,
        "case": case.number,
        "item": case.item,
        "scope": case.scope,
        "letter": {
            "version": letter.text.version,
            "source": letter.text.source,
            "rule_day": day_of(how.signed_at),
            "digest": f"{algorithm.name}:{algorithm.hexadecimal(letter.canonical)}",
        },
        "signer": {
            "name": letter.signer_name,
            "capacity": letter.capacity,
            "minor": str(case.form["name"]) if case.is_minor else None,
            "account": case.account_id,
            "proven_by": proven_by(how.proven),
            **({"check": how.proven.id} if how.proven else {}),
        },
        "shown_at": how.shown_at,
        "read_at": how.read_at,
        "signed_at": how.signed_at,
        "read_to_end": True,
        "information_true": True,
        "client": how.client,
        "address": how.address,
        "strokes": f"{algorithm.name}:{algorithm.hexadecimal(strokes)}",
    }


PROVEN_BY = ("wechat_login", "verified_phone")
"""Level 1 (D8): what the platform itself can give."""


def proven_by(check: ProvenSigner | None) -> list[str]:
    """By what a signer is proven: a certificate or a face check is named after what the platform itself gives."""
    return [*PROVEN_BY, *([check.kind] if check else [])]
