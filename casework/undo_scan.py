"""A wrong scan taken back: the visit ends, the booking stands again, the person shows a new code (T21)."""

from casework.callers import Officer
from casework.deps import Deps
from casework.serve import insist_visit
from casework.step import Said, insist_open, take_step
from domain.terms import CaseEventKind
from models.case import Case
from models.slot import reopen_booking


async def undo_scan(deps: Deps, officer: Officer, case: Case, reason: str) -> None:
    """Undo today's check-in of a case before acceptance, in the running transaction; ``reason`` stays sealed.

    A booking whose time is over stays as it is: nobody is made a no-show by a mistake of the counter.

    Raises:
        Refusal: ``case_not_open``, ``not_checked_in``.
    """
    insist_open(case)
    await insist_visit(deps, case)
    now = deps.clock.now()
    unit = case.acceptance_point.name if case.acceptance_point else officer.point_name
    said = Said(officer.actor, now, unit=unit)
    await take_step(deps, case, CaseEventKind.SCAN_UNDONE, said, words={"note": reason})
    await reopen_booking(case.id, now)
