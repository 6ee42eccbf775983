"""Is this letter genuine, unaltered, by whom, when: for anybody, and the whole chain for the operator (B53)."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from casework.deps import Deps
from casework.facts import facts_of
from casework.keep_clocks import CALENDAR_MISSING
from casework.make_letters import NOT_MADE, NOT_PRINTED
from casework.signed_letter import DIGEST_NAMES
from casework.views import LetterVerification
from domain.applicant import mask_name
from domain.evidence import PdfVerdict, canonical_evidence, chain_digest
from domain.letter_number import check_letter_number
from domain.refusal import Refusal
from domain.terms import SignatureMethod, SignerCapacity
from models.case import find_case_by_id
from models.operator_task import open_tasks
from models.signature import Signature, end_of_chain, find_signature, letter_confirmation, links_after
from templates.labels import label
from templates.shown import when

_AT_ONCE = 500


@dataclass(frozen=True)
class ChainVerdict:
    """How many records hold, and the place of the first that does not (None: all do). ``why`` in English."""

    length: int
    broken_at: int | None = None
    why: str = ""


async def verify_letter(deps: Deps, number: str) -> LetterVerification:
    """What anybody may know of a letter: names masked, no facts.

    Raises:
        Refusal: ``letter_number_malformed``, ``letter_unknown``.
    """
    signature = await find_signature(check_letter_number(number))
    if signature is None:
        raise Refusal("letter_unknown")
    sound = await asyncio.to_thread(_problem_of, deps, signature, _previous(signature)) is None
    facts = await facts_of(deps, await find_case_by_id(signature.case_id))
    confirmation = await letter_confirmation(signature.case_id)
    confirmed = confirmation is not None and confirmation.signature_id == signature.id
    record = json.loads(signature.record) if sound else {}
    return LetterVerification(
        number=signature.number,
        genuine=sound,
        title=json.loads(signature.canonical)["text"].partition("\n")[0] if sound else None,
        signer_masked=mask_name(record["signer"]["name"]) if sound else None,
        capacity=SignerCapacity(record["signer"]["capacity"]) if sound else None,
        signed_at=signature.signed_at if sound else None,
        digest_name=DIGEST_NAMES[record["letter"]["digest"].partition(":")[0]] if sound else None,
        digest=record["letter"]["digest"].partition(":")[2] if sound else None,
        in_force=facts.signature is not None and facts.signature.id == signature.id,
        confirmed_at_counter=confirmed,
        confirmed_at=confirmation.confirmed_at if confirmation and confirmed else None,
        replaced_by_paper=confirmation is not None and confirmation.method is SignatureMethod.PAPER,
    )


async def verify_chain(deps: Deps) -> ChainVerdict:
    """Walk all records: no place empty, each sealed, each over the one before it, the last one at the end."""
    position, previous = 0, None
    while rows := await links_after(position, _AT_ONCE):
        for row in rows:
            if row.position != position + 1:
                return ChainVerdict(position, position + 1, "the record is missing")
            problem = await asyncio.to_thread(_problem_of, deps, row, previous)
            if problem:
                return ChainVerdict(position, row.position, problem)
            position, previous = row.position, row.link
    if await end_of_chain() != (position, previous):
        return ChainVerdict(position, position + 1, "records are missing at the end")
    return ChainVerdict(position)


async def tasks_in_words() -> list[str]:
    """What waits for the operator, one line each."""
    words = {
        NOT_MADE: "letter {}: the file could not be made, is tried daily",
        NOT_PRINTED: "letter {}: characters without a glyph: add a font",
        "notice_broken": "notice {}: the provider does not take it as we send it",
        CALENDAR_MISSING: "calendar {}: clocks wait for the holidays; add them to domain/data/holiday_notices.csv",
    }
    return [words.get(task.kind, f"{task.kind} {{}}").format(task.subject) for task in await open_tasks()]


def file_in_words(verdict: PdfVerdict) -> str:
    """What a letter's file is worth, for whoever ran ``verify-letter``."""
    if verdict.stands and verdict.signed_at:
        return f"核验通过：文件由“{verdict.signer}”于{when(verdict.signed_at)}盖章，盖章后没有改动。"
    return "核验不通过：" + "；".join(label(problem) for problem in verdict.problems) + "。请向出具方索取原件。"


def _previous(signature: Signature) -> Any:
    """What the record itself names as the link before it; whether that is true, only the whole chain tells."""
    try:
        return json.loads(signature.record)["previous"]
    except (ValueError, KeyError, TypeError):
        return None


def _problem_of(deps: Deps, signature: Signature, previous: str | None) -> str | None:
    """Why a record does not hold; None when it does."""
    try:
        return _against(deps, signature, json.loads(signature.record), previous)
    except (ValueError, KeyError, TypeError):
        return "the record can't be read"


def _against(deps: Deps, signature: Signature, record: dict[str, Any], previous: str | None) -> str | None:
    canonical = signature.record.encode()
    algorithm = deps.seal.digests[signature.link.partition(":")[0]]
    strokes = canonical_evidence({"strokes": signature.evidence["strokes"]})
    told = (record["number"], record["position"], record["previous"])
    checks = {
        "the seal is not over this record": deps.seal.verify(canonical, signature.seal.encode()),
        "the link does not fit the record before it": chain_digest(previous, canonical, algorithm) == signature.link,
        "the record is of another place": told == (signature.number, signature.position, previous),
        "the letter or its facts were changed": _is_over(
            deps, record["letter"]["digest"], signature.canonical.encode()
        ),
        "the handwriting was changed": _is_over(deps, record["strokes"], strokes),
    }
    return next((problem for problem, holds in checks.items() if not holds), None)


def _is_over(deps: Deps, digest: str, data: bytes) -> bool:
    name, _, written = digest.partition(":")
    return deps.seal.digests[name].hexadecimal(data) == written
