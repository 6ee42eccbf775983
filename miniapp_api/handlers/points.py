"""Acceptance points and their free places."""

from casework import challenge, find_place
from casework.booking_views import ChallengeView
from casework.callers import Citizen
from casework.deps import Deps
from casework.views import PointView, SlotView
from miniapp_api.shapes import ItemQuery, PathText, PointsQuery, SlotsQuery


async def list_points(deps: Deps, query: PointsQuery) -> tuple[PointView, ...]:
    """List the acceptance points that offer a service in or near a place, nearest first when a position is given."""
    return await find_place.points_for(deps, query.item, query.division, query.near())


async def list_free_slots(deps: Deps, code: PathText, query: SlotsQuery) -> tuple[SlotView, ...]:
    """List the free stretches of time of one day at one acceptance point."""
    return await find_place.free_slots(deps, code, query.item, query.day, minor=query.age == "under_16")


def free_slots_at_hand(deps: Deps, code: str, query: SlotsQuery) -> tuple[SlotView, ...] | None:
    """What ``list_free_slots`` would say without asking the database; None where it would have to."""
    return find_place.slots_at_hand(deps, code, query.item, query.day, minor=query.age == "under_16")


async def read_challenge(deps: Deps, citizen: Citizen, code: PathText, query: ItemQuery) -> ChallengeView:
    """Get the work a client does before it books there; ``bits`` 0 means none.

    The answer goes with the request, as ``challenge:answer`` in the header ``X-Challenge-Answer``.
    """
    return await challenge.pose_challenge(deps, citizen, code, query.item)
