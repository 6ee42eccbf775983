"""Who applies: consent, the citizen, the phone, and the minors a guardian acts for."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from casework.callers import Citizen
from casework.deps import Deps, unit_of_work
from casework.views import PersonView, PrivacyNoticeView, ProfileView
from domain.applicant import FULL_AGE, FULL_AGE_FOR_OWN_APPLICATION, age_on, mask_phone, normalise_name
from domain.division import Division, find_division, has_counties
from domain.identity_number import IdentityNumber, parse_identity_number
from domain.refusal import Refusal
from domain.residence import check_address
from domain.terms import GuardianRelation, GuardianshipCase
from models.account import Account, has_consented, keep_phone
from models.account import give_consent as write_consent
from models.case import has_live_case
from models.person import (
    Person,
    correct_person,
    declare_guardianship,
    declare_person,
    guardianship_of,
    own_person,
    person_of,
    persons_of,
)
from templates.privacy import privacy_text


@dataclass(frozen=True)
class PersonFacts:
    """A person as typed by the account holder, exactly as in the 户口簿 (R131)."""

    name: str
    identity_number: str
    household_division: str
    household_address: str
    collective_household: bool


@dataclass(frozen=True)
class _Checked:
    name: str
    number: IdentityNumber
    division: str
    address: str
    collective: bool
    warnings: tuple[str, ...]


def privacy_notice(deps: Deps) -> PrivacyNoticeView:  # noqa: ARG001 – one day a tenant will have a notice of its own
    """The privacy notice in force (B50, B75)."""
    text = privacy_text()
    return PrivacyNoticeView(version=text.version, title=text.title, paragraphs=text.paragraphs)


async def give_consent(deps: Deps, citizen: Citizen, version: str) -> ProfileView:
    """Record that the citizen agreed to the notice in force.

    Raises:
        Refusal: ``consent_version_old`` when the notice changed meanwhile.
    """
    if version != privacy_notice(deps).version:
        raise Refusal("consent_version_old", source="B50")
    await write_consent(citizen.account_id, version, deps.clock.now())
    return await profile(deps, citizen)


async def insist_on_consent(deps: Deps, citizen: Citizen) -> None:
    """Nothing personal is taken before the privacy notice was agreed to (T01, B50). Raises ``consent_required``."""
    if not await has_consented(citizen.account_id, privacy_notice(deps).version):
        raise Refusal("consent_required", source="B50")


async def verify_phone(deps: Deps, citizen: Citizen, phone_code: str) -> ProfileView:
    """Exchange a single-use phone code for the number WeChat verified (B72).

    Raises:
        Refusal: ``consent_required``, ``phone_code_invalid``, ``phone_not_mainland``, ``wechat_unreachable``.
    """
    await insist_on_consent(deps, citizen)
    phone = await deps.mini_program.phone_number(phone_code)
    await keep_phone(citizen.account_id, phone, deps.clock.now())
    return await profile(deps, citizen)


async def declare_self(deps: Deps, citizen: Citizen, facts: PersonFacts) -> ProfileView:
    """Declare the account holder, or correct what was declared: what is sent is what holds from now on (PIPL 46, B50).

    Raises:
        Refusal: ``consent_required``; ``guardian_must_apply`` for a holder under 16 (R031); ``person_in_use`` while a
            case rests on the old facts; ``person_declared_already`` when the number stands for a ward of the account;
            what names, numbers and addresses raise.
    """
    await insist_on_consent(deps, citizen)
    checked = _check(facts, deps.today())
    if age_on(checked.number.birth_date, deps.today()) < FULL_AGE_FOR_OWN_APPLICATION:
        raise Refusal("guardian_must_apply", source="R031")
    async with unit_of_work(deps):
        if await _write(deps, citizen, checked, is_self=True) is None:
            await _correct(deps, await own_person(citizen.account_id), checked)
    return await profile(deps, citizen)


async def add_ward(
    deps: Deps, citizen: Citizen, facts: PersonFacts, relation: GuardianRelation, shown_by: GuardianshipCase
) -> PersonView:
    """Add a minor the account holder is guardian of (R031, R041–R046).

    Raises:
        Refusal: ``real_name_required``, ``guardian_must_be_adult``, ``ward_is_adult``, ``guardian_declared_already``,
            ``not_one_household`` (R044).
    """
    guardian, checked = await _guardian_and_ward(deps, citizen, facts)
    _insist_household(guardian, checked, shown_by)
    async with unit_of_work(deps):
        ward = await _write(deps, citizen, checked, is_self=False)
        if ward is None:
            raise Refusal("guardian_declared_already")
        await declare_guardianship(guardian.id, ward.id, relation, shown_by, deps.clock.now())
    return await _view(ward, deps.today(), checked.warnings)


async def correct_ward(
    deps: Deps,
    citizen: Citizen,
    ward_id: int,
    facts: PersonFacts,
    relation: GuardianRelation,
    shown_by: GuardianshipCase,
) -> PersonView:
    """Correct what was declared of a minor; the newest guardianship counts, the older ones stay on record.

    Raises:
        Refusal: what ``add_ward`` raises; ``person_not_yours``; ``person_in_use`` while a case rests on the old facts.
    """
    guardian, checked = await _guardian_and_ward(deps, citizen, facts)
    _insist_household(guardian, checked, shown_by)
    ward = await applicant_of(citizen, ward_id)
    if ward.is_self:
        raise Refusal("person_not_yours")
    async with unit_of_work(deps):
        await _correct(deps, ward, checked)
        await declare_guardianship(guardian.id, ward.id, relation, shown_by, deps.clock.now())
    return await _view(await applicant_of(citizen, ward_id), deps.today(), checked.warnings)


async def profile(deps: Deps, citizen: Citizen) -> ProfileView:
    """The account: what is there, and what is still needed before a case can be opened."""
    account = await Account.get(id=citizen.account_id)
    persons = await persons_of(citizen.account_id)
    consented = await has_consented(citizen.account_id, privacy_notice(deps).version)
    needs = (
        ("consent", consented),
        ("real_name", any(person.is_self for person in persons)),
        ("phone", account.phone is not None),
    )
    return ProfileView(
        consented=consented,
        phone_masked=mask_phone(account.phone) if account.phone else None,
        persons=tuple([await _view(person, deps.today()) for person in persons]),
        missing=tuple(name for name, there in needs if not there),
        message_templates=dict(deps.settings.template_ids),
    )


async def applicant_of(citizen: Citizen, person_id: int) -> Person:
    """A person of this account. Raises ``person_not_yours``: other accounts' people are not told apart from none."""
    person = await person_of(citizen.account_id, person_id)
    if person is None:
        raise Refusal("person_not_yours")
    return person


