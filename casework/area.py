"""Whose cases an officer may see and count: a point, or a county, a city, a province, or the whole country (R185)."""

from dataclasses import dataclass

from casework.callers import Officer
from domain.division import Level, find_division
from domain.refusal import Refusal
from domain.terms import StaffRole

WHOLE_COUNTRY = "000000"


@dataclass(frozen=True)
class Area:
    """What lies in it has a division that begins with ``prefix``, and belongs to ``point_id`` if there is one."""

    name: str
    division: str
    prefix: str
    point_id: int | None = None

    def contains(self, division: str) -> bool:
        """Whether a place lies in it."""
        return division.startswith(self.prefix)


def area_of(officer: Officer) -> Area:
    """The area of an officer: the point they serve at, else the division they watch; operators see the whole country.

    Raises:
        Refusal: ``area_unknown`` for somebody who was given neither.
    """
    if officer.point_id is not None and officer.point_division is not None:
        return Area(officer.point_name or "", officer.point_division, officer.point_division, officer.point_id)
    if officer.division is not None:
        return _named(officer.division)
    if officer.role is StaffRole.OPERATOR:
        return _named(WHOLE_COUNTRY)
    raise Refusal("area_unknown", source="R185")


def area_inside(officer: Officer, division: str | None) -> Area:
    """The part of the officer's area that is asked for; all of it when none is.

    Raises:
        Refusal: ``area_outside`` for a place that is not the officer's, ``area_unknown``, ``division_unknown``.
    """
    own = area_of(officer)
    if not division or division == own.division:
        return own
    asked = find_division(division)
    if own.point_id is not None or not asked.code.startswith(own.prefix):
        raise Refusal("area_outside", source="R185", area=own.name, asked=asked.full_name)
    return Area(asked.full_name, asked.code, asked.prefix)


def place_of(division: str) -> str:
    """How a place is called, the whole country too. Raises Refusal ``division_unknown``."""
    return _named(division).name


def level_below(area: Area) -> Level:
    """The level an area is broken down into."""
    if not area.prefix:
        return Level.PROVINCE
    return Level.CITY if len(area.prefix) == 2 else Level.COUNTY


def answers_for(officer: Officer, point_id: int, division: str) -> bool:
    """Whether a point in that division lies in the officer's area, or is the own one. Raises ``area_unknown``."""
    area = area_of(officer)
    return area.contains(division) and area.point_id in {None, point_id}


def area_name(division: str) -> str:
    """How people call an area, by its code."""
    return _named(division).name


def _named(division: str) -> Area:
    if division == WHOLE_COUNTRY:
        return Area("全国", WHOLE_COUNTRY, "")
    place = find_division(division)
    return Area(place.full_name, place.code, place.prefix)
