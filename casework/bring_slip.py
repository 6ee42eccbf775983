"""The citizen brings back what a counter without our console printed: the return slip (R143, R145)."""

from casework.callers import Citizen
from casework.deps import Deps
from casework.report import report, reporter_of
from casework.reported import Report, ReportFacts
from casework.track import case_view, own_case
from casework.views import CaseView
from domain.case_number import check_case_number
from domain.refusal import Refusal
from domain.return_slip import ReturnSlip, slip_of
from domain.terms import ReportKind
from models.audit import write_audit
from models.staff import public_key_named


async def bring_slip(deps: Deps, citizen: Citizen, number: str, text: str) -> CaseView:
    """Take a scanned slip for an own case: it ends in the same reported event as every other way (``report``).

    Once is enough, and more change nothing. A slip counts for the case it names and no other.

    Raises:
        Refusal: ``case_not_found``; ``return_slip_foreign``, ``return_slip_damaged``, ``return_slip_forged``,
            ``return_slip_station_unknown``, ``return_slip_newer``, ``return_slip_other_case``,
            ``return_slip_expired``; what ``report`` raises.
    """
    case = await own_case(deps, citizen, number)
    if deps.slips is None:
        raise Refusal("service_unavailable")
    known = await public_key_named(deps.slips.key_id(text), deps.clock.now())
    if known is None:
        raise Refusal("return_slip_station_unknown")
    system, key = known
    slip = slip_of(deps.slips.open(text, key))
    if check_case_number(slip.case_number) != case.number:
        raise Refusal("return_slip_other_case")
    if deps.clock.now() >= slip.expires_at:
        raise Refusal("return_slip_expired")
    receipt = await report(deps, reporter_of(system, citizen.request_id), _report_of(slip))
    await write_audit(
        at=deps.clock.now(), actor=citizen.actor, act="bring_return_slip", case_id=case.id,
        request_id=citizen.request_id or None, facts={"system": system.key_id, "known": receipt.duplicate},
    )  # fmt: skip
    return await case_view(deps, await own_case(deps, citizen, number))


def _report_of(slip: ReturnSlip) -> Report:
    return Report(
        report_id=f"slip-{slip.id.hex()}",
        kind=ReportKind.ACCEPTED,
        case_number=slip.case_number,
        acceptance_number=slip.acceptance_number,
        at=slip.accepted_at,
        unit=slip.unit,
        facts=ReportFacts(
            slip_number=slip.slip_number,
            officer=slip.officer,
            guardian_present=slip.guardian_present,
            same_frame_photo=slip.same_frame_photo,
        ),
    )
