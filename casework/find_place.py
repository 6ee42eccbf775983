"""Which stations there are, and where a place is free: derived from schedule and bookings, never from a batch."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from casework.deps import Deps
from casework.track import point_view
from casework.views import PointView, SlotView
from domain.division import find_division
from domain.local_time import day_bounds, day_of
from domain.position import Position, metres_between
from domain.refusal import Refusal
from domain.slot import Opening, Schedule, slots_on
from domain.supply import Supply, free_places
from domain.terms import ServiceItem
from models.case import Case
from models.hold import lapsed_between
from models.place import (
    AcceptancePoint,
    Closure,
    PointService,
    closures_between,
    find_point,
    find_service,
    points_serving,
)
from models.slot import slots_between
from templates.labels import label

ALTERNATIVES = 3
LOOK_DAYS = 7


@dataclass(frozen=True)
class Desk:
    """One service of one point, with its schedule and its booking settings."""

    point: AcceptancePoint
    item: ServiceItem
    opens_on: date
    schedule: Schedule
    supply: Supply
    challenge_bits: int


async def points_for(
    deps: Deps, item: ServiceItem, division: str, near: Position | None = None
) -> tuple[PointView, ...]:
    """Points of a residence's city that take the item today (R005, R033); nearest first when a position is given.

    Raises:
        Refusal: ``division_unknown``.
    """
    home = find_division(division)
    prefix = home.code[:2] if home.city is None else home.code[:4]
    views = [point_view(point) for point in await points_serving(item, prefix, deps.today())]
    if near is None:
        return tuple(views)
    measured = [replace(view, distance_metres=_distance(view, near)) for view in views]
    return tuple(sorted(measured, key=lambda view: (view.distance_metres is None, view.distance_metres or 0)))


async def free_slots(
    deps: Deps, point_code: str, item: ServiceItem, day: date, *, minor: bool = False
) -> tuple[SlotView, ...]:
    """Slots of a day that have a place left for somebody and may still be booked.

    Raises:
        Refusal: ``station_not_found``, ``station_without_service``, ``station_not_open_yet``, ``slot_beyond_horizon``.
    """
    desk = await open_desk(point_code, item)
    insist_released(deps, desk, day)
    return await free_at(deps, desk, day, minor=minor)


async def open_desk(point_code: str, item: ServiceItem) -> Desk:
    """A point's service with its settings. Raises ``station_not_found``, ``station_without_service``."""
    point = await find_point(point_code)
    if point is None:
        raise Refusal("station_not_found")
    service = await find_service(point.id, item)
    if service is None:
        raise Refusal("station_without_service", source="R033", station=point.name, item=label(item))
    return desk_of(point, service)


def desk_of(point: AcceptancePoint, service: PointService) -> Desk:
    """A point's service, from its rows."""
    schedule = schedule_of(point)
    supply = Supply(
        capacity=schedule.capacity if service.capacity is None else service.capacity,
        lead=timedelta(minutes=service.lead_minutes),
        horizon_days=service.horizon_days,
        release_hour=service.release_hour,
        walk_in_percent=service.walk_in_percent,
        minor_places=service.minor_places,
        cut_off=None if service.cut_off_minutes is None else timedelta(minutes=service.cut_off_minutes),
    )
    return Desk(point, service.item, service.open_from, schedule, supply, service.challenge_bits)


def insist_released(deps: Deps, desk: Desk, day: date) -> None:
    """Service began (R013), the day was released. Raises ``station_not_open_yet``, ``slot_beyond_horizon``."""
    if max(day, deps.today()) < desk.opens_on:
        raise Refusal("station_not_open_yet", source="R013", station=desk.point.name, open_from=desk.opens_on)
    last_day = desk.supply.last_day(deps.clock.now())
    if day > last_day:
        released_at = desk.supply.released_at(day)
        raise Refusal("slot_beyond_horizon", days=desk.supply.horizon_days, last_day=last_day, released_at=released_at)


