"""The citizen withdraws, as easily as they came (B50)."""

from casework.book import give_up_place
from casework.callers import Citizen
from casework.deps import Deps
from casework.make_temporary_card import void_dependants
from casework.owe import drop_notices, owe
from casework.repeat import once
from casework.step import Said, insist_open, take_step
from casework.track import case_view, own_case_to_change
from casework.views import CaseView
from domain.terms import CaseEventKind, NoticeKind
from models.handoff import revoke_codes


async def withdraw(deps: Deps, citizen: Citizen, number: str, key: str) -> CaseView:
    """Withdraw a case before acceptance; its place is free at once (T19).

    Raises:
        Refusal: ``case_not_found``; ``case_not_open`` after acceptance: only an officer may cancel then (F24).
    """
    return await once(
        deps, citizen, key, act="withdraw", body={"number": number}, view=CaseView,
        do=lambda: _withdraw(deps, citizen, number),
    )  # fmt: skip


async def _withdraw(deps: Deps, citizen: Citizen, number: str) -> CaseView:
    case = await own_case_to_change(deps, citizen, number)
    insist_open(case)
    await give_up_place(deps, case, "cancelled")
    await revoke_codes(case.id, deps.clock.now())
    said = Said(citizen.actor, deps.clock.now())
    await take_step(deps, case, CaseEventKind.WITHDRAWN, said)
    await drop_notices(deps, case)  # what was not told yet is no longer true
    await owe(deps, case, NoticeKind.WITHDRAWN, "once")
    await void_dependants(deps, case, said)
    return await case_view(deps, case)
