"""Hop 3: a place at the counter: held, booked, moved, waited for, given back, taken along."""

from casework import book as acts
from casework import hold as holding
from casework import print_visit, wait
from casework.callers import Citizen
from casework.challenge import Proof
from casework.deps import Deps
from casework.views import CaseView
from miniapp_api.reading import Key
from miniapp_api.shapes import BookingWish, PathText, VisitWish, WaitingWish


async def book(
    deps: Deps, citizen: Citizen, number: PathText, body: BookingWish, *, key: Key, proof: Proof
) -> CaseView:
    """Book a place, confirm a held one, or move the booking: the old place is given back only for the new one."""
    return await acts.book(deps, citizen, number, body.point, body.starts_at, key, proof)


async def book_visit(deps: Deps, citizen: Citizen, body: VisitWish, key: Key, proof: Proof) -> tuple[CaseView, ...]:
    """Book one visit for several cases, all of them or none."""
    return await acts.book_visit(deps, citizen, body.cases, body.point, body.starts_at, key, proof)


async def cancel_booking(deps: Deps, citizen: Citizen, number: PathText, key: Key) -> CaseView:
    """Give the place back."""
    return await acts.cancel_booking(deps, citizen, number, key)


async def hold(
    deps: Deps, citizen: Citizen, number: PathText, body: BookingWish, *, key: Key, proof: Proof
) -> CaseView:
    """Hold a place for some minutes; a booking made before stays until the held place is booked."""
    return await holding.hold(deps, citizen, number, body.point, body.starts_at, key, proof)


async def release_hold(deps: Deps, citizen: Citizen, number: PathText, key: Key) -> CaseView:
    """Give the held or offered place back at once."""
    return await holding.release_hold(deps, citizen, number, key)


async def wait_for_place(deps: Deps, citizen: Citizen, number: PathText, body: WaitingWish, key: Key) -> CaseView:
    """Wait for a place; the next one freed is kept and told."""
    return await wait.wait_for_place(deps, citizen, number, body.point, body.days(), key)


async def stop_waiting(deps: Deps, citizen: Citizen, number: PathText, key: Key) -> CaseView:
    """Wait no longer."""
    return await wait.stop_waiting(deps, citizen, number, key)


async def read_calendar(deps: Deps, citizen: Citizen, number: PathText) -> str:
    """Get the booked visit as a calendar file (RFC 5545)."""
    return await print_visit.visit_calendar(deps, citizen, number)


async def read_slip(deps: Deps, citizen: Citizen, number: PathText) -> str:
    """Get the booked visit as one page to print; it asks nothing from outside."""
    return await print_visit.visit_page(deps, citizen, number)
