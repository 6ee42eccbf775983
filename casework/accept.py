"""Hop 6: the officer's decision at the counter. Pre-registration is never acceptance (R072)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from casework.callers import Officer
from casework.deps import MAKE_LETTERS, Deps, unit_of_work
from casework.facts import CaseFacts, facts_of, insist_allowed, letter_is_settled
from casework.owe import owe
from casework.serve import audit, case_at_counter, counter_case, insist_clerk, insist_visit, materials_at_counter
from casework.step import Said, insist_open, take_step
from casework.views import CounterCase
from domain.case_number import check_acceptance_number
from domain.guide import Material
from domain.refusal import Refusal
from domain.terms import CaseEventKind, EditionKind, FingerprintOutcome, NoticeKind, SignatureMethod
from models.case import Case, claim_acceptance_number, happened, lock_case
from models.letter_edition import owe_edition
from models.signature import confirm_letter as write_confirmation
from templates.labels import label


class DeclineReason(StrEnum):
    """Why an application is not accepted (T17). The person is told which, and where to go."""

    IDENTITY_DOUBTFUL = "identity_doubtful"
    DATA_MISMATCH = "data_mismatch"
    NOT_FIRST_ISSUE = "not_first_issue"
    NO_STABLE_TIE = "no_stable_tie"
    REGION_NOT_OPEN = "region_not_open"


@dataclass(frozen=True)
class Acceptance:
    """What the clerk states when accepting.

    ``acceptance_number`` is the 受理号 the population system made (R143), ``slip_number`` the 领证回执 (R145).
    ``fingerprint`` is a flag, never a biometric (R138–R140). ``differences``: field by field, what the population
    system says where it differs from the pre-fill (R070); it is kept sealed.
    """

    acceptance_number: str
    slip_number: str
    materials_seen: tuple[str, ...]
    same_frame_photo: bool = False
    guardian_present: bool = False
    face_check_done: bool = False
    compared: bool = True
    fingerprint: FingerprintOutcome = FingerprintOutcome.ENROLLED
    differences: Mapping[str, str] = field(default_factory=dict)


async def accept(deps: Deps, officer: Officer, number: str, acceptance: Acceptance) -> CounterCase:
    """Record that the officer accepted on the spot (R072), with everything that had to be seen.

    Raises:
        Refusal: ``not_checked_in``, ``materials_incomplete``, ``guardian_presence_required`` (R031),
            ``same_frame_photo_required`` (R073), ``face_check_required`` (R071), ``letter_unconfirmed``,
            ``acceptance_number_malformed``, ``acceptance_number_used``, ``slip_number_required``; ``age_changed`` and
            any reason of today's rulebook (D5, C6.7).
    """
    case = await _case_at_visit(deps, officer, number, "accept")
    insist_allowed(deps, case, deps.today())
    facts = await facts_of(deps, case)
    _insist_complete(case, facts, acceptance, materials_at_counter(deps, case))
    accepted = check_acceptance_number(acceptance.acceptance_number)
    slip = acceptance.slip_number.strip()[:40]
    if not slip:
        raise Refusal("slip_number_required", source="R145")
    async with unit_of_work(deps):
        if not await claim_acceptance_number(case.id, accepted):
            raise Refusal("acceptance_number_used", source="R143")
        said = Said(officer.actor, deps.clock.now(), unit=officer.point_name)
        stated = _stated(acceptance)
        words = {"differences": dict(acceptance.differences)} if acceptance.differences else None
        await take_step(deps, case, CaseEventKind.ACCEPTED, said, facts=stated, words=words, slip_number=slip)
        await owe(deps, case, NoticeKind.ACCEPTED, "once", station=officer.point_name)
        await audit(deps, officer, case, "accept")
    return await counter_case(deps, await case_at_counter(deps, officer, number, "read_case"))


async def decline(deps: Deps, officer: Officer, number: str, reason: DeclineReason, note: str = "") -> CounterCase:
    """Record that the application was not accepted, with the reason the person is told.

    ``note`` goes into the event for the station, sealed.

    Raises:
        Refusal: ``not_checked_in``.
    """
    case = await _case_at_visit(deps, officer, number, "decline")
    async with unit_of_work(deps):
        said = Said(officer.actor, deps.clock.now(), unit=officer.point_name)
        words = {"note": note.strip()[:200]}
        await take_step(deps, case, CaseEventKind.DECLINED, said, facts={"reason": reason}, words=words)
        await owe(
            deps, case, NoticeKind.DECLINED, "once",
            station=officer.point_name, reason=label(reason, "DeclineReason"), advice=label(reason, "DeclineAdvice"),
        )  # fmt: skip
        await audit(deps, officer, case, "decline", reason=reason)
    return await counter_case(deps, case)


async def list_supplements(deps: Deps, officer: Officer, number: str, items: Sequence[str]) -> CounterCase:
    """List everything that is missing, once and in full (一次性告知, B10). The visit ends; the case stays open.

    Raises:
        Refusal: ``supplements_empty``, ``supplements_already_listed``, ``not_checked_in``.
    """
    case = await _case_at_visit(deps, officer, number, "list_supplements")
    wanted = [item.strip()[:60] for item in items if item.strip()]
    if not wanted:
        raise Refusal("supplements_empty", source="B10")
    async with unit_of_work(deps):
        await lock_case(case.number)
        if await happened(case.id, CaseEventKind.SUPPLEMENTS_LISTED):
            raise Refusal("supplements_already_listed", source="B10")
        said = Said(officer.actor, deps.clock.now(), unit=officer.point_name)
        await take_step(deps, case, CaseEventKind.SUPPLEMENTS_LISTED, said, words={"items": wanted})
        await owe(
            deps, case, NoticeKind.SUPPLEMENTS_LISTED, "once",
            station=officer.point_name, supplements="、".join(wanted),
        )  # fmt: skip
        await audit(deps, officer, case, "list_supplements", count=len(wanted))
    return await counter_case(deps, case)


async def confirm_letter(deps: Deps, officer: Officer, number: str, method: SignatureMethod) -> CounterCase:
    """Confirm the phone signature with one act (D8), or record that the letter was signed on paper (D1).

    Raises:
        Refusal: ``letter_not_required``, ``letter_not_signed`` for a phone signature that is not there,
            ``letter_already_signed`` when it was confirmed before.
    """
    case = await _case_at_visit(deps, officer, number, "confirm_letter")
    facts = await facts_of(deps, case)
    if not facts.guidance.letter.required:
        raise Refusal("letter_not_required", source=facts.guidance.letter.source)
    if method is SignatureMethod.PHONE and facts.signature is None:
        raise Refusal("letter_not_signed")
    signature_id = facts.signature.id if facts.signature and method is SignatureMethod.PHONE else None
    async with unit_of_work(deps):
        confirmed = await write_confirmation(
            case.id, signature_id=signature_id, method=method, staff_id=officer.staff_id, at=deps.clock.now()
        )
        if not confirmed:
            raise Refusal("letter_already_signed")
        if signature_id is not None:
            await owe_edition(signature_id, EditionKind.CONFIRMED, deps.clock.now())
        await audit(deps, officer, case, "confirm_letter", method=method)
    await deps.queue.wake(MAKE_LETTERS)
    return await counter_case(deps, case)


async def _case_at_visit(deps: Deps, officer: Officer, number: str, act: str) -> Case:
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, f"read_to_{act}")
    insist_open(case)
    await insist_visit(deps, case)
    return case


def _insist_complete(case: Case, facts: CaseFacts, acceptance: Acceptance, materials: Sequence[Material]) -> None:
    wanted = {material.code: material.what for material in materials}
    missing = [what for code, what in wanted.items() if code not in acceptance.materials_seen]
    if missing:
        raise Refusal("materials_incomplete", source="R040", missing=missing)
    if case.is_minor and not acceptance.guardian_present:
        raise Refusal("guardian_presence_required", source="R031")
    if case.is_minor and not acceptance.same_frame_photo:
        raise Refusal("same_frame_photo_required", source="R073")
    if not (acceptance.face_check_done and acceptance.compared):
        raise Refusal("face_check_required", source="R071")
    if not letter_is_settled(facts):
        raise Refusal("letter_unconfirmed", source=facts.guidance.letter.source)


def _stated(acceptance: Acceptance) -> dict[str, object]:
    """What stays in the event's open facts: flags and names of fields, never a value of theirs."""
    return {
        "materials_seen": list(acceptance.materials_seen),
        "same_frame_photo": acceptance.same_frame_photo,
        "guardian_present": acceptance.guardian_present,
        "face_check_done": acceptance.face_check_done,
        "fingerprint": str(acceptance.fingerprint),
        "differing_fields": sorted(acceptance.differences),
    }
