"""Stations for whoever asks, known or not: the nearest ones, and how one of them stands today."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from casework.deps import Deps
from casework.find_place import desk_of, free_at
from casework.track import point_view
from casework.views import PointView
from domain.local_time import day_bounds
from domain.position import Position, metres_between
from models.place import PointService, all_points, find_point, services_of
from models.slot import bookings_at

NEAREST = 3


@dataclass(frozen=True)
class StationToday:
    """A point, how many visits are still booked today, and the first free time today."""

    point: PointView
    booked: int
    next_free: datetime | None


async def stations_near(deps: Deps, here: Position) -> tuple[PointView, ...]:
    """The nearest points that are open for some item by now (R013), with their distance."""
    views = []
    for point in await all_points():
        if point.latitude is None or point.longitude is None:
            continue
        if any(_is_public(service, deps.today()) for service in await services_of(point.id)):
            metres = metres_between(Position(point.latitude, point.longitude), here)
            views.append(replace(point_view(point), distance_metres=metres))
    return tuple(sorted(views, key=lambda view: view.distance_metres or 0)[:NEAREST])


async def station_today(deps: Deps, code: str) -> StationToday | None:
    """How a point stands today; None where the code names none."""
    point = await find_point(code)
    if point is None:
        return None
    now, (_, midnight) = deps.clock.now(), day_bounds(deps.today())
    booked = [booking for booking in await bookings_at(point.id, now, midnight) if booking.ended_at is None]
    free: list[datetime] = []
    for service in await services_of(point.id):
        if _is_public(service, deps.today()):
            slots = await free_at(deps, desk_of(point, service), deps.today(), minor=False)
            free += [slot.starts_at for slot in slots[:1]]
    return StationToday(point_view(point), len(booked), min(free, default=None))


def _is_public(service: PointService, day: date) -> bool:
    """Open by then (R013), and not for invited people only (R019)."""
    return service.open_from <= day and (service.invited_until is None or service.invited_until < day)
