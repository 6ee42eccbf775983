"""What a case's facts mean today: the guidance that holds for it, its letter, and what is still missing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from casework.deps import Deps
from casework.explain_policy import answer
from domain.applicant import age_on, sixteenth_birthday
from domain.commitment import canonical_bytes, digest, signer_capacity
from domain.division import find_division
from domain.guide import Guidance, Question
from domain.readiness import missing_before_handoff
from domain.refusal import Refusal
from domain.terms import CaseState, GuardianshipCase, ProofKind, SignatureLevel, SignatureMethod, SignerCapacity, Whose
from models.case import Case, find_case_by_id
from models.signature import LetterConfirmation, Signature, letter_confirmation, newest_signature
from models.slot import Booking, live_booking
from templates.labels import label
from templates.letters import LetterText, letter_text


@dataclass(frozen=True)
class Letter:
    """The letter of a case: exact text, this case's facts, and the digest that binds them."""

    text: LetterText
    facts: Mapping[str, str]
    signer_name: str
    capacity: SignerCapacity

    @cached_property
    def canonical(self) -> bytes:
        """Text and facts as they are signed; made when somebody signs or reads, not for every look at the case."""
        return canonical_bytes(self.text.version, self.text.text, self.facts)

    @cached_property
    def digest(self) -> str:
        """What binds text and facts."""
        return digest(self.canonical)


@dataclass(frozen=True)
class CaseFacts:
    """Everything known about a case before the counter. Nothing here is stored: it is computed from rows.

    ``signed_before``: there is a signature, but a signed fact was changed after it (T07). ``rides_along``: a temporary
    card that goes to the counter with the identity card, so it needs no visit of its own.
    """

    guidance: Guidance
    letter: Letter | None
    signature: Signature | None
    confirmation: LetterConfirmation | None
    booking: Booking | None
    signed_before: bool = False
    rides_along: bool = False

    @property
    def letter_standing(self) -> str:
        """not_required | to_sign | signed | on_paper | confirmed."""
        if not self.guidance.letter.required:
            return "not_required"
        if self.confirmation is not None:
            return "confirmed"
        if self.letter is None:
            return "on_paper"
        return "signed" if self.signature is not None else "to_sign"

    @property
    def missing(self) -> tuple[str, ...]:
        """What the citizen still has to do before coming to the counter."""
        if self.rides_along:
            return ()
        return missing_before_handoff(booked=self.booking is not None, letter=self.letter_standing)


def question_of(case: Case, day: date) -> Question:
    """The rulebook question a case asks on a day."""
    form = case.form
    guardian = form.get("guardian")
    return Question(
        item=case.item,
        household=find_division(case.household_division),
        residence=find_division(case.residence_division),
        birth_date=birth_date_of(case),
        day=day,
        guardianship=GuardianshipCase(guardian["shown_by"]) if guardian else None,
        held_card_before=False,
        active_soldier=False,
        proof=ProofKind(form["proof"]) if form["proof"] else None,
        proof_of=Whose(form["proof_of"]) if form["proof_of"] else None,
        booklet_obtainable=False,
        applied_online=False,
    )


def birth_date_of(case: Case) -> date:
    """The applicant's birth date."""
    return date.fromisoformat(case.form["birth_date"])


def insist_allowed(deps: Deps, case: Case, day: date) -> Guidance:
    """The rules are asked anew for that day: blocks and ages change between form and visit (C6.7, T10).

    Raises:
        Refusal: ``age_changed`` when the 16th birthday lies between form and visit; any reason of the rulebook.
    """
    insist_age(case, day)
    guidance = answer(deps, question_of(case, day))
    guidance.verdict.insist()
    return guidance


def insist_age(case: Case, day: date) -> None:
    """Whoever signs and comes depends on the age: raises ``age_changed`` once the 16th birthday is past (D5, D6)."""
    if case.is_minor != (age_on(birth_date_of(case), day) < 16):
        raise Refusal("age_changed", source="D5", day=day, birthday=sixteenth_birthday(birth_date_of(case)))


async def facts_of(deps: Deps, case: Case) -> CaseFacts:
    """Load and compute: an open case by today's rules (T10), a case past the counter by those it was opened under."""
    day = deps.today() if case.state is CaseState.OPEN else case.rule_day
    guidance = answer(deps, question_of(case, day))
    letter = letter_of(deps, case, guidance)
    newest = await newest_signature(case.id) if letter else None
    holds = letter is not None and newest is not None and still_holds(newest, letter.facts)
    return CaseFacts(
        guidance=guidance,
        letter=letter,
        signature=newest if holds else None,
        confirmation=await letter_confirmation(case.id),
        booking=await live_booking(case.id),
        signed_before=newest is not None and not holds,
        rides_along=await rides_along(case),
    )


async def rides_along(case: Case) -> bool:
    """Whether a temporary card still goes to the counter with the identity card's case, which is open (B20)."""
    if case.parent_id is None or case.state is not CaseState.OPEN:
        return False
    return (await find_case_by_id(case.parent_id)).state is CaseState.OPEN


def still_holds(signature: Signature, facts: Mapping[str, str]) -> bool:
    """Whether the case's facts still are the ones that were signed, under the text that was signed (T07).

    A new version of the text asks nobody who signed the old one in its time to sign again.
    """
    text = json.loads(signature.canonical)["text"]
    return digest(canonical_bytes(signature.version, text, facts)) == signature.digest


def letter_of(deps: Deps, case: Case, guidance: Guidance) -> Letter | None:
    """The letter to sign, or None where none is required or no source gives its text (D1)."""
    rule = guidance.letter
    if not rule.required or rule.version is None:
        return None
    text = letter_text(rule.version, deps.settings.letters)
    facts = _letter_facts(case.form, label(case.item), label(case.scope), case.number)
    guardian = case.form.get("guardian")
    return Letter(
        text=text,
        facts=facts,
        signer_name=str(guardian["name"] if guardian else case.form["name"]),
        capacity=signer_capacity(is_minor=guardian is not None),
    )


def _letter_facts(form: Mapping[str, Any], item: str, scope: str, number: str) -> dict[str, str]:
    """The facts the signature binds, by their Chinese names: they stand in the letter as printed."""
    facts = {
        "预登记编号": number,
        "办理事项": f"{item}（{scope}）",
        "申请人": form["name"],
        "公民身份号码": form["identity_number"],
        "常住户口所在地住址": form["household_address"],
        "现居住地住址": form["residence_address"],
        "联系电话": form["phone"],
    }
    if guardian := form.get("guardian"):
        facts |= {
            "监护人": guardian["name"],
            "监护人公民身份号码": guardian["identity_number"],
            "监护关系": label(guardian["relation"], "GuardianRelation"),
        }
    return {name: str(value) for name, value in facts.items()}


def letter_is_settled(facts: CaseFacts) -> bool:
    """Whether acceptance may go on as far as the letter is concerned: none needed, or the clerk confirmed it."""
    return facts.letter_standing in {"not_required", "confirmed"}


def signed_by(facts: CaseFacts) -> SignatureMethod | None:
    """How the letter was signed, if it was."""
    if facts.confirmation:
        return facts.confirmation.method
    return facts.signature.method if facts.signature else None


def level_of(evidence: Mapping[str, Any]) -> SignatureLevel:
    """The level of a signature from what proved its signer (D8)."""
    last = evidence["proven_by"][-1]
    return SignatureLevel(last) if last in set(SignatureLevel) else SignatureLevel.PHONE
