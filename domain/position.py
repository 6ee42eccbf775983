"""Where something is on the map, and how far that is."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

_EARTH_RADIUS = 6_371_000  # metres, the mean


@dataclass(frozen=True)
class Position:
    """Degrees of latitude and longitude (GCJ-02, as maps in China draw them)."""

    latitude: float
    longitude: float


def metres_between(one: Position, other: Position) -> int:
    """The distance as the crow flies, by the haversine formula, in whole metres."""
    north, east = radians(other.latitude - one.latitude), radians(other.longitude - one.longitude)
    shrink = cos(radians(one.latitude)) * cos(radians(other.latitude))
    half_chord = sin(north / 2) ** 2 + shrink * sin(east / 2) ** 2
    return round(2 * _EARTH_RADIUS * asin(min(sqrt(half_chord), 1.0)))
