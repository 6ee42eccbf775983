"""Checking a person in without a code: the phone is dead, or the letter is to be signed on paper (R061)."""

from casework.callers import Officer
from casework.counter_views import CounterCase
from casework.deps import Deps, unit_of_work
from casework.facts import insist_allowed
from casework.remind import drop_reminders
from casework.serve import audit, case_at_counter, counter_case, insist_clerk, visit_is_open
from casework.step import Said, insist_open, take_step
from domain.refusal import Refusal
from domain.terms import CaseEventKind
from models.slot import end_booking, live_booking

LONGEST_REASON = 100


async def check_in(deps: Deps, officer: Officer, number: str, reason: str) -> CounterCase:
    """Open the visit of a case of the own counter by its number, with a reason that stays on record (T13).

    Whoever will not or cannot sign on the phone signs on paper here (R061), so a letter still to sign is no hindrance.

    Raises:
        Refusal: ``case_of_other_station``, ``case_not_open``, ``reason_required``, ``already_checked_in``,
            ``age_changed``, any reason of today's rulebook (C6.7).
    """
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, "read_to_check_in")
    insist_open(case)
    why = reason.strip()[:LONGEST_REASON]
    if not why:
        raise Refusal("reason_required")
    if await visit_is_open(deps, case):
        raise Refusal("already_checked_in")
    insist_allowed(deps, case, deps.today())
    now = deps.clock.now()
    async with unit_of_work(deps):
        said = Said(officer.actor, now, unit=officer.point_name)
        await take_step(
            deps, case, CaseEventKind.CHECKED_IN, said,
            facts={"by": "number", "point": officer.point_id}, words={"reason_at_counter": why},
        )  # fmt: skip
        booking = await live_booking(case.id)
        if booking is not None:
            await end_booking(booking.id, "kept", now)
            await drop_reminders(case, booking.id, now)
        await audit(deps, officer, case, "check_in_by_number")
    return await counter_case(deps, case)
