"""The temporary card follows the identity card it stands in for: made after its issue, void with its refusal (B21)."""

from dataclasses import replace
from datetime import date

from casework.book import give_up_place
from casework.callers import Officer
from casework.counter_views import CounterCase
from casework.deps import Deps, unit_of_work
from casework.facts import birth_date_of
from casework.keep_clocks import start_clock
from casework.owe import owe
from casework.serve import audit, case_at_counter, counter_case, insist_clerk
from casework.step import Said, take_step
from casework.tell_progress import tell_progress
from domain.division import find_division
from domain.lifecycle import TRANSITIONS
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.temporary_card import ALREADY_ISSUED, temporary_card_rule
from domain.terms import CardReturn, CaseEventKind, CaseState, ClockKind, NoticeKind
from domain.validity import expected_validity
from models.card import keep_card
from models.case import Case, dependants_of, find_case_by_id
from models.handoff import revoke_codes
from templates.labels import label
from templates.shown import day as day_text


async def begin_making(deps: Deps, parent: Case, said: Said, issued_on: date) -> None:
    """The identity card was issued: what hangs on it and was accepted is made now, within 3 days (K7, B21)."""
    for case in await dependants_of(parent.id):
        if case.state is CaseState.ACCEPTED:
            await _begin(deps, case, said, issued_on)


async def begin_if_issued(deps: Deps, case: Case, said: Said) -> None:
    """Just accepted: made at once where the identity card was issued before, or where nobody waits for that."""
    if case.parent_id is None:
        return
    rule = temporary_card_rule(deps.rulebook.on(deps.today()), find_division(case.residence_division))
    parent = await find_case_by_id(case.parent_id)
    if parent.state in ALREADY_ISSUED or not rule.after_issue:
        await _begin(deps, case, said, day_of(said.at))


async def void_dependants(deps: Deps, parent: Case, said: Said) -> None:
    """The identity card's case ended: whatever hangs on it and is not in the person's hands ends too, and is told."""
    for case in await dependants_of(parent.id):
        if (case.state, CaseEventKind.VOIDED) not in TRANSITIONS[case.item]:
            continue
        if case.state is CaseState.OPEN:
            await give_up_place(deps, case, "cancelled")
            await revoke_codes(case.id, said.at)
        await take_step(deps, case, CaseEventKind.VOIDED, _passed_on(said), facts={"because": parent.state})
        await owe(deps, case, NoticeKind.TEMPORARY_CARD_VOID, "once", reason=label(parent.state, "VoidReason"))


async def register_made(deps: Deps, officer: Officer, number: str) -> CounterCase:
    """The card is made and lies at the counter; valid from today (B20). The pickup notice is owed.

    Raises:
        Refusal: ``case_of_other_station``, ``step_out_of_order``.
    """
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, "read_to_register_made")
    point, now, today = case.acceptance_point, deps.clock.now(), deps.today()
    assert point is not None
    valid = expected_validity(deps.rulebook.on(today), case.item, birth_date_of(case), today)
    until = valid.until if valid else None
    async with unit_of_work(deps):
        await take_step(deps, case, CaseEventKind.MADE, Said(officer.actor, now, unit=point.name))
        await keep_card(case.id, issued_on=today, valid_from=today, valid_until=until, arrived_at=now)
        await owe(
            deps, case, NoticeKind.TEMPORARY_CARD_READY, "once", station=point.name, address=point.address,
            hours=point.hours_text, until=day_text(until) if until else None,
        )  # fmt: skip
        await audit(deps, officer, case, "register_made")
    return await counter_case(deps, case)


async def take_back(deps: Deps, officer: Officer, number: str, how: CardReturn) -> CounterCase:
    """The temporary card is handed back, or the person says that it is lost (B20).

    Raises:
        Refusal: ``case_of_other_station``, ``step_out_of_order``.
    """
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, "read_to_take_back")
    async with unit_of_work(deps):
        await _take_back(deps, officer, case, how)
    return await counter_case(deps, case)


async def take_back_with(deps: Deps, officer: Officer, parent: Case, how: CardReturn | None) -> None:
    """At the release of the identity card, in its transaction: a temporary card in the person's hands comes back.

    Raises:
        Refusal: ``temporary_card_return_required`` when the clerk does not say what became of it.
    """
    for case in await dependants_of(parent.id):
        if case.state is CaseState.RELEASED:
            if how is None:
                raise Refusal("temporary_card_return_required", source="B20")
            await _take_back(deps, officer, case, how)


async def _take_back(deps: Deps, officer: Officer, case: Case, how: CardReturn) -> None:
    said = Said(officer.actor, deps.clock.now(), unit=officer.point_name)
    await take_step(deps, case, CaseEventKind.HANDED_BACK, said, facts={"how": how})
    await keep_card(case.id, received_on=deps.today())
    await audit(deps, officer, case, "take_back", how=how)


async def _begin(deps: Deps, case: Case, said: Said, started_on: date) -> None:
    await take_step(deps, case, CaseEventKind.PRODUCTION_STARTED, _passed_on(said))
    await start_clock(deps, case, ClockKind.TEMPORARY_CARD, started_on, unit=said.unit)
    await tell_progress(deps, case)


def _passed_on(said: Said) -> Said:
    """What was said of the identity card's case, for this one: a report counts once, and that was there."""
    return replace(said, reporter_id=None, report_id=None)
