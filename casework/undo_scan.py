"""A wrong scan taken back: the visit ends, everything is as before it, the person shows a new code (T21)."""

from casework.callers import Officer
from casework.deps import Deps
from casework.owe import owe
from casework.remind import take_up_reminders
from casework.serve import insist_visit
from casework.step import Said, insist_open, take_step
from domain.refusal import Refusal
from domain.terms import CaseEventKind, NoticeKind
from models.case import Case, events_of
from models.handoff import HandoffCode, last_redeemed
from models.slot import latest_booking, lock_slots, reopen_booking, take_place
from templates.shown import when


async def undo_scan(deps: Deps, officer: Officer, case: Case, reason: str) -> None:
    """Undo today's check-in of a case before acceptance, in the running transaction; ``reason`` stays sealed.

    A code redeemed at another station had made the case that station's own: it goes back to where it was booked, with
    its place while one is free; else the person is told to book anew. A booking whose time is over stays as it is:
    nobody is made a no-show by a mistake of the counter.

    Raises:
        Refusal: ``case_not_open``, ``not_checked_in``.
    """
    insist_open(case)
    await insist_visit(deps, case)
    now = deps.clock.now()
    unit = case.acceptance_point.name if case.acceptance_point else officer.point_name
    said = Said(officer.actor, now, unit=unit)
    elsewhere = await _code_of_elsewhere(case)
    if elsewhere is None:
        await take_step(deps, case, CaseEventKind.SCAN_UNDONE, said, words={"note": reason})
        booking = await latest_booking(case.id)
        if booking is not None and await reopen_booking(case.id, now):
            await take_up_reminders(case, booking.id, now)
        return
    await take_step(
        deps, case, CaseEventKind.SCAN_UNDONE, said,
        facts={"back_to": elsewhere.point.code}, words={"note": reason}, acceptance_point_id=elsewhere.point_id,
    )  # fmt: skip
    await _give_place_back(deps, case)


async def _code_of_elsewhere(case: Case) -> HandoffCode | None:
    """The code of this visit, where it was for another station than the one that scanned it."""
    came = [event for event in await events_of(case.id) if event.kind is CaseEventKind.CHECKED_IN]
    if came[-1].facts.get("by") == "number":
        return None
    code = await last_redeemed(case.id)
    return code if code is not None and code.point_id != case.acceptance_point_id else None


async def _give_place_back(deps: Deps, case: Case) -> None:
    """The place that was given up for the visit, if nobody took it since and its time is not over."""
    now, booking = deps.clock.now(), await latest_booking(case.id)
    if booking is None or booking.how_ended != "moved" or booking.slot.ends_at <= now:
        return
    await lock_slots([booking.slot_id])
    if await take_place(booking.slot_id, minor=booking.is_minor):
        if not await reopen_booking(case.id, now, how="moved"):
            raise Refusal("service_unavailable")  # the place just taken must not be lost: the transaction goes back
        await take_up_reminders(case, booking.id, now)
        return
    await owe(
        deps, case, NoticeKind.BOOKING_CANCELLED, str(booking.id),
        time=when(booking.slot.starts_at), station=booking.slot.point.name, reason="该时段名额已满",
    )  # fmt: skip
