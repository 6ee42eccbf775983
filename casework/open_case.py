"""Hop 2: open a case."""

from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from casework.callers import Citizen
from casework.declare_residence import question_of_declaration
from casework.deps import Deps
from casework.draw_number import draw_case_number
from casework.explain_policy import answer
from casework.invite import insist_served
from casework.owe import owe
from casework.pre_register import insist_on_consent
from casework.repeat import once
from casework.request_temporary_card import attach_temporary_card
from casework.step import Said, take_step
from casework.track import case_view
from casework.views import CaseView
from domain.applicant import age_on, normalise_name, normalise_phone
from domain.certificate import check_matters
from domain.eligibility import excludes
from domain.guide import Guidance
from domain.identity_number import parse_identity_number
from domain.local_time import day_of
from domain.question import Question
from domain.refusal import Refusal
from domain.residence import check_post_address
from domain.terms import CaseEventKind, CaseState, CertificateMatter, DeliveryMode, NoticeKind, ServiceItem
from domain.wizard import Ask
from models.account import Account
from models.case import Case, live_case_number, make_case
from models.person import Guardianship, Person, guardianship_of
from models.residence import ResidenceDeclaration, declaration_of
from templates.labels import label
from templates.questions import question_words

DECLARATION_HOLDS = timedelta(days=30)  # no source gives a length; a month keeps the promise of "where I live now"


@dataclass(frozen=True)
class PostAddress:
    """Where the card is posted to (R113)."""

    recipient: str
    phone: str
    address: str


@dataclass(frozen=True)
class CertificateWish:
    """What is to be certified: matters of the list (B43), or in the person's own words."""

    matters: tuple[CertificateMatter, ...]
    other: str = ""


@dataclass(frozen=True)
class CaseWish:
    """What the citizen asks for, and what they state.

    ``urgent_need``: asks for a temporary card as well (B20). The last three are for a certificate (R024, R038, B43).
    """

    declaration_id: int
    item: ServiceItem
    delivery: DeliveryMode
    post_to: PostAddress | None
    never_held_card: bool
    active_soldier: bool
    information_true: bool
    urgent_need: str | None = None
    booklet_obtainable: bool | None = None
    applied_online: bool | None = None
    certificate: CertificateWish | None = None


async def open_case(deps: Deps, citizen: Citizen, wish: CaseWish, key: str) -> CaseView:
    """Open a case from a fresh declaration, if the rules of today allow it.

    Raises:
        Refusal: ``consent_required``, ``phone_required``, ``declaration_not_found``, ``declaration_stale``,
            ``statement_required`` (R048), any reason of the rulebook (R016, R021, R034, B08) with all of them listed,
            ``live_case_exists`` or, from another account, ``live_case_elsewhere`` (C6.3, R187),
            ``proof_required`` (R038), ``answer_required``, ``delivery_not_offered``, ``certificate_matter_…``;
            ``temporary_card_needs_parent`` for a temporary card alone, ``temporary_card_…`` and ``urgent_need_…``.
    """
    await insist_on_consent(deps, citizen)
    if wish.item is ServiceItem.TEMPORARY_ID_CARD:
        raise Refusal("temporary_card_needs_parent", source="B21")
    return await once(
        deps, citizen, key, act="open_case", body=asdict(wish), view=CaseView, do=lambda: _open(deps, citizen, wish)
    )


async def _open(deps: Deps, citizen: Citizen, wish: CaseWish) -> CaseView:
    declaration = await _fresh_declaration(deps, citizen, wish)
    account = await Account.get(id=citizen.account_id)
    if account.phone is None:
        raise Refusal("phone_required", source="R066")
    if not wish.information_true:
        raise Refusal("statement_required", source="R048")
    guidance = await _insist_allowed(deps, declaration, wish)
    person = declaration.person
    guardianship = None if person.is_self else await guardianship_of(person.id)
    form = _form(deps, declaration, guardianship, wish, account.phone)
    case = await _make(deps, citizen, declaration, guidance, wish, form)
    await take_step(deps, case, CaseEventKind.OPENED, Said(citizen.actor, case.opened_at), facts={"item": wish.item})
    await owe(deps, case, NoticeKind.CASE_OPENED, "once")
    if wish.urgent_need is not None:
        await attach_temporary_card(deps, citizen, case, wish.urgent_need)
    return await case_view(deps, case)


async def _fresh_declaration(deps: Deps, citizen: Citizen, wish: CaseWish) -> ResidenceDeclaration:
    declaration = await declaration_of(citizen.account_id, wish.declaration_id)
    if declaration is None:
        raise Refusal("declaration_not_found")
    if deps.clock.now() - declaration.declared_at > DECLARATION_HOLDS:
        raise Refusal("declaration_stale", days=DECLARATION_HOLDS.days, declared_on=day_of(declaration.declared_at))
    return declaration


