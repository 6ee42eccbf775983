"""Who a minor's case belongs to: the guardian's account until the eighteenth birthday, from then on the person's own.

On that day the former guardian neither sees the case nor is told anything more about it (C6.9). The person is found by
the identity number and the name they declared of themselves; who has no account of their own is served at the counter.
"""

from datetime import date

from casework.deps import Deps
from domain.applicant import FULL_AGE, age_on
from models.account import phone_of_account
from models.case import Case, cases_of_account, cases_of_minor
from models.person import account_of_person, own_person


def has_grown_up(deps: Deps, case: Case) -> bool:
    """Whether the case was opened for a minor who is of age today."""
    if not case.is_minor:
        return False
    return age_on(date.fromisoformat(str(case.form["birth_date"])), deps.today()) >= FULL_AGE


async def account_of(deps: Deps, case: Case) -> int | None:
    """The account the case belongs to today; None where somebody of age has none of their own."""
    if not has_grown_up(deps, case):
        return case.account_id
    return await account_of_person(case.applicant_index, str(case.form["name"]))


async def phone_of(deps: Deps, case: Case) -> str | None:
    """The number to call about a case: a former guardian is not called."""
    account_id = await account_of(deps, case)
    return await phone_of_account(account_id) if account_id is not None else None


async def cases_now_of(deps: Deps, account_id: int) -> list[Case]:
    """All cases that belong to an account today, newest first."""
    found = [case for case in await cases_of_account(account_id) if not has_grown_up(deps, case)]
    me = await own_person(account_id)
    once = await cases_of_minor(me.identity_index) if me else []
    found += [case for case in once if has_grown_up(deps, case) and await account_of(deps, case) == account_id]
    return sorted(found, key=lambda case: case.id, reverse=True)
