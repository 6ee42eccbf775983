"""The file of a signed letter: for its owner, for the counter, and with its evidence for the reviewer (R063)."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from casework.callers import Citizen, Officer, Reporter
from casework.deps import Deps
from casework.facts import facts_of
from casework.serve import case_at_counter, insist_whole
from casework.track import own_case
from domain.case_number import check_acceptance_number
from domain.evidence import canonical_evidence
from domain.refusal import Refusal
from domain.terms import EditionStatus
from models.audit import write_audit
from models.case import Case, find_accepted_case
from models.letter_edition import LetterEdition, editions_of
from models.signature import Signature

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # a time of its own in each archive would make equal exports differ


@dataclass(frozen=True)
class LetterExport:
    """What goes to the reviewer: an archive with the files and everything needed to verify them."""

    name: str
    archive: bytes


async def my_letter(deps: Deps, citizen: Citizen, number: str) -> bytes:
    """The newest file of the signed letter, for its owner.

    Raises:
        Refusal: ``case_not_found``, ``letter_not_signed``, ``letter_being_made``, ``letter_not_made``.
    """
    return await _newest_file(await _standing_signature(deps, await own_case(deps, citizen, number)))


async def letter_at_counter(deps: Deps, officer: Officer, number: str) -> bytes:
    """The newest file, for the officer at the case's own counter; the reading is on record.

    Raises:
        Refusal: as ``my_letter``; ``case_of_other_station``, ``staff_role_missing``; ``presence_required``,
            ``minor_leave_required`` while the case is masked.
    """
    case = await case_at_counter(deps, officer, number, "read_letter", or_at_household=True)
    await insist_whole(deps, officer, case)
    return await _newest_file(await _standing_signature(deps, case))


async def export_letter(deps: Deps, reporter: Reporter, acceptance_number: str) -> LetterExport:
    """Files and evidence of an accepted case for the household place that reviews it (R063); on record.

    Raises:
        Refusal: ``case_not_found``, ``report_not_yours`` for any other place, ``letter_not_signed`` for a letter on
            paper, ``letter_being_made``, ``letter_not_made``.
    """
    case = await find_accepted_case(check_acceptance_number(acceptance_number))
    if case is None:
        raise Refusal("case_not_found")
    allowed = reporter.side == "household" and case.household_division.startswith(reporter.reach)
    await write_audit(
        at=deps.clock.now(), actor=reporter.actor, act="export_letter" if allowed else "export_letter_refused",
        case_id=case.id, request_id=reporter.request_id or None, facts={},
    )  # fmt: skip
    if not allowed:
        raise Refusal("report_not_yours", source="R063")
    signature = await _standing_signature(deps, case)
    editions = await _made(signature)
    return LetterExport(f"{signature.number}.zip", archive(_contents(deps, signature, editions)))


async def _standing_signature(deps: Deps, case: Case) -> Signature:
    facts = await facts_of(deps, case)
    if facts.signature is None:
        raise Refusal("letter_not_signed")
    return facts.signature


async def _newest_file(signature: Signature) -> bytes:
    pdf = (await _made(signature))[-1].pdf
    assert isinstance(pdf, bytes), "a file that was made is there"
    return pdf


async def _made(signature: Signature) -> list[LetterEdition]:
    editions = await editions_of(signature.id)
    made = [edition for edition in editions if edition.status is EditionStatus.MADE]
    if not made:
        failed = any(edition.status is EditionStatus.FAILED for edition in editions)
        raise Refusal("letter_not_made" if failed else "letter_being_made")
    return made


def _contents(deps: Deps, signature: Signature, editions: list[LetterEdition]) -> Mapping[str, bytes]:
    """``content.json`` are the bytes the letter's digest is over, ``evidence.json`` those the seal is over."""
    files = {f"letter-{edition.kind}.pdf": edition.pdf or b"" for edition in editions}
    return {
        **files,
        "content.json": signature.canonical.encode(),
        "strokes.json": canonical_evidence({"strokes": signature.evidence["strokes"]}),
        "evidence.json": signature.record.encode(),
        "evidence.seal": signature.seal.encode(),
        "evidence.link": signature.link.encode(),
        "seal-certificates.pem": deps.seal.trust,
    }


def archive(files: Mapping[str, bytes]) -> bytes:
    """Files as one ZIP; the same files make the same bytes."""
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(ZipInfo(name, _ZIP_EPOCH), content, ZIP_DEFLATED)
    return out.getvalue()