async def _insist_allowed(deps: Deps, declaration: ResidenceDeclaration, wish: CaseWish) -> Guidance:
    asked = await question_of_declaration(declaration, wish.item, deps.today())
    stated = replace(
        asked, held_card_before=not wish.never_held_card, active_soldier=wish.active_soldier,
        booklet_obtainable=wish.booklet_obtainable, applied_online=wish.applied_online,
    )  # fmt: skip
    if not declaration.person.is_self and not asked.is_minor:
        raise Refusal("ward_is_adult", source="R030")
    guidance = answer(deps, stated)
    guidance.verdict.insist()
    await insist_served(deps, declaration.account_id, wish.item, stated.residence)
    _insist_answered(deps, stated)
    if guidance.residence_declared_elsewhere is None and stated.proof is None:
        raise Refusal("proof_required", source="R038")  # declared for another item, which needs no tie by paper
    if wish.delivery not in guidance.delivery:
        raise Refusal("delivery_not_offered", source="R113", item=label(wish.item), delivery=label(wish.delivery))
    return guidance


def _insist_answered(deps: Deps, question: Question) -> None:
    """What would lead elsewhere must have been asked (R024, R038)."""
    for ask in (Ask.BOOKLET_OBTAINABLE, Ask.APPLIED_ONLINE):
        if getattr(question, ask) is None and excludes(deps.rulebook.on(question.day), question, ask):
            raise Refusal("answer_required", source="R038", question=question_words(ask).question)


def _form(
    deps: Deps,
    declaration: ResidenceDeclaration,
    guardianship: Guardianship | None,
    wish: CaseWish,
    phone: str,
) -> dict[str, Any]:
    """The pre-fill for the counter: a draft to compare (R070), frozen as it was when the case was opened."""
    person = declaration.person
    number = parse_identity_number(person.identity_number, deps.today())
    return {
        "name": person.name,
        "identity_number": number.text,
        "sex": number.sex,
        "birth_date": number.birth_date.isoformat(),
        "household_address": person.household_address,
        "collective_household": person.collective_household,
        "residence_address": declaration.address,
        "phone": phone,
        "proof": declaration.proof,
        "proof_of": declaration.proof_of,
        "declared_locally": declaration.declared_locally,
        "guardian": _guardian(guardianship) if guardianship else None,
        "post_to": _post_to(wish),
        **_certificate(deps, wish),
    }


def _certificate(deps: Deps, wish: CaseWish) -> dict[str, Any]:
    if wish.item is not ServiceItem.HOUSEHOLD_CERTIFICATE:
        return {}
    asked = wish.certificate or CertificateWish(())
    matters, other = check_matters(deps.rulebook.on(deps.today()), asked.matters, asked.other)
    return {"matters": matters, "other_matter": other}


def _guardian(guardianship: Guardianship) -> dict[str, str]:
    guardian: Person = guardianship.guardian
    return {
        "name": guardian.name,
        "identity_number": guardian.identity_number,
        "relation": guardianship.relation,
        "shown_by": guardianship.shown_by,
    }


def _post_to(wish: CaseWish) -> dict[str, str] | None:
    if wish.delivery is DeliveryMode.STATION:
        return None
    if wish.post_to is None:
        raise Refusal("post_address_required", source="R113")
    return {
        "recipient": normalise_name(wish.post_to.recipient),
        "phone": normalise_phone(wish.post_to.phone),
        "address": check_post_address(wish.post_to.address),
    }


async def _make(
    deps: Deps,
    citizen: Citizen,
    declaration: ResidenceDeclaration,
    guidance: Guidance,
    wish: CaseWish,
    form: dict[str, Any],
) -> Case:
    person, today = declaration.person, deps.today()
    case = await make_case(
        number=draw_case_number(deps),
        account_id=citizen.account_id,
        applicant_id=person.id,
        applicant_index=person.identity_index,
        item=wish.item,
        scope=guidance.scope,
        state=CaseState.OPEN,
        is_minor=age_on(parse_identity_number(person.identity_number, today).birth_date, today) < 16,
        household_division=person.household_division,
        residence_division=declaration.division,
        delivery=wish.delivery,
        form=form,
        rule_day=today,
        opened_at=deps.clock.now(),
    )
    if case is None:
        await _refuse_second(citizen, person.identity_index, wish.item)
        raise Refusal("service_unavailable")  # a case number drawn twice: trying again draws another
    return case


async def _refuse_second(citizen: Citizen, applicant_index: str, item: ServiceItem) -> None:
    """One live case per person and item. Only its own account is told the number."""
    live = await live_case_number(applicant_index, item)
    if live is not None:
        number, owner = live
        if owner == citizen.account_id:
            raise Refusal("live_case_exists", source="R187", number=number)
        raise Refusal("live_case_elsewhere", source="R187")
