"""A mistyped acceptance number is put right: by the station that accepted, with a reason, on record (R143)."""

from casework.callers import Officer
from casework.counter_views import CounterCase
from casework.deps import Deps, unit_of_work
from casework.serve import audit, case_at_counter, counter_case, insist_clerk
from casework.step import Said, take_step
from domain.case_number import check_acceptance_number
from domain.lifecycle import ENDED
from domain.refusal import Refusal
from domain.terms import CaseEventKind
from models.case import claim_acceptance_number

_LONGEST_REASON = 200


async def correct_acceptance_number(
    deps: Deps, officer: Officer, number: str, *, acceptance_number: str, reason: str
) -> CounterCase:
    """Write the 受理号 as it stands in the population system; old and new stay in the event, the reason sealed.

    Reports that came under the right number and found nothing are tried again by themselves (``take_feed``).

    Raises:
        Refusal: ``not_accepted_yet``, ``case_already_ended``, ``correction_reason_required``,
            ``acceptance_number_malformed``, ``acceptance_number_unchanged``, ``acceptance_number_used``,
            ``case_of_other_station``.
    """
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, "read_to_correct_acceptance_number")
    if case.acceptance_number is None:
        raise Refusal("not_accepted_yet")
    if case.state in ENDED:
        raise Refusal("case_already_ended", number=case.number, state=case.state)
    if not reason.strip():
        raise Refusal("correction_reason_required")
    right, wrong = check_acceptance_number(acceptance_number), case.acceptance_number
    if right == wrong:
        raise Refusal("acceptance_number_unchanged")
    async with unit_of_work(deps):
        said = Said(officer.actor, deps.clock.now(), unit=officer.point_name)
        words = {"note": reason.strip()[:_LONGEST_REASON]}
        await take_step(
            deps, case, CaseEventKind.ACCEPTANCE_NUMBER_CORRECTED, said, facts={"was": wrong, "is": right}, words=words
        )
        if not await claim_acceptance_number(case.id, right):
            raise Refusal("acceptance_number_used", source="R143")
        await audit(deps, officer, case, "correct_acceptance_number")
    return await counter_case(deps, await case_at_counter(deps, officer, number, "read_case"))
