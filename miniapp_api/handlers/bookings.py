"""Hop 3: a place at the counter."""

from casework import book as acts
from casework.callers import Citizen
from casework.deps import Deps
from casework.views import CaseView
from miniapp_api.reading import Key
from miniapp_api.shapes import BookingWish, PathText


async def book(deps: Deps, citizen: Citizen, number: PathText, body: BookingWish, key: Key) -> CaseView:
    """Book a place, or move the booking: the old place is given back only when the new one is taken."""
    return await acts.book(deps, citizen, number, body.point, body.starts_at, key)


async def cancel_booking(deps: Deps, citizen: Citizen, number: PathText, key: Key) -> CaseView:
    """Give the place back."""
    return await acts.cancel_booking(deps, citizen, number, key)
