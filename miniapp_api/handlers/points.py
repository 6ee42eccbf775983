"""Acceptance points and their free places."""

from casework import book
from casework.deps import Deps
from casework.views import PointView, SlotView
from miniapp_api.shapes import PathText, PointsQuery, SlotsQuery


async def list_points(deps: Deps, query: PointsQuery) -> tuple[PointView, ...]:
    """List the acceptance points that offer a service in or near a place."""
    return await book.points_for(deps, query.item, query.division)


async def list_free_slots(deps: Deps, code: PathText, query: SlotsQuery) -> tuple[SlotView, ...]:
    """List the free stretches of time of one day at one acceptance point."""
    return await book.free_slots(deps, code, query.item, query.day)
