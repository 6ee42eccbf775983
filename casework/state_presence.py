"""The officer states who stands at the counter; only then the whole pre-fill is shown (T13, R076)."""

from casework.callers import Officer
from casework.counter_views import CounterCase
from casework.deps import Deps, unit_of_work
from casework.masked import insist_minor_leave
from casework.serve import audit, case_at_counter, counter_case, insist_clerk, insist_visit
from casework.step import Said, take_step
from domain.lifecycle import ENDED
from domain.refusal import Refusal
from domain.terms import CaseEventKind, CaseState, Present


async def state_presence(deps: Deps, officer: Officer, number: str, who: Present) -> CounterCase:
    """Keep who is present, by whose word and when; it holds for this counter and this day.

    Raises:
        Refusal: ``case_of_other_station``, ``case_already_ended``, ``not_checked_in``, ``guardian_presence_required``
            for a minor who came alone (R031), ``minor_leave_required`` (B51).
    """
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, "read_to_state_presence", or_at_household=True)
    if case.state in ENDED:
        raise Refusal("case_already_ended", number=case.number, state=case.state)
    if case.state is CaseState.OPEN:
        await insist_visit(deps, case)
        if case.is_minor and who is not Present.MINOR_AND_GUARDIAN:
            raise Refusal("guardian_presence_required", source="R031")
    await insist_minor_leave(officer, case, deps.clock.now())
    async with unit_of_work(deps):
        said = Said(officer.actor, deps.clock.now(), unit=officer.point_name)
        facts = {"who": str(who), "point": officer.point_id}
        await take_step(deps, case, CaseEventKind.PRESENCE_STATED, said, facts=facts)
        await audit(deps, officer, case, "state_presence", who=who)
    return await counter_case(deps, case)
