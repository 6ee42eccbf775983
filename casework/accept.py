"""Hop 6: the officer's decision at the counter. Pre-registration is never acceptance (R072)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from casework.callers import Officer
from casework.counter_views import CounterCase
from casework.deps import MAKE_LETTERS, Deps, unit_of_work
from casework.facts import CaseFacts, facts_of, insist_allowed, letter_is_settled
from casework.make_temporary_card import begin_if_issued, void_dependants
from casework.owe import owe
from casework.serve import (
    audit,
    case_at_counter,
    counter_case,
    insist_clerk,
    insist_visit,
    insist_whole,
    materials_at_counter,
)
from casework.step import Said, insist_open, take_step
from casework.tell_progress import tell_progress
from domain.acceptance import AcceptanceRule, acceptance_rule, unticked
from domain.case_number import check_acceptance_number
from domain.guide import Material
from domain.refusal import Refusal
from domain.terms import (
    CaseEventKind,
    CaseState,
    EditionKind,
    FingerprintOutcome,
    NoticeKind,
    ServiceItem,
    SignatureMethod,
)
from models.case import Case, claim_acceptance_number, dependants_of, happened, lock_case
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
    NO_URGENT_NEED = "no_urgent_need"
    IDENTITY_UNCLEAR = "identity_unclear"
    CONDITIONS_NOT_MET = "conditions_not_met"


DECLINE_REASONS: Mapping[ServiceItem, tuple[DeclineReason, ...]] = {
    ServiceItem.ID_CARD_FIRST_APPLICATION: (
        DeclineReason.IDENTITY_DOUBTFUL,
        DeclineReason.DATA_MISMATCH,
        DeclineReason.NOT_FIRST_ISSUE,
        DeclineReason.NO_STABLE_TIE,
        DeclineReason.REGION_NOT_OPEN,
    ),
    ServiceItem.TEMPORARY_ID_CARD: (DeclineReason.NO_URGENT_NEED, DeclineReason.DATA_MISMATCH),
    ServiceItem.HOUSEHOLD_CERTIFICATE: (DeclineReason.CONDITIONS_NOT_MET, DeclineReason.IDENTITY_UNCLEAR),
}
"""What an application for an item may be declined for."""


@dataclass(frozen=True)
class Acceptance:
    """What the clerk states when accepting.

    ``acceptance_number`` is the 受理号 the population system made (R143), ``slip_number`` the 领证回执 (R145); empty
    for items that have none. ``checks`` are the codes of ``domain.acceptance`` that were done face to face.
    ``temporary_card``: the one asked for along with it is accepted too, its letter signed on paper where one is needed.
    ``fingerprint`` is a flag, never a biometric (R138–R140). ``differences``: field by field, what the population
    system says where it differs from the pre-fill (R070); it is kept sealed.
    """

    acceptance_number: str
    slip_number: str
    materials_seen: tuple[str, ...]
    checks: tuple[str, ...]
    temporary_card: bool = False
    fingerprint: FingerprintOutcome = FingerprintOutcome.ENROLLED
    differences: Mapping[str, str] = field(default_factory=dict)


async def accept(deps: Deps, officer: Officer, number: str, acceptance: Acceptance) -> CounterCase:
    """Record that the officer accepted on the spot (R072), with everything that had to be seen.

    Raises:
        Refusal: ``not_checked_in``, ``presence_required`` (T13), ``minor_leave_required`` (B51),
            ``materials_incomplete``, ``guardian_presence_required`` (R031),
            ``same_frame_photo_required`` (R073), ``face_check_required`` (R071), ``counter_checks_missing`` (R162),
            ``letter_unconfirmed``, ``temporary_card_not_asked``,
            ``acceptance_number_malformed``, ``acceptance_number_used``, ``slip_number_required``; ``age_changed`` and
            any reason of today's rulebook (D5, C6.7).
    """
    case = await _case_at_visit(deps, officer, number, "accept")
    insist_allowed(deps, case, deps.today())
    facts = await facts_of(deps, case)
    rule = acceptance_rule(deps.rulebook.on(deps.today()), case.item, is_minor=case.is_minor)
    _insist_complete(rule, facts, acceptance, materials_at_counter(deps, case))
    accepted = check_acceptance_number(acceptance.acceptance_number) if rule.acceptance_number else None
    slip = (acceptance.slip_number.strip()[:40] or None) if rule.slip_number else None
    if rule.slip_number and not slip:
        raise Refusal("slip_number_required", source="R145")
    async with unit_of_work(deps):
        if accepted is not None and not await claim_acceptance_number(case.id, accepted):
            raise Refusal("acceptance_number_used", source="R143")
        said = Said(officer.actor, deps.clock.now(), unit=officer.point_name)
        stated = _stated(case, acceptance)
        words = {"differences": dict(acceptance.differences)} if acceptance.differences else None
        await take_step(deps, case, CaseEventKind.ACCEPTED, said, facts=stated, words=words, slip_number=slip)
        if slip is None:
            await tell_progress(deps, case)
        else:
            await owe(deps, case, NoticeKind.ACCEPTED, "once", station=officer.point_name)
        await audit(deps, officer, case, "accept")
        await begin_if_issued(deps, case, said)
        if acceptance.temporary_card:
            await _accept_along(deps, officer, case, said)
    return await counter_case(deps, await case_at_counter(deps, officer, number, "read_case"))


async def decline(deps: Deps, officer: Officer, number: str, reason: DeclineReason, note: str = "") -> CounterCase:
    """Record that the application was not accepted, with the reason the person is told.

    ``note`` goes into the event for the station, sealed.

    Raises:
        Refusal: ``not_checked_in``, ``presence_required``, ``minor_leave_required`` (B51), ``decline_reason_unfit``
            for a reason of another item.
    """
    case = await _case_at_visit(deps, officer, number, "decline")
    if reason not in DECLINE_REASONS[case.item]:
        raise Refusal("decline_reason_unfit")
    async with unit_of_work(deps):
        said = Said(officer.actor, deps.clock.now(), unit=officer.point_name)
        words = {"note": note.strip()[:200]}
        await take_step(deps, case, CaseEventKind.DECLINED, said, facts={"reason": reason}, words=words)
        await owe(
            deps, case, NoticeKind.DECLINED, "once",
            station=officer.point_name, reason=label(reason, "DeclineReason"), advice=label(reason, "DeclineAdvice"),
        )  # fmt: skip
        await void_dependants(deps, case, said)
        await audit(deps, officer, case, "decline", reason=reason)
    return await counter_case(deps, case)


async def list_supplements(deps: Deps, officer: Officer, number: str, items: Sequence[str]) -> CounterCase:
    """List everything that is missing, once and in full (一次性告知, B10). The visit ends; the case stays open.

    Raises:
        Refusal: ``supplements_empty``, ``supplements_already_listed``, ``not_checked_in``, ``presence_required``,
            ``minor_leave_required`` (B51).
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
            ``letter_already_signed`` when it was confirmed before; ``not_checked_in``, ``presence_required``,
            ``minor_leave_required`` (B51).
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
    """The case of whoever stands at the counter, by the clerk's own word (T13), a minor's with leave (B51).

    Whatever door asks: nobody decides on an application unseen, nor on a minor's that may not be read.

    Raises:
        Refusal: ``case_not_open``, ``not_checked_in``, ``rebooked_meanwhile``, ``minor_leave_required``,
            ``presence_required``.
    """
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, f"read_to_{act}")
    insist_open(case)
    await insist_visit(deps, case)
    await insist_whole(deps, officer, case)
    return case


