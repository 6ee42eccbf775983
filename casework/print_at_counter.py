"""What the counter prints: a draft of the registration form to compare with (R075, R132), the letter to sign (R061)."""

from casework.callers import Officer
from casework.counter_views import CounterCase
from casework.deps import Deps
from casework.facts import facts_of
from casework.serve import case_at_counter, counter_case, insist_whole
from domain.refusal import Refusal
from templates.forms import DraftForm, draft_form
from templates.labels import label
from templates.letters import LetterText
from templates.shown import day

FORM = "nonlocal_acceptance"


async def print_draft(deps: Deps, officer: Officer, number: str) -> DraftForm:
    """The registration form as far as the pre-fill goes, marked 仅供核对: the form itself comes from the police system.

    Raises:
        Refusal: as ``read_case``; ``presence_required``, ``minor_leave_required`` while the case is masked.
    """
    seen = await _whole(deps, officer, number, "print_draft")
    values = {
        "name": seen.name,
        "sex": label(seen.sex, "Sex") if seen.sex else "",
        "birth_date": day(seen.birth_date) if seen.birth_date else "",
        "identity_number": seen.identity_number,
        "household_address": seen.household_address,
        "residence_address": seen.residence_address,
        "reason": f"{label('under_16' if seen.is_minor else 'over_16')}申请领取居民身份证",
        "acceptance_number": seen.acceptance_number or "",
        "phone": seen.phone,
    }
    return draft_form(FORM, values)


async def print_letter(deps: Deps, officer: Officer, number: str) -> tuple[LetterText, CounterCase]:
    """The letter's prescribed text to sign by hand, for whoever will not sign on the phone (R061).

    Raises:
        Refusal: as ``print_draft``; ``letter_not_required`` where no text is prescribed.
    """
    seen = await _whole(deps, officer, number, "print_letter")
    case = await case_at_counter(deps, officer, number, "read_to_print_letter")
    letter = (await facts_of(deps, case)).letter
    if letter is None:
        raise Refusal("letter_not_required")
    return letter.text, seen


async def _whole(deps: Deps, officer: Officer, number: str, act: str) -> CounterCase:
    case = await case_at_counter(deps, officer, number, act)
    await insist_whole(deps, officer, case)
    return await counter_case(deps, case)
