"""The guarantee: case, place and hold change in one transaction, under one order of locks; nothing is sold twice.

Every verb here runs inside a transaction whose cases are locked. A slot is locked before anything in it begins or ends.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from casework.booking_rules import no_show_rule
from casework.deps import Deps
from casework.find_place import Desk, open_desk
from casework.pass_on import pass_on, release_lapsed
from casework.remind import drop_reminders
from domain.guide import Guidance
from domain.refusal import Refusal
from models.case import Case
from models.handoff import revoke_codes
from models.hold import end_hold, make_hold, unended_hold
from models.slot import (
    Booking,
    Slot,
    end_booking,
    ensure_slot,
    fit_slot,
    free_place,
    live_booking,
    lock_slots,
    make_booking,
    take_place,
)
from models.waiting import end_waiting
from templates.shown import when


@dataclass(frozen=True)
class Wanted:
    """The slot somebody wants, its row made already."""

    desk: Desk
    starts_at: datetime
    ends_at: datetime
    slot_id: int


async def want(desk: Desk, starts_at: datetime, ends_at: datetime) -> Wanted:
    """Make the slot's row if it is not there; before any slot is locked, so that no two wait for each other."""
    slot_id = await ensure_slot(desk.point.id, desk.item, starts_at, ends_at, desk.supply.places)
    return Wanted(desk, starts_at, ends_at, slot_id)


async def seat(deps: Deps, cases: Sequence[Case], wanted: Wanted, plans: Sequence[Guidance]) -> list[Booking]:
    """Give every case a place in the slot and end what it had before, or refuse and leave everything as it was.

    A place held in the slot becomes the booking's; one that ran out is anybody's again.

    Raises:
        Refusal: ``slot_full``, ``slot_closed``, ``too_late_to_change``.
    """
    now = deps.clock.now()
    touched = await _lock_all(cases, wanted)
    await _make_ready(deps, touched[wanted.slot_id], wanted)
    for case in cases:
        await _insist_changeable(await live_booking(case.id), wanted, now)
        held = await _claim_hold(case, wanted, now)
        await leave(deps, case, "moved", now)
        if not held and not await take_place(wanted.slot_id, minor=case.is_minor):
            raise Refusal("slot_full", station=wanted.desk.point.name, places=len(cases), alternatives=())
    made = [await _write(deps, case, wanted, plan) for case, plan in zip(cases, plans, strict=True)]
    await pass_on_all(deps, touched.keys() - {wanted.slot_id})
    return made


async def hold_place(deps: Deps, case: Case, wanted: Wanted, life: timedelta) -> None:
    """Hold a place for the case, in exchange for the one it held before. Holding the same slot anew lasts no longer.

    Raises:
        Refusal: ``slot_full``, ``slot_closed``.
    """
    now = deps.clock.now()
    touched = await _lock_all([case], wanted)
    await _make_ready(deps, touched[wanted.slot_id], wanted)
    held = await unended_hold(case.id)
    if held and held.slot_id == wanted.slot_id:
        return
    if held:
        await _end_hold(held.id, held.slot_id, case, "released", now)
    if not await take_place(wanted.slot_id, minor=case.is_minor):
        raise Refusal("slot_full", station=wanted.desk.point.name, places=1, alternatives=())
    if not await make_hold(wanted.slot_id, case, now, now + life, is_offer=False):
        raise Refusal("hold_exists")
    await pass_on_all(deps, touched.keys() - {wanted.slot_id})


async def give_up_hold(deps: Deps, case: Case) -> bool:
    """End the hold of a case and pass its place on; False when it holds nothing."""
    held = await unended_hold(case.id)
    if held is None:
        return False
    await lock_slots([held.slot_id])
    if not await _end_hold(held.id, held.slot_id, case, "released", deps.clock.now()):
        return False
    await pass_on_all(deps, [held.slot_id])
    return True


async def give_up_booking(deps: Deps, case: Case, how: str) -> Booking | None:
    """End the live booking of a case, if there is one, and pass its place on. Codes and reminders for it go with it."""
    booking = await live_booking(case.id)
    if booking is None:
        return None
    await lock_slots([booking.slot_id])
    left = await leave(deps, case, how, deps.clock.now())
    await pass_on_all(deps, [booking.slot_id])
    return left