async def _accept_along(deps: Deps, officer: Officer, parent: Case, said: Said) -> None:
    """The temporary card that came along with the identity card, at the same counter and on the same papers (B20)."""
    waiting = [case for case in await dependants_of(parent.id) if case.state is CaseState.OPEN]
    if not waiting:
        raise Refusal("temporary_card_not_asked", source="B20")
    for case in waiting:
        insist_allowed(deps, case, deps.today())
        if (await facts_of(deps, case)).guidance.letter.required:
            await write_confirmation(
                case.id, signature_id=None, method=SignatureMethod.PAPER, staff_id=officer.staff_id, at=said.at
            )
        facts = {"parent": parent.number}
        await take_step(
            deps, case, CaseEventKind.ACCEPTED, said, facts=facts, acceptance_point_id=parent.acceptance_point_id
        )
        await tell_progress(deps, case)
        await audit(deps, officer, case, "accept")


def _insist_complete(
    rule: AcceptanceRule, facts: CaseFacts, acceptance: Acceptance, materials: Sequence[Material]
) -> None:
    wanted = {material.code: material.what for material in materials}
    missing = [what for code, what in wanted.items() if code not in acceptance.materials_seen]
    if missing:
        raise Refusal("materials_incomplete", source="R040", missing=missing)
    _insist_checked(rule, acceptance)
    if not letter_is_settled(facts):
        raise Refusal("letter_unconfirmed", source=facts.guidance.letter.source)


def _insist_checked(rule: AcceptanceRule, acceptance: Acceptance) -> None:
    left = unticked(rule.checks, acceptance.checks)
    if "guardian_present" in left:
        raise Refusal("guardian_presence_required", source="R031")
    if "same_frame_photo" in left:
        raise Refusal("same_frame_photo_required", source="R073")
    if "face_check_done" in left or ("compared" in left and "face_check_done" in rule.checks):
        raise Refusal("face_check_required", source="R071")
    if left:
        missing = [label(check, "CounterCheck") for check in left]
        raise Refusal("counter_checks_missing", source=rule.source, missing=missing)


def _stated(case: Case, acceptance: Acceptance) -> dict[str, object]:
    """What stays in the event's open facts: flags and names of fields, never a value of theirs.

    Fingerprints are enrolled for the identity card only (R138).
    """
    taken = case.item is ServiceItem.ID_CARD_FIRST_APPLICATION
    return {
        "materials_seen": list(acceptance.materials_seen),
        "checks": list(acceptance.checks),
        **({"fingerprint": str(acceptance.fingerprint)} if taken else {}),
        "differing_fields": sorted(acceptance.differences),
    }
