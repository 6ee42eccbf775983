"""A person asks the counter to stop a certificate before it is issued: an officer cancels it (H12)."""

from casework.callers import Officer
from casework.counter_views import CounterCase
from casework.deps import Deps, unit_of_work
from casework.owe import drop_notices, owe
from casework.record_review import LONGEST_REASON
from casework.serve import audit, case_at_counter, counter_case, insist_clerk
from casework.step import Said, insist_item, take_step
from domain.certificate import one_line
from domain.refusal import Refusal
from domain.terms import CaseEventKind, NoticeKind, ServiceItem


async def cancel_certificate(deps: Deps, officer: Officer, number: str, reason: str) -> CounterCase:
    """End an accepted request that is not issued yet; its clocks stop, the person is told. ``reason`` is kept sealed.

    Raises:
        Refusal: ``case_of_other_station``, ``cancel_reason_required``; ``step_out_of_order`` before acceptance, where
            the citizen withdraws or the officer declines, and after the issue.
    """
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, "read_to_cancel_certificate")
    insist_item(case, ServiceItem.HOUSEHOLD_CERTIFICATE)
    why = one_line(reason)[:LONGEST_REASON]
    if not why:
        raise Refusal("cancel_reason_required", source="R186")
    async with unit_of_work(deps):
        said = Said(officer.actor, deps.clock.now(), unit=officer.point_name)
        await take_step(deps, case, CaseEventKind.CANCELLED, said, words={"note": why})
        await drop_notices(deps, case)  # what was not told yet is no longer true
        await owe(deps, case, NoticeKind.WITHDRAWN, "once")
        await audit(deps, officer, case, "cancel_certificate")
    return await counter_case(deps, case)
