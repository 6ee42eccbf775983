"""How a point is booked, set by those who answer for it: places, lead time, horizon, release hour, shares, cut-off.

A setting holds from the next request on. What is booked already stays booked: a slot keeps its taken places even where
fewer are offered from now on.
"""

from dataclasses import asdict
from typing import Any

from casework.area import answers_for
from casework.booking_views import BookingSettings, SupplyLine
from casework.callers import Officer
from casework.deps import Deps, unit_of_work
from casework.find_place import desk_of
from casework.put_on_record import put_on_record
from domain.refusal import Refusal
from domain.terms import ServiceItem, StaffRole
from models.place import AcceptancePoint, PointService, all_points, find_point, find_service, services_of, set_booking

MAY_SET = frozenset({StaffRole.OPERATOR, StaffRole.SUPERVISOR})
MOST_PLACES, MOST_DAYS, MOST_MINUTES, LAST_HOUR, WHOLE = 500, 180, 7 * 24 * 60, 23, 100


async def supplies(deps: Deps, officer: Officer) -> tuple[SupplyLine, ...]:  # noqa: ARG001 – all acts take deps first
    """The settings of every item at the officer's point, or at every point of the area they watch (R185).

    Raises:
        Refusal: ``staff_role_missing``.
    """
    _insist_role(officer)
    points = [point for point in await all_points() if answers_for(officer, point.id, point.division)]
    return tuple([_line(point, service) for point in points for service in await services_of(point.id)])


async def supply_of(deps: Deps, officer: Officer, point_code: str, item: ServiceItem) -> SupplyLine:  # noqa: ARG001
    """The settings of one item at one point.

    Raises:
        Refusal: ``staff_role_missing``, ``station_not_found``, ``station_without_service``.
    """
    return _line(*await _own_service(officer, point_code, item))


async def set_supply(deps: Deps, officer: Officer, point_code: str, item: ServiceItem, wanted: BookingSettings) -> None:
    """Change the settings; what they were and what they are now stands on record.

    Raises:
        Refusal: ``staff_role_missing``, ``station_not_found``, ``station_without_service``, ``supply_unfit``.
    """
    point, service = await _own_service(officer, point_code, item)
    _insist_fit(point, service, wanted)
    before, after = _settings(service), asdict(wanted)
    changed = {name: [before[name], value] for name, value in after.items() if before[name] != value}
    if not changed:
        return
    async with unit_of_work(deps):
        await set_booking(point.id, item, **after)
        await put_on_record(deps, officer, "set_supply", {"point": point.code, "item": item, "changed": changed})


async def _own_service(officer: Officer, code: str, item: ServiceItem) -> tuple[AcceptancePoint, PointService]:
    _insist_role(officer)
    point = await find_point(code)
    if point is None or not answers_for(officer, point.id, point.division):
        raise Refusal("station_not_found")
    service = await find_service(point.id, item)
    if service is None:
        raise Refusal("station_without_service", source="R033", station=point.name, item=item)
    return point, service


def _insist_role(officer: Officer) -> None:
    if officer.role not in MAY_SET:
        raise Refusal("staff_role_missing", source="R078")


def _insist_fit(point: AcceptancePoint, service: PointService, wanted: BookingSettings) -> None:
    """Numbers that make sense, and somebody who may still book online."""
    capacity = desk_of(point, service).schedule.capacity if wanted.capacity is None else wanted.capacity
    limits = (
        ("每个时段的名额", capacity, 1, MOST_PLACES),
        ("提前预约的分钟数", wanted.lead_minutes, 0, MOST_MINUTES),
        ("可预约的天数", wanted.horizon_days, 1, MOST_DAYS),
        ("每天放号的钟点", wanted.release_hour, 0, LAST_HOUR),
        ("现场名额的百分比", wanted.walk_in_percent, 0, WHOLE),
        ("留给未满十六周岁的名额", wanted.minor_places, 0, capacity),
        ("改约截止的分钟数", wanted.cut_off_minutes or 0, 0, MOST_MINUTES),
    )
    for what, value, least, most in limits:
        if not least <= value <= most:
            raise Refusal("supply_unfit", what=what, least=least, most=most)


def _settings(service: PointService) -> dict[str, Any]:
    return {name: getattr(service, name) for name in BookingSettings.__dataclass_fields__}


def _line(point: AcceptancePoint, service: PointService) -> SupplyLine:
    desk = desk_of(point, service)
    places = desk.supply.places
    return SupplyLine(
        point_code=point.code, point=point.name, item=service.item, usual_capacity=desk.schedule.capacity,
        places=places.capacity, online=places.online, general=places.general, **_settings(service),
    )  # fmt: skip