def county(code: str) -> Division:
    """A place named down to its county: a whole province would hide that somebody lives where they are registered.

    Raises:
        Refusal: ``division_unknown``; ``place_too_coarse`` for a province, or for a city that has counties (R021).
    """
    division = find_division(code)
    if has_counties(division):
        raise Refusal("place_too_coarse", source="R021")
    return division


def _check(facts: PersonFacts, today: date) -> _Checked:
    division = county(facts.household_division)
    address = check_address(facts.household_address, division, collective=facts.collective_household)
    return _Checked(
        name=normalise_name(facts.name),
        number=parse_identity_number(facts.identity_number, today),
        division=division.code,
        address=address.text,
        collective=facts.collective_household,
        warnings=address.warnings,
    )


async def _write(deps: Deps, citizen: Citizen, checked: _Checked, *, is_self: bool) -> Person | None:
    declared_at = deps.clock.now()
    return await declare_person(citizen.account_id, is_self=is_self, declared_at=declared_at, **_columns(checked))


async def _guardian_and_ward(deps: Deps, citizen: Citizen, facts: PersonFacts) -> tuple[Person, _Checked]:
    """An adult guardian with a name, and a minor's facts that hold water (R030, R031, B09)."""
    await insist_on_consent(deps, citizen)
    guardian = await own_person(citizen.account_id)
    if guardian is None:
        raise Refusal("real_name_required")
    today = deps.today()
    checked = _check(facts, today)
    if age_on(_number(guardian, today).birth_date, today) < FULL_AGE:
        raise Refusal("guardian_must_be_adult", source="B09")
    if age_on(checked.number.birth_date, today) >= FULL_AGE_FOR_OWN_APPLICATION:
        raise Refusal("ward_is_adult", source="R030")
    return guardian, checked


def _insist_household(guardian: Person, ward: _Checked, shown_by: GuardianshipCase) -> None:
    """One household has one address: else the papers of R045 or R046 are needed, and a family would come in vain."""
    same = (guardian.household_division, guardian.household_address) == (ward.division, ward.address)
    if shown_by is GuardianshipCase.SAME_HOUSEHOLD and not same:
        raise Refusal("not_one_household", source="R044")


async def _correct(deps: Deps, person: Person | None, checked: _Checked) -> None:
    """Write corrected facts, in the running transaction; nothing at all when nothing changed."""
    if person is None:
        raise Refusal("person_declared_already")
    corrected = _columns(checked)
    if all(getattr(person, column) == value for column, value in corrected.items()):
        return
    if await has_live_case(person.id):
        raise Refusal("person_in_use")
    if not await correct_person(person.id, declared_at=deps.clock.now(), **corrected):
        raise Refusal("person_declared_already")


def _columns(checked: _Checked) -> dict[str, Any]:
    return {
        "name": checked.name,
        "identity_number": checked.number.text,
        "household_division": checked.division,
        "household_address": checked.address,
        "collective_household": checked.collective,
    }


def _number(person: Person, today: date) -> IdentityNumber:
    return parse_identity_number(person.identity_number, today)


async def _view(person: Person, today: date, warnings: tuple[str, ...] = ()) -> PersonView:
    number = _number(person, today)
    guardianship = None if person.is_self else await guardianship_of(person.id)
    return PersonView(
        id=person.id,
        is_self=person.is_self,
        name=person.name,
        identity_number_masked=number.masked,
        birth_date=number.birth_date,
        age=age_on(number.birth_date, today),
        household_division=person.household_division,
        household_place=find_division(person.household_division).full_name,
        household_address=person.household_address,
        collective_household=person.collective_household,
        relation=guardianship.relation if guardianship else None,
        guardianship=guardianship.shown_by if guardianship else None,
        warnings=warnings,
    )
