"""What supervision returns: counts and lists of an area, never a person's data. Frozen."""

from dataclasses import dataclass
from datetime import date, datetime

from casework.area import Area
from casework.complaint_views import ComplaintStatistics
from domain.terms import CaseState, ClockKind, ContactDuty, NoticeKind, ServiceItem, WarningLevel


@dataclass(frozen=True)
class Period:
    """From the first day to the last one, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class Timeliness:
    """Reviews due in a period (D9). ``rate``: on time of those due, in per mille; None when none was due."""

    name: str
    division: str
    due: int
    on_time: int
    late: int
    waiting: int

    @property
    def rate(self) -> int | None:
        """Per mille, rounded down: nobody reads 100 % where one was late."""
        return self.on_time * 1000 // self.due if self.due else None

    @property
    def rate_text(self) -> str:
        """As people read it."""
        return "—" if self.rate is None else f"{self.rate / 10:.1f}%"


@dataclass(frozen=True)
class OverdueCount:
    """How many clocks of a kind ran out and are still open."""

    kind: ClockKind
    count: int
    oldest: date


@dataclass(frozen=True)
class DayCount:
    """What happened on a day."""

    day: date
    opened: int
    accepted: int
    issued: int


@dataclass(frozen=True)
class Quality:
    """R187: wrong data found at the counter, not a first application, identity in doubt or not issued."""

    accepted: int
    wrong: int
    duplicate: int
    fake: int


@dataclass(frozen=True)
class NoticeCount:
    """What became of the notices of a kind: ``told`` and ``given_up`` count those a person at the station saw to (K8).

    ``sent``: a provider took it and told nothing more yet; ``to_tell``: a person still has to.
    """

    kind: NoticeKind
    delivered: int
    sent: int
    unreached: int
    owed: int
    told: int
    given_up: int
    to_tell: int


@dataclass(frozen=True)
class Dashboard:
    """An area at a glance (R185)."""

    area: Area
    inside: tuple[tuple[str, str], ...]
    period: Period
    states: tuple[tuple[CaseState, int], ...]
    overdue: tuple[OverdueCount, ...]
    whole: Timeliness
    places: tuple[Timeliness, ...]
    units: tuple[Timeliness, ...]
    unpacked: tuple[tuple[date, int], ...]
    days: tuple[DayCount, ...]
    kept: int
    missed: int
    notices: tuple[NoticeCount, ...]
    complaints: ComplaintStatistics
    quality: Quality

    @property
    def reached(self) -> int:
        """Notices that a provider took or delivered."""
        return sum(one.delivered + one.sent for one in self.notices)

    @property
    def unreached(self) -> int:
        """Notices that no channel took."""
        return sum(one.unreached for one in self.notices)


@dataclass(frozen=True)
class SettlementLine:
    """What a county hands up for a month, in fen (R152); None where no rule asks for it."""

    place: str
    month: str
    cards: int
    fen: int | None
    state_fen: int | None
    province_fen: int | None


@dataclass(frozen=True)
class GoLiveLine:
    """How far a city has come with a service (R188)."""

    city: str
    item: ServiceItem
    points: int
    open: int
    first: date | None
    liaison: bool


@dataclass(frozen=True)
class NoteView:
    """A note on a follow-up."""

    text: str
    actor: str
    at: datetime


@dataclass(frozen=True)
class FollowUpView:
    """One entry of the follow-up list (督办)."""

    id: int
    number: str
    kind: ClockKind
    state: CaseState
    place: str
    unit: str | None
    due_on: date | None
    decided_on: date | None
    days_over: int
    contact: str | None
    contact_phone: str | None
    opened_at: datetime
    closed_at: datetime | None
    closed_by: str | None
    notes: tuple[NoteView, ...]


@dataclass(frozen=True)
class ContactView:
    """A named person of the directory (R181–R184)."""

    id: int
    duty: ContactDuty
    place: str
    unit: str | None
    name: str
    phone: str
    verified_at: datetime
    stale: bool


@dataclass(frozen=True)
class Directory:
    """The directory of an area, and the cities with a point that name no liaison (R183)."""

    contacts: tuple[ContactView, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class WarningView:
    """A warning for the officer who reads it."""

    id: int
    level: WarningLevel
    kind: ClockKind
    number: str
    place: str
    unit: str | None
    due_on: date | None
    given_at: datetime
    decided: bool
    seen_at: datetime | None
