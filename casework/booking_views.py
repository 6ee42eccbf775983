"""What the acts of booking return beside a case: a person's visits, and a closure with those it touched. Frozen."""

from dataclasses import dataclass
from datetime import datetime

from casework.views import PointView
from domain.terms import ServiceItem


@dataclass(frozen=True)
class ChallengeView:
    """What to solve before booking: find ``answer`` so that SHA-256 of ``challenge:key:answer`` begins with ``bits``
    zero bits, where ``key`` is the request's idempotency key. ``bits`` 0: nothing to do."""

    challenge: str
    bits: int
    expires_at: datetime


@dataclass(frozen=True)
class VisitView:
    """A visit that lies ahead."""

    number: str
    point: PointView
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class MissedVisit:
    """A visit that was not kept. ``appeal``: None, open, granted or refused."""

    id: int
    number: str
    point: PointView
    starts_at: datetime
    counts: bool
    expires_at: datetime
    appeal: str | None


@dataclass(frozen=True)
class VisitsView:
    """A person's visits: ahead, missed, how many of those count, and until when booking online is blocked, if it is."""

    upcoming: tuple[VisitView, ...]
    missed: tuple[MissedVisit, ...]
    counted: int
    blocked_until: datetime | None


@dataclass(frozen=True)
class AppealLine:
    """An appeal as the station reads it."""

    id: int
    number: str
    name_masked: str
    starts_at: datetime
    text: str
    made_at: datetime


@dataclass(frozen=True)
class BookingSettings:
    """The settings of one item at one point. ``capacity`` None: as the point's hours say; ``cut_off_minutes`` None:
    a booking may be changed until it is used (B84). Minutes, days, and a share in percent of a slot's places.
    """

    capacity: int | None
    lead_minutes: int
    horizon_days: int
    release_hour: int
    walk_in_percent: int
    minor_places: int
    cut_off_minutes: int | None


@dataclass(frozen=True)
class SupplyLine(BookingSettings):
    """How an item is booked at a point: its settings, and what a slot offers now.

    ``usual_capacity``: of the point's hours. ``online`` and ``general``: as in ``domain.supply.Places``.
    """

    point_code: str
    point: str
    item: ServiceItem
    usual_capacity: int
    places: int
    online: int
    general: int


@dataclass(frozen=True)
class ClosureLine:
    """A closure in a list."""

    id: int
    point: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    closed_at: datetime
    over: bool


@dataclass(frozen=True)
class ToldLine:
    """A person whose place a closure took. ``status`` of the notice: owed, sent, unreached."""

    number: str
    name_masked: str
    starts_at: datetime
    status: str
    reached: bool
    offered_at: datetime | None
    booked_at: datetime | None


@dataclass(frozen=True)
class ClosureReport:
    """A closure and everybody it touched."""

    closure: ClosureLine
    people: tuple[ToldLine, ...]
    reached: int
