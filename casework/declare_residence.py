"""Hop 1: the residence declaration (居住信息申报)."""

from dataclasses import dataclass
from datetime import date

from casework.callers import Citizen
from casework.deps import Deps
from casework.explain_policy import answer, guide_view
from casework.pre_register import applicant_of, county, insist_on_consent
from casework.repeat import once
from casework.views import DeclarationView
from domain.division import find_division
from domain.guide import Guidance, Question
from domain.identity_number import parse_identity_number
from domain.refusal import Refusal
from domain.residence import check_address
from domain.terms import ProofKind, ServiceItem, Whose
from models.person import Person, guardianship_of
from models.residence import ResidenceDeclaration, declaration_of, write_declaration


@dataclass(frozen=True)
class ResidenceFacts:
    """Where the applicant lives and by which tie.

    ``proof`` and ``proof_of`` say which paper will be shown and whose it is (R040, R043). Where residence information
    replaces papers (R047) they stay empty and ``declared_locally`` says that it was registered in the province's own
    service.
    """

    person_id: int
    item: ServiceItem
    division: str
    address: str
    proof: ProofKind | None
    proof_of: Whose | None
    declared_locally: bool


async def declare_residence(deps: Deps, citizen: Citizen, facts: ResidenceFacts, key: str) -> DeclarationView:
    """Declare a residence and learn at once what follows from it.

    Nothing is refused for being ineligible: the answer tells every reason, and the declaration is kept.

    Raises:
        Refusal: ``consent_required``, ``person_not_yours``, ``division_unknown``, ``place_too_coarse``, ``address_…``,
            ``proof_required`` (R040), ``declared_locally_required`` (R047). A proof of the wrong person (R043) is a
            reason in the answer.
    """
    await insist_on_consent(deps, citizen)
    body = facts.__dict__
    return await once(
        deps, citizen, key, act="declare_residence", body=body, view=DeclarationView,
        do=lambda: _declare(deps, citizen, facts),
    )  # fmt: skip


async def _declare(deps: Deps, citizen: Citizen, facts: ResidenceFacts) -> DeclarationView:
    person = await applicant_of(citizen, facts.person_id)
    division = county(facts.division)
    address = check_address(facts.address, division)
    today = deps.today()
    guidance = answer(deps, await _question(person, facts, today))
    _insist_on_tie(guidance, facts)
    declaration = await write_declaration(
        account_id=citizen.account_id,
        person_id=person.id,
        division=division.code,
        address=address.text,
        proof=facts.proof,
        proof_of=facts.proof_of,
        declared_locally=facts.declared_locally,
        declared_at=deps.clock.now(),
        rule_day=today,
    )
    return _view(declaration, guidance, today, address.warnings)


async def read_declaration(deps: Deps, citizen: Citizen, declaration_id: int, item: ServiceItem) -> DeclarationView:
    """A declaration with what follows from it today.

    Raises:
        Refusal: ``declaration_not_found``.
    """
    declaration = await declaration_of(citizen.account_id, declaration_id)
    if declaration is None:
        raise Refusal("declaration_not_found")
    today = deps.today()
    guidance = answer(deps, await question_of_declaration(declaration, item, today))
    return _view(declaration, guidance, today, ())


async def question_of_declaration(declaration: ResidenceDeclaration, item: ServiceItem, day: date) -> Question:
    """The rulebook question a declaration asks on a day."""
    facts = ResidenceFacts(
        person_id=declaration.person_id,
        item=item,
        division=declaration.division,
        address=declaration.address,
        proof=declaration.proof,
        proof_of=declaration.proof_of,
        declared_locally=declaration.declared_locally,
    )
    return await _question(declaration.person, facts, day)


async def _question(person: Person, facts: ResidenceFacts, day: date) -> Question:
    guardianship = None if person.is_self else await guardianship_of(person.id)
    return Question(
        item=facts.item,
        household=find_division(person.household_division),
        residence=find_division(facts.division),
        birth_date=parse_identity_number(person.identity_number, day).birth_date,
        day=day,
        guardianship=guardianship.shown_by if guardianship else None,
        proof=facts.proof,
        proof_of=facts.proof_of,
    )


def _insist_on_tie(guidance: Guidance, facts: ResidenceFacts) -> None:
    """A lawful stable tie must be named (R021): by paper, or by the province's own residence service (R047)."""
    if guidance.residence_declared_elsewhere is not None:
        if not facts.declared_locally:
            raise Refusal("declared_locally_required", source="R047", where=guidance.residence_declared_elsewhere)
        return
    if facts.proof is None or facts.proof_of is None:
        raise Refusal("proof_required", source="R040")


def _view(
    declaration: ResidenceDeclaration, guidance: Guidance, day: date, warnings: tuple[str, ...]
) -> DeclarationView:
    return DeclarationView(
        id=declaration.id,
        person_id=declaration.person_id,
        residence_division=declaration.division,
        residence_place=find_division(declaration.division).full_name,
        residence_address=declaration.address,
        proof=declaration.proof,
        proof_of=declaration.proof_of,
        declared_at=declaration.declared_at,
        warnings=warnings,
        guide=guide_view(guidance, day),
    )