async def leave(deps: Deps, case: Case, how: str, now: datetime, closure_id: int | None = None) -> Booking | None:
    """End the live booking in its locked slot and free its place; a visit that is over was missed, whatever comes."""
    booking = await live_booking(case.id)
    if booking is None:
        return None
    missed = is_over(deps, case, booking, now)
    if not await end_booking(booking.id, "no_show" if missed else how, now, closure_id):
        return None
    if not missed:
        await free_place(booking.slot_id, minor=booking.is_minor)
    await revoke_codes(case.id, now)
    await drop_reminders(case, booking.id, now)
    return booking


def is_over(deps: Deps, case: Case, booking: Booking, now: datetime) -> bool:
    """Whether a visit's time and its grace are over."""
    return booking.slot.ends_at + no_show_rule(deps, case).grace <= now


async def pass_on_all(deps: Deps, slot_ids: Iterable[int]) -> None:
    """Offer what is free in these locked slots to those who wait."""
    for slot in sorted((await lock_slots(slot_ids)).values(), key=lambda one: one.id):
        await pass_on(deps, slot)


async def _lock_all(cases: Sequence[Case], wanted: Wanted) -> dict[int, Slot]:
    ids = {wanted.slot_id}
    for case in cases:
        booking, held = await live_booking(case.id), await unended_hold(case.id)
        ids |= {one.slot_id for one in (booking, held) if one is not None}
    return await lock_slots(ids)


async def _make_ready(deps: Deps, slot: Slot, wanted: Wanted) -> None:
    await fit_slot(slot, wanted.desk.supply.places)
    if slot.closed:
        raise Refusal("slot_closed", source="R199", station=wanted.desk.point.name, alternatives=())
    if await release_lapsed(deps, slot):
        await pass_on(deps, slot)


async def _insist_changeable(booking: Booking | None, wanted: Wanted, now: datetime) -> None:
    if booking is not None and booking.slot_id != wanted.slot_id:
        await insist_before_cut_off(booking, now)


async def insist_before_cut_off(booking: Booking, now: datetime) -> None:
    """A booking may be changed until the cut-off of its point, and again once its time is over (B84).

    Raises:
        Refusal: ``too_late_to_change``.
    """
    slot = booking.slot
    until = (await open_desk(slot.point.code, slot.item)).supply.change_until(slot.starts_at)
    if until is not None and until < now < slot.ends_at:
        raise Refusal(
            "too_late_to_change", source="B84", until=when(until), station=slot.point.name, phone=slot.point.phone
        )


async def _claim_hold(case: Case, wanted: Wanted, now: datetime) -> bool:
    """Turn a hold in the wanted slot into its place; end one elsewhere."""
    held = await unended_hold(case.id)
    if held is None:
        return False
    if held.slot_id == wanted.slot_id:
        return await end_hold(held.id, "booked", now)
    await _end_hold(held.id, held.slot_id, case, "released", now)
    return False


async def _end_hold(hold_id: int, slot_id: int, case: Case, how: str, now: datetime) -> bool:
    ended = await end_hold(hold_id, how, now)
    if ended:
        await free_place(slot_id, minor=case.is_minor)
    return ended


async def _write(deps: Deps, case: Case, wanted: Wanted, guidance: Guidance) -> Booking:
    now = deps.clock.now()
    made = await make_booking(wanted.slot_id, case, seats_of(guidance), plan_of(guidance), now)
    booking = await live_booking(case.id)
    assert booking is not None
    if not made:
        raise Refusal("booking_exists", number=case.number, time=when(booking.slot.starts_at))
    await end_waiting(case.id, "booked", now)
    return booking


def seats_of(guidance: Guidance) -> int:
    """How many come to one place (R031)."""
    return max(1, len(guidance.who_must_come))


def plan_of(guidance: Guidance) -> dict[str, object]:
    """What a person is told to do for a visit: kept with the booking, so that a later change is seen (T10)."""
    return {
        "who": [str(who) for who in guidance.who_must_come],
        "bring": [material.what for material in guidance.materials],
        "letter": guidance.letter.version if guidance.letter.required else None,
    }
