"""A temporary card or a certificate is handed over at the counter (B20, B21, R167, R169)."""

from collections.abc import Mapping

from casework.callers import Officer
from casework.counter_views import CounterCase
from casework.deps import Deps, unit_of_work
from casework.serve import audit, case_at_counter, counter_case, insist_clerk
from casework.step import Said, insist_item, take_step
from domain.acceptance import handover_checks, handover_source, unticked
from domain.refusal import Refusal
from domain.terms import CaseEventKind, CertificateWay, CollectorKind, NoticeKind, ServiceItem
from models.card import write_release
from models.case import Case
from models.certificate import certificate_of, is_filed
from models.reach_task import settle_tasks_of
from templates.labels import label


async def hand_over(deps: Deps, officer: Officer, number: str, checks: Mapping[str, bool]) -> CounterCase:
    """Hand over what is ready, after the checks of its item. A certificate with nothing left to file is closed.

    Raises:
        Refusal: ``case_of_other_station``, ``handover_checks_missing``, ``step_out_of_order``.
    """
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, "read_to_hand_over")
    insist_item(case, ServiceItem.TEMPORARY_ID_CARD, ServiceItem.HOUSEHOLD_CERTIFICATE)
    rules = deps.rulebook.on(deps.today())
    given = [check for check, done in checks.items() if done is True]
    if left := unticked(handover_checks(rules, case.item), given):
        missing = [label(check, "HandoverCheck") for check in left]
        raise Refusal("handover_checks_missing", source=handover_source(rules, case.item), missing=missing)
    async with unit_of_work(deps):
        said = Said(officer.actor, deps.clock.now(), unit=officer.point_name)
        await take_step(deps, case, CaseEventKind.RELEASED, said, facts={"collector": CollectorKind.SELF})
        await write_release(
            case_id=case.id, collector=CollectorKind.SELF, checks=dict(checks), staff_id=officer.staff_id,
            released_at=said.at,
        )  # fmt: skip
        await settle_tasks_of(case.id, NoticeKind.CERTIFICATE_READY, said.at)
        if await _is_done(case):
            await take_step(deps, case, CaseEventKind.CLOSED, said)
        await audit(deps, officer, case, "hand_over")
    return await counter_case(deps, case)


async def _is_done(case: Case) -> bool:
    """A certificate is, unless its filing notice is still to be sent; a temporary card has to come back."""
    certificate = await certificate_of(case.id)
    if certificate is None:
        return False
    return certificate.way is CertificateWay.BY_OFFICER or await is_filed(case.id)
