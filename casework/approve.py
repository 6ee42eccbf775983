"""What takes a second person: undoing a wrong scan (T21), and leave to read a minor's data (B51, C6.12)."""

from datetime import timedelta

from casework.callers import Officer
from casework.deps import Deps, unit_of_work
from casework.put_on_record import put_on_record
from casework.serve import audit, case_at_counter, insist_clerk, insist_visit
from casework.step import insist_open
from casework.undo_scan import undo_scan
from casework.views_staff import LeaveLine, Request, Requests, StaffLine
from domain.refusal import Refusal
from domain.terms import ApprovalKind, StaffRole
from models import approval as store
from models.approval import Approval
from models.staff import Staff, find_staff, staff_at

LEAVE_FOR_ONE_CASE = timedelta(hours=24)
LONGEST_LEAVE_DAYS = 92
LONGEST_REASON = 200
_MOST = 200


async def ask(deps: Deps, officer: Officer, number: str, kind: ApprovalKind, reason: str) -> None:
    """Ask a supervisor. Nothing changes before somebody else says yes.

    Raises:
        Refusal: ``reason_required``, ``approval_asked_already``, ``case_of_other_station``; to undo a scan
            ``case_not_open``, ``not_checked_in``.
    """
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, "read_to_ask", or_at_household=True)
    why = reason.strip()[:LONGEST_REASON]
    if not why:
        raise Refusal("reason_required")
    if kind is ApprovalKind.UNDO_SCAN:
        insist_open(case)
        await insist_visit(deps, case)
    async with unit_of_work(deps):
        asked = await store.ask_approval(
            kind, case_id=case.id, asked_by_id=officer.staff_id, reason=why, at=deps.clock.now()
        )
        if not asked:
            raise Refusal("approval_asked_already")
        await audit(deps, officer, case, f"ask_{kind}")


async def requests(deps: Deps, officer: Officer) -> Requests:
    """What waits for the supervisor's word, the leave that stands, and to whom leave may be given; on record.

    Raises:
        Refusal: ``staff_role_missing``.
    """
    _insist_supervisor(officer)
    await _record(deps, officer, "read_approvals")
    waiting = await store.open_requests(officer.point_id, _MOST)
    standing = await store.standing_leave(officer.point_id, deps.clock.now(), _MOST)
    clerks = await staff_at(officer.point_id, StaffRole.CLERK, _MOST)
    return Requests(
        waiting=tuple(_request(one) for one in waiting if _reaches(officer, one.asked_by)),
        standing=tuple(_leave(one) for one in standing if _reaches(officer, one.asked_by)),
        clerks=tuple(StaffLine(one.username, one.display_name) for one in clerks if _reaches(officer, one)),
    )


async def decide(deps: Deps, officer: Officer, approval_id: int, *, granted: bool) -> None:
    """Say yes or no to somebody else's request; a yes to undo a scan undoes it at once.

    Raises:
        Refusal: ``staff_role_missing``, ``approval_not_found`` also for another counter's, ``approval_own``,
            ``approval_decided_already``; what undoing raises.
    """
    _insist_supervisor(officer)
    approval = await _own_approval(officer, approval_id)
    now = deps.clock.now()
    one_case = approval.kind is ApprovalKind.READ_MINOR
    async with unit_of_work(deps):
        decided = await store.decide_approval(
            approval.id, decided_by_id=officer.staff_id, at=now, granted=granted,
            until=now + LEAVE_FOR_ONE_CASE if granted and one_case else None,
        )  # fmt: skip
        if not decided:
            raise Refusal("approval_decided_already")
        assert approval.case is not None
        if granted and approval.kind is ApprovalKind.UNDO_SCAN:
            await undo_scan(deps, officer, approval.case, approval.reason)
        word = "grant" if granted else "refuse"
        await audit(deps, officer, approval.case, f"{word}_{approval.kind}", asked_by=approval.asked_by.username)


async def give_leave(deps: Deps, officer: Officer, username: str, days: int, reason: str) -> None:
    """Let a clerk of the own counter read the data of the minors served there, for some days (B51).

    Raises:
        Refusal: ``staff_role_missing``, ``staff_not_found``, ``approval_own``, ``reason_required``,
            ``leave_days_wrong``.
    """
    _insist_supervisor(officer)
    clerk = await find_staff(username[:60])
    if clerk is None or clerk.role is not StaffRole.CLERK or not _reaches(officer, clerk):
        raise Refusal("staff_not_found")
    if clerk.id == officer.staff_id:
        raise Refusal("approval_own")
    why = reason.strip()[:LONGEST_REASON]
    if not why:
        raise Refusal("reason_required")
    if not 1 <= days <= LONGEST_LEAVE_DAYS:
        raise Refusal("leave_days_wrong", most=LONGEST_LEAVE_DAYS)
    now = deps.clock.now()
    async with unit_of_work(deps):
        await store.give_leave(
            kind=ApprovalKind.READ_MINOR, case_id=None, asked_by_id=clerk.id, reason=why, asked_at=now,
            decided_by_id=officer.staff_id, decided_at=now, until=now + timedelta(days=days),
        )  # fmt: skip
        await _record(deps, officer, "give_minor_leave", to=clerk.username, days=days)


async def take_back(deps: Deps, officer: Officer, approval_id: int) -> None:
    """End leave before its time.

    Raises:
        Refusal: ``staff_role_missing``, ``approval_not_found``.
    """
    _insist_supervisor(officer)
    approval = await _own_approval(officer, approval_id)
    async with unit_of_work(deps):
        if not await store.end_leave(approval.id, deps.clock.now()):
            raise Refusal("approval_not_found")
        await _record(deps, officer, "end_minor_leave", of=approval.asked_by.username)


async def _own_approval(officer: Officer, approval_id: int) -> Approval:
    approval = await store.find_approval(approval_id)
    if approval is None or not _reaches(officer, approval.asked_by):
        raise Refusal("approval_not_found")
    if approval.asked_by_id == officer.staff_id:
        raise Refusal("approval_own")
    return approval


def _insist_supervisor(officer: Officer) -> None:
    if officer.role is not StaffRole.SUPERVISOR:
        raise Refusal("staff_role_missing", source="R078")


def _reaches(officer: Officer, staff: Staff) -> bool:
    """A supervisor of a counter decides for that counter, one of an area for the counters in it."""
    if officer.point_id is not None:
        return officer.point_id == staff.point_id
    return staff.point is not None and staff.point.division.startswith(_area(officer))


def _area(officer: Officer) -> str:
    """What the codes of the area's divisions begin with; nothing for the whole country, or where none is set."""
    prefix = officer.division or ""
    while prefix.endswith("00"):
        prefix = prefix[:-2]
    return prefix


async def _record(deps: Deps, officer: Officer, act: str, **facts: object) -> None:
    await put_on_record(deps, officer, act, facts)


def _request(approval: Approval) -> Request:
    assert approval.case is not None
    return Request(
        id=approval.id,
        kind=approval.kind,
        number=approval.case.number,
        asked_by=approval.asked_by.display_name,
        reason=approval.reason,
        asked_at=approval.asked_at,
    )


def _leave(approval: Approval) -> LeaveLine:
    assert approval.decided_by is not None
    return LeaveLine(
        id=approval.id,
        clerk=approval.asked_by.display_name,
        given_by=approval.decided_by.display_name,
        reason=approval.reason,
        until=approval.until,
    )
