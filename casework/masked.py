"""Masked first: what a clerk sees of a case before somebody stands at the counter, and when the whole is shown."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from casework.callers import Officer
from casework.counter_views import CounterCase, GuardianView
from domain.applicant import mask_name, mask_phone
from domain.identity_number import mask_number
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import CaseEventKind
from models.approval import may_read_minor
from models.case import Case, CaseEvent

VISIT_TURNS = frozenset(
    {
        CaseEventKind.CHECKED_IN,
        CaseEventKind.SCAN_UNDONE,
        CaseEventKind.SUPPLEMENTS_LISTED,
        CaseEventKind.BOOKED,
        CaseEventKind.BOOKING_CANCELLED,
    }
)


def presence_is_stated(officer: Officer, events: Sequence[CaseEvent], today: date) -> bool:
    """Whether this counter stated today who stands there, and nothing ended the visit since (T13)."""
    turns = [event for event in events if event.kind in VISIT_TURNS | {CaseEventKind.PRESENCE_STATED}]
    last = turns[-1] if turns else None
    return (
        last is not None
        and last.kind is CaseEventKind.PRESENCE_STATED
        and last.facts.get("point") == officer.point_id
        and day_of(last.at) == today
    )


async def insist_minor_leave(officer: Officer, case: Case, now: datetime) -> None:
    """A minor's data is read only with leave of a responsible person, on record (B51, C6.12).

    Raises:
        Refusal: ``minor_leave_required``.
    """
    if case.is_minor and not await may_read_minor(officer.staff_id, case.id, now):
        raise Refusal("minor_leave_required", source="B51")


def masked(case: CounterCase) -> CounterCase:
    """Enough to find the right person, no more: no address, no date of birth, numbers and names with stars."""
    return replace(
        case,
        whole=False,
        name=mask_name(case.name),
        identity_number=mask_number(case.identity_number),
        sex=None,
        birth_date=None,
        household_address=case.household_place,
        residence_address=case.residence_place,
        phone=mask_phone(case.phone),
        new_phone=mask_phone(case.new_phone) if case.new_phone else None,
        guardian=_masked_guardian(case.guardian) if case.guardian else None,
        post_to=None,
        differences={},
        urgent_need=None,
        certificate=replace(case.certificate, other="", content=()) if case.certificate else None,
    )


def _masked_guardian(guardian: GuardianView) -> GuardianView:
    return replace(guardian, name=mask_name(guardian.name), identity_number=mask_number(guardian.identity_number))
