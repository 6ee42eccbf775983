"""Hop 7 entered by hand at the household place, where no system of theirs reports to us (D17, R090–R106)."""

from datetime import date

from casework.callers import Officer
from casework.deps import Deps, unit_of_work
from casework.record_review import record_review
from casework.serve import audit
from casework.step import Said
from casework.track import clock_views
from casework.views_staff import ReviewLine
from domain.applicant import mask_name
from domain.case_number import check_case_number
from domain.division import find_division
from domain.refusal import Refusal
from domain.terms import CaseEventKind, CaseState, ClockKind, StaffRole
from models.audit import write_audit
from models.case import Case, cases_of_household, find_case
from templates.labels import label

LIST_LIMIT = 200
_UNDER_WAY = (CaseState.ACCEPTED, CaseState.UNDER_REVIEW)
_KINDS = {CaseEventKind.REVIEW_STARTED, CaseEventKind.ISSUED, CaseEventKind.ISSUANCE_REFUSED}


async def cases_to_review(deps: Deps, officer: Officer) -> tuple[ReviewLine, ...]:
    """What the reviewer's city has to review, those due first; names are masked, the reading is on record (R092).

    Raises:
        Refusal: ``staff_role_missing``.
    """
    reach = _reach(officer)
    await write_audit(
        at=deps.clock.now(), actor=officer.actor, act="read_review_list", staff_id=officer.staff_id,
        request_id=officer.request_id or None,
    )  # fmt: skip
    lines = [await _line(deps, case) for case in await cases_of_household(reach, _UNDER_WAY, LIST_LIMIT)]
    return tuple(sorted(lines, key=lambda line: (line.due_on is None, line.due_on or date.max, line.number)))


async def enter_review(
    deps: Deps, officer: Officer, number: str, kind: CaseEventKind, *, issued_on: date | None, reason: str
) -> None:
    """Enter what was decided outside of this system: received, issued, or not issued with the reason.

    Raises:
        Refusal: ``staff_role_missing``, ``case_not_found``, ``case_of_other_station``, ``reason_required``,
            ``step_out_of_order``, ``report_malformed`` for a day of issue outside of the case's life.
    """
    reach = _reach(officer)
    case = await find_case(check_case_number(number))
    if case is None:
        raise Refusal("case_not_found")
    allowed = case.household_division.startswith(reach) and kind in _KINDS
    await audit(deps, officer, case, "read_to_review" if allowed else "read_to_review_refused")
    if not allowed:
        raise Refusal("case_of_other_station", source="R085")
    if kind is CaseEventKind.ISSUANCE_REFUSED and not reason.strip():
        raise Refusal("reason_required", source="R105")
    unit = officer.point_name or find_division(case.household_division).full_name
    said = Said(officer.actor, deps.clock.now(), unit=unit)
    async with unit_of_work(deps):
        await record_review(deps, case, kind, said, issued_on=issued_on, reason=reason.strip() or None)
        await audit(deps, officer, case, "enter_review", kind=kind)


def _reach(officer: Officer) -> str:
    """The codes of the reviewer's city: that of the own point, else of the area."""
    if officer.role is not StaffRole.REVIEWER:
        raise Refusal("staff_role_missing", source="R078")
    division = officer.point_division or officer.division
    if division is None:
        raise Refusal("staff_role_missing", source="R085")
    place = find_division(division)
    return place.code[:4] if place.city else place.code[:2]


async def _line(deps: Deps, case: Case) -> ReviewLine:
    clock = next((one for one in await clock_views(case) if one.kind is ClockKind.REVIEW and not one.stopped), None)
    return ReviewLine(
        number=case.number,
        acceptance_number=case.acceptance_number,
        name_masked=mask_name(str(case.form["name"])),
        is_minor=case.is_minor,
        state=case.state,
        state_label=label(case.state),
        accepted_at=case.acceptance_point.name if case.acceptance_point else None,
        due_on=clock.due_on if clock else None,
        overdue=clock is not None and clock.due_on is not None and clock.due_on < deps.today(),
    )
