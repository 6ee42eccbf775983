"""What a point offers for an item: how many places, from when they may be booked and until when changed."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import ceil

from domain.local_time import SHANGHAI


@dataclass(frozen=True)
class Places:
    """The places of one slot. ``online`` of ``capacity`` may be booked, the rest is kept for walk-ins.

    ``general`` of ``online`` may be booked by anybody, the rest by applicants under 16 only (B83).
    """

    capacity: int
    online: int
    general: int


@dataclass(frozen=True)
class Supply:
    """The booking settings of one item at one point. ``cut_off`` None: a booking may be changed until it is used."""

    capacity: int
    lead: timedelta = timedelta(0)
    horizon_days: int = 14
    release_hour: int = 0
    walk_in_percent: int = 0
    minor_places: int = 0
    cut_off: timedelta | None = None

    @property
    def places(self) -> Places:
        """How the places of a slot are shared out; a broken place counts for walk-ins."""
        online = self.capacity - ceil(self.capacity * self.walk_in_percent / 100)
        return Places(self.capacity, online, max(online - self.minor_places, 0))

    def last_day(self, now: datetime) -> date:
        """The newest day that may be booked: the horizon moves on each day at the release hour (Chinese time)."""
        local = now.astimezone(SHANGHAI)
        released = local.hour >= self.release_hour
        return local.date() + timedelta(days=self.horizon_days if released else self.horizon_days - 1)

    def released_at(self, day: date) -> datetime:
        """When the places of a day may be booked for the first time."""
        return datetime.combine(day - timedelta(days=self.horizon_days), time(self.release_hour), tzinfo=SHANGHAI)

    def in_time(self, starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
        """Whether a slot may still be booked. Without a lead time one that has begun may, until it ends."""
        return starts_at >= now + self.lead if self.lead else ends_at > now

    def change_until(self, starts_at: datetime) -> datetime | None:
        """The last moment a booking may be moved or cancelled (B84); None where there is no cut-off."""
        return None if self.cut_off is None else starts_at - self.cut_off


def free_places(places: Places, *, taken: int, taken_general: int, minor: bool) -> int:
    """How many places are left for somebody, never below zero."""
    left = places.online - taken
    return max(left if minor else min(left, places.general - taken_general), 0)
