"""Which stations there are, and where a place is free: derived from schedule and bookings, never from a batch.

What readers are told was read a moment ago at most (``models.memory``); whoever decides does so inside a transaction,
where nothing is remembered, and the table has the last word.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from casework.deps import Deps
from casework.track import point_view
from casework.views import PointView, SlotView
from domain.calendar import WorkCalendar
from domain.division import find_division
from domain.local_time import day_of
from domain.position import Position, metres_between
from domain.refusal import Refusal
from domain.slot import Opening, Schedule, slots_on
from domain.supply import Supply, free_places
from domain.terms import ServiceItem
from models.case import Case
from models.glance import Glance, SlotFacts, glance_at, glance_at_hand
from models.place import (
    AcceptancePoint,
    Closure,
    PointService,
    closures_between,
    points_serving,
    service_at,
    service_at_hand,
)
from templates.labels import label

ALTERNATIVES = 3
LOOK_DAYS = 7
_NOTHING_TAKEN = SlotFacts(0, 0, closed=False)


@dataclass(frozen=True)
class Desk:
    """One service of one point, with its schedule and its booking settings."""

    point: AcceptancePoint
    item: ServiceItem
    opens_on: date
    schedule: Schedule
    supply: Supply
    challenge_bits: int
    invited_until: date | None = None
    ends: dict[date, Mapping[datetime, datetime]] = field(default_factory=dict, compare=False)

    def ends_on(self, day: date, calendar: WorkCalendar) -> Mapping[datetime, datetime]:
        """The end of each slot of a day by its start."""
        if day not in self.ends:
            self.ends[day] = dict(slots_on(self.schedule, day, calendar))
        return self.ends[day]

    def on_trial(self, day: date) -> bool:
        """Whether only invited people are served that day (R019)."""
        return self.invited_until is not None and day <= self.invited_until


@dataclass(frozen=True)
class _Answer:
    """The free slots of a day at a desk, which nothing but a change of the tables alters in ``[since, until)``."""

    desk: Desk
    since: datetime
    until: datetime
    slots: tuple[SlotView, ...]


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
    """Slots of a day that have a place left for somebody and may still be booked; while it is so, the same tuple.

    Raises:
        Refusal: ``station_not_found``, ``station_without_service``, ``station_not_open_yet``, ``slot_beyond_horizon``.
    """
    desk = await open_desk(point_code, item)
    insist_released(deps, desk, day)
    return await free_at(deps, desk, day, minor=minor)


def slots_at_hand(
    deps: Deps, point_code: str, item: ServiceItem, day: date, *, minor: bool
) -> tuple[SlotView, ...] | None:
    """What ``free_slots`` would say now without asking anybody; None where it would have to ask, or refuse."""
    known = service_at_hand(point_code, item)
    desk: Desk | None = known.made.get(Desk) if known else None
    glance = glance_at_hand(desk.point.id, item, day) if desk else None
    if desk is None or glance is None:
        return None
    try:
        insist_released(deps, desk, day)
    except Refusal:
        return None
    return _told(deps, desk, day, glance, minor=minor)


async def open_desk(point_code: str, item: ServiceItem) -> Desk:
    """A point's service with its settings. Raises ``station_not_found``, ``station_without_service``."""
    found = await service_at(point_code, item)
    if found is None:
        raise Refusal("station_not_found")
    if found.service is None:
        raise Refusal("station_without_service", source="R033", station=found.point.name, item=label(item))
    if Desk not in found.made:
        found.made[Desk] = desk_of(found.point, found.service)
    desk: Desk = found.made[Desk]
    return desk


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
    return Desk(point, service.item, service.open_from, schedule, supply, service.challenge_bits, service.invited_until)


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
    end = desk.ends_on(day, deps.calendar).get(starts_at)
    if end is None:
        raise Refusal("slot_not_found", station=desk.point.name)
    if end <= now:
        raise Refusal("slot_past")
    if not desk.supply.in_time(starts_at, end, now):
        raise Refusal("slot_too_soon", minutes=int(desk.supply.lead.total_seconds()) // 60, alternatives=())
    return end


async def free_at(deps: Deps, desk: Desk, day: date, *, minor: bool) -> tuple[SlotView, ...]:
    """Slots of a day with a place left; a hold that ran out counts as free, whether it was swept or not."""
    return _told(deps, desk, day, await glance_at(desk.point.id, desk.item, day), minor=minor)


def _told(deps: Deps, desk: Desk, day: date, glance: Glance, *, minor: bool) -> tuple[SlotView, ...]:
    now = deps.clock.now()
    told: _Answer | None = glance.made.get(minor)
    if told is None or told.desk is not desk or not told.since <= now < told.until:
        slots = tuple(_free(deps, desk, day, glance, now, minor=minor))
        told = _Answer(desk, now, _same_until(deps, desk, day, glance, now), slots)
        glance.made[minor] = told
    return told.slots


def _free(deps: Deps, desk: Desk, day: date, glance: Glance, now: datetime, *, minor: bool) -> Iterator[SlotView]:
    lapsed = [hold for hold in glance.holds if hold.until <= now]
    gone = Counter(hold.starts_at for hold in lapsed)
    gone_general = Counter(hold.starts_at for hold in lapsed if not hold.is_minor)
    supply, places = desk.supply, desk.supply.places
    for start, end in _times(desk.schedule, day, deps.calendar):
        taken, general, closed = glance.slots.get(start, _NOTHING_TAKEN)
        if closed or not supply.in_time(start, end, now):
            continue
        if glance.closures and any(begins < end and ends > start for begins, ends in glance.closures):
            continue
        if lapsed:
            taken, general = taken - gone[start], general - gone_general[start]
        free = free_places(places, taken=taken, taken_general=general, minor=minor)
        if free:
            yield _slot_view(start, end, free)


def _same_until(deps: Deps, desk: Desk, day: date, glance: Glance, now: datetime) -> datetime:
    """The next moment at which, or after which, time alone changes what is free: a hold runs out, a slot is too near.

    The release hour and midnight are asked for each time (``insist_released``).
    """
    lead = desk.supply.lead
    ends = [start - lead if lead else end for start, end in _times(desk.schedule, day, deps.calendar)]
    ends += [hold.until for hold in glance.holds]
    return min((at for at in ends if at >= now), default=datetime.max.replace(tzinfo=UTC))


@lru_cache(512)
def _times(schedule: Schedule, day: date, calendar: WorkCalendar) -> tuple[tuple[datetime, datetime], ...]:
    """The slots of a day in UTC, as the tables have them."""
    return tuple((start.astimezone(UTC), end.astimezone(UTC)) for start, end in slots_on(schedule, day, calendar))


@lru_cache(8192)
def _slot_view(starts_at: datetime, ends_at: datetime, free: int) -> SlotView:
    """Most slots of a day are as they were a moment ago."""
    return SlotView(starts_at, ends_at, free)


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
