"""Before the counter a citizen corrects what was filled in; a signature over the old facts holds no longer (T07)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from casework.callers import Citizen
from casework.deps import Deps
from casework.facts import facts_of, insist_allowed
from casework.repeat import once
from casework.request_temporary_card import correct_along
from casework.serve import visit_is_open
from casework.step import Said, insist_open, take_step
from casework.track import case_view, own_case_to_change
from casework.views import CaseView
from domain.applicant import normalise_phone
from domain.division import find_division
from domain.refusal import Refusal
from domain.residence import check_address
from domain.terms import CaseEventKind, ProofKind, Whose
from models.account import Account
from models.case import Case, set_case_columns
from models.handoff import revoke_codes
from models.signature import letter_confirmation


@dataclass(frozen=True)
class Correction:
    """What is to stand in the application instead; None leaves it as it is.

    A new ``phone`` is one the account has verified. Addresses stay in the division the application was opened for:
    somebody who moved declares the new residence and applies anew.
    """

    phone: str | None = None
    household_address: str | None = None
    residence_address: str | None = None
    proof: ProofKind | None = None
    proof_of: Whose | None = None


async def correct_facts(deps: Deps, citizen: Citizen, number: str, wish: Correction, key: str) -> CaseView:
    """Correct the application. What was signed stays on record; the case asks to sign again where it was signed.

    Raises:
        Refusal: ``case_not_found``, ``case_not_open``, ``facts_fixed_at_counter`` once the person stands at the
            counter, ``facts_unchanged``, ``phone_malformed``, ``phone_not_verified``, ``address_other_province`` and
            its like, any reason of today's rulebook against the new facts.
    """
    return await once(
        deps, citizen, key, act="correct_facts", body={"number": number} | asdict(wish), view=CaseView,
        do=lambda: _correct(deps, citizen, number, wish),
    )  # fmt: skip


async def _correct(deps: Deps, citizen: Citizen, number: str, wish: Correction) -> CaseView:
    case = await own_case_to_change(deps, citizen, number)
    insist_open(case)
    if await visit_is_open(deps, case) or await letter_confirmation(case.id) is not None:
        raise Refusal("facts_fixed_at_counter", source="T07")
    signed = (await facts_of(deps, case)).signature is not None
    changed = await _changes(case, citizen, wish)
    if not changed:
        raise Refusal("facts_unchanged")
    case.form = {**case.form, **changed}
    insist_allowed(deps, case, deps.today())
    await set_case_columns(case.id, form=case.form)
    await correct_along(case, dict(changed))
    void = signed and (await facts_of(deps, case)).signature is None
    if void:
        await revoke_codes(case.id, deps.clock.now())  # they say that nothing is missing
    told = {"fields": sorted(changed), "signature_void": void}
    await take_step(deps, case, CaseEventKind.FACTS_CORRECTED, Said(citizen.actor, deps.clock.now()), facts=told)
    return await case_view(deps, case)


async def _changes(case: Case, citizen: Citizen, wish: Correction) -> Mapping[str, Any]:
    given = {
        "phone": await _verified(citizen, wish.phone) if wish.phone is not None else None,
        "household_address": _address(wish.household_address, case.household_division, case),
        "residence_address": _address(wish.residence_address, case.residence_division, None),
        "proof": wish.proof,
        "proof_of": wish.proof_of,
    }
    return {name: value for name, value in given.items() if value is not None and value != case.form[name]}


async def _verified(citizen: Citizen, phone: str) -> str:
    wanted = normalise_phone(phone)
    if wanted != (await Account.get(id=citizen.account_id)).phone:
        raise Refusal("phone_not_verified", source="R066")
    return wanted


def _address(text: str | None, division: str, collective_of: Case | None) -> str | None:
    if text is None:
        return None
    collective = collective_of is not None and bool(collective_of.form["collective_household"])
    return check_address(text, find_division(division), collective=collective).text