def slot_end(deps: Deps, desk: Desk, starts_at: datetime) -> datetime:
    """The end of the slot that begins then.

    Raises:
        Refusal: ``station_not_open_yet``, ``slot_beyond_horizon``, ``slot_not_found``, ``slot_past``,
            ``slot_too_soon``.
    """
    day, now = day_of(starts_at), deps.clock.now()
    insist_released(deps, desk, day)
    end = dict(slots_on(desk.schedule, day, deps.calendar)).get(starts_at)
    if end is None:
        raise Refusal("slot_not_found", station=desk.point.name)
    if end <= now:
        raise Refusal("slot_past")
    if not desk.supply.in_time(starts_at, end, now):
        raise Refusal("slot_too_soon", minutes=int(desk.supply.lead.total_seconds()) // 60, alternatives=())
    return end


async def free_at(deps: Deps, desk: Desk, day: date, *, minor: bool) -> tuple[SlotView, ...]:
    """Slots of a day with a place left; a hold that ran out counts as free, whether it was swept or not."""
    bounds, now = day_bounds(day), deps.clock.now()
    rows = await slots_between(desk.point.id, desk.item, *bounds)
    lapsed = await lapsed_between(desk.point.id, desk.item, *bounds, now)
    closures = await closures_between(desk.point.id, desk.item, *bounds)
    found = []
    for start, end in slots_on(desk.schedule, day, deps.calendar):
        row = rows.get(start)
        if not desk.supply.in_time(start, end, now) or _closed(closures, start, end) or (row and row.closed):
            continue
        gone, gone_general = lapsed.get(row.id, (0, 0)) if row else (0, 0)
        taken, taken_general = (row.taken - gone, row.taken_general - gone_general) if row else (0, 0)
        free = free_places(desk.supply.places, taken=taken, taken_general=taken_general, minor=minor)
        if free:
            found.append(SlotView(start.astimezone(UTC), end.astimezone(UTC), free))
    return tuple(found)


def insist_acceptance_place(case: Case, desk: Desk) -> None:
    """The application is made where the person lives (R021, R030): a point of the residence's city.

    Raises:
        Refusal: ``station_elsewhere``.
    """
    if find_division(desk.point.division).city != find_division(case.residence_division).city:
        raise Refusal("station_elsewhere", source="R030", station=desk.point.name)


def is_within(closure: Closure, point: AcceptancePoint, start: datetime, end: datetime) -> bool:
    """Whether a closure lies on a stretch of a point's time."""
    return closure.point_id == point.id and closure.starts_at < end and closure.ends_at > start


async def is_closed(desk: Desk, start: datetime, end: datetime) -> bool:
    """Whether a closure lies on a stretch of time."""
    return bool(await closures_between(desk.point.id, desk.item, start, end))


async def alternatives_at(
    deps: Deps, desk: Desk, wanted: datetime, *, minor: bool, places: int = 1, days: int = LOOK_DAYS
) -> list[datetime]:
    """The free times of a point nearest to a wanted one: of its day and those after it, or the newest released ones."""
    found: list[datetime] = []
    for day in _days_near(deps, desk, day_of(wanted), days):
        found += [slot.starts_at for slot in await free_at(deps, desk, day, minor=minor) if slot.free >= places]
        if len(found) >= ALTERNATIVES:
            break
    return sorted(found, key=lambda at: abs(at - wanted))[:ALTERNATIVES]


def _days_near(deps: Deps, desk: Desk, wanted: date, days: int) -> list[date]:
    """From the wanted day on; from the newest one back where it lies beyond."""
    first, last = max(deps.today(), desk.opens_on), desk.supply.last_day(deps.clock.now())
    step = -1 if wanted > last else 1
    start = last if wanted > last else max(wanted, first)
    near = [start + timedelta(days=n * step) for n in range(days)]
    return [day for day in near if first <= day <= last]


async def places_nearby(
    deps: Deps, desk_code: str, item: ServiceItem, division: str, wanted: datetime, *, minor: bool, places: int = 1
) -> list[dict[str, Any]]:
    """The nearest free time at each other point of the city."""
    home = find_division(division)
    found = []
    for point in await points_serving(item, home.code[:4], deps.today()):
        if point.code == desk_code:
            continue
        times = await alternatives_at(
            deps, await open_desk(point.code, item), wanted, minor=minor, places=places, days=1
        )
        found += [{"point": point.code, "name": point.name, "starts_at": times[0]}] if times else []
    return found[:ALTERNATIVES]


def schedule_of(point: AcceptancePoint) -> Schedule:
    """A point's schedule from its JSON."""
    raw: Mapping[str, Any] = point.schedule
    return Schedule(
        openings=tuple(
            Opening(o["weekday"], time.fromisoformat(o["start"]), time.fromisoformat(o["end"])) for o in raw["openings"]
        ),
        slot_minutes=raw["slot_minutes"],
        capacity=raw["capacity"],
        open_from=None,
        closed_on_rest_days=raw["closed_on_rest_days"],
    )


def _distance(view: PointView, near: Position) -> int | None:
    if view.latitude is None or view.longitude is None:
        return None
    return metres_between(Position(view.latitude, view.longitude), near)


def _closed(closures: list[Closure], start: datetime, end: datetime) -> bool:
    return any(closure.starts_at < end and closure.ends_at > start for closure in closures)
