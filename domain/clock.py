"""The clocks of a case as one written table (C2): what starts and stops each, how long it runs, whose duty it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

from domain.calendar import CalendarMissing, WorkCalendar
from domain.division import Division
from domain.policy.rule import Key, Rules
from domain.terms import CaseEventKind as Kind
from domain.terms import ClockKind, DayKind, ServiceItem, Watcher


class Side(StrEnum):
    """Whose duty a clock measures: the place of the household register, or the place of acceptance."""

    HOUSEHOLD = "household"
    ACCEPTANCE = "acceptance"


@dataclass(frozen=True)
class Clock:
    """One line of the table.

    ``rule``: the rule file with ``days`` and ``kind``, asked with ``keys``. ``starts``: the event that starts it by
    itself; None where an act starts it. ``warned``: who is told when it has run out. ``ahead``: told as well one
    working day before. ``followed_up``: a clock that ran out goes on the list of supervised follow-ups (督办, R101).
    ``internal``: a matter between offices, of no promise to the person.
    """

    item: ServiceItem
    side: Side
    rule: str
    keys: frozenset[str]
    starts: Kind | None
    stops: frozenset[Kind]
    warned: tuple[Watcher, ...]
    ahead: bool = False
    followed_up: bool = False
    internal: bool = False


@dataclass(frozen=True)
class Limit:
    """How long a clock runs."""

    days: int
    kind: DayKind


_HOUSEHOLD_SIDE = (Watcher.REVIEWER, Watcher.STATION_HEAD, Watcher.SUPERVISOR)
_ID_CARD, _TEMPORARY = ServiceItem.ID_CARD_FIRST_APPLICATION, ServiceItem.TEMPORARY_ID_CARD
_CERTIFICATE = ServiceItem.HOUSEHOLD_CERTIFICATE
_BY_PLACE, _BY_ITEM = frozenset({"item", "household"}), frozenset({"item"})

CLOCKS: Mapping[ClockKind, Clock] = MappingProxyType(
    {
        ClockKind.REVIEW: Clock(  # K1–K3: R090–R093, R101
            _ID_CARD, Side.HOUSEHOLD, "review_clock", _BY_PLACE, Kind.REVIEW_STARTED,
            frozenset({Kind.ISSUED, Kind.ISSUANCE_REFUSED}), _HOUSEHOLD_SIDE, ahead=True, followed_up=True,
        ),
        ClockKind.CERTIFICATE_CHECK: Clock(  # K4: R165, R186
            _CERTIFICATE, Side.HOUSEHOLD, "review_clock", _BY_PLACE, Kind.REVIEW_STARTED,
            frozenset({Kind.CONTENT_CONFIRMED, Kind.UNVERIFIABLE}), _HOUSEHOLD_SIDE, ahead=True, followed_up=True,
        ),
        ClockKind.COLLECTION_CHECK: Clock(  # K5: R122; the person is reminded, D13
            _ID_CARD, Side.ACCEPTANCE, "later_check", frozenset(), None,
            frozenset({Kind.CHECK_RECORDED}), (Watcher.CLERK,),
        ),
        ClockKind.CARD_IN_HAND: Clock(  # K6: B04
            _ID_CARD, Side.ACCEPTANCE, "legal_clock", _BY_ITEM, Kind.ACCEPTED,
            frozenset({Kind.ARRIVAL_REGISTERED, Kind.RECEIVED_BY_POST, Kind.ISSUANCE_REFUSED}),
            (Watcher.STATION_HEAD, Watcher.SUPERVISOR), ahead=True,
        ),
        ClockKind.TEMPORARY_CARD: Clock(  # K7: B20–B22; started by the issue of the card it stands in for
            _TEMPORARY, Side.ACCEPTANCE, "review_clock", _BY_PLACE, None,
            frozenset({Kind.MADE}), (Watcher.CLERK, Watcher.STATION_HEAD, Watcher.SUPERVISOR),
        ),
        ClockKind.PACKING: Clock(  # K9: R115
            _ID_CARD, Side.ACCEPTANCE, "packing_clock", _BY_ITEM, Kind.ISSUED,
            frozenset({Kind.PRODUCTION_STARTED}), (Watcher.SUPERVISOR,), internal=True,
        ),
    }
)  # fmt: skip


def started_by(event: Kind, item: ServiceItem) -> tuple[ClockKind, ...]:
    """The clocks an event of a case starts by itself."""
    return tuple(kind for kind, clock in CLOCKS.items() if clock.starts is event and clock.item is item)


def stopped_by(event: Kind) -> tuple[ClockKind, ...]:
    """The clocks an event stops, if they run."""
    return tuple(kind for kind, clock in CLOCKS.items() if event in clock.stops)


def limit_of(rules: Rules, kind: ClockKind, household: Division) -> Limit | None:
    """How long a clock runs by the rules of the day it starts; None where no source gives a limit (R101)."""
    clock = CLOCKS[kind]
    asked: dict[str, Key] = {"item": clock.item, "household": household}
    value = rules.find(clock.rule, **{key: asked[key] for key in clock.keys})
    days, day_kind = (value.maybe_number("days"), value.maybe_text("kind")) if value else (None, None)
    return Limit(days, DayKind(day_kind)) if days and day_kind else None


def day_ahead(due_on: date, calendar: WorkCalendar) -> date | None:
    """The working day before the last day of a limit, on which it is told ahead; None where the calendar ends."""
    day = due_on - timedelta(days=1)
    try:
        while not calendar.is_working_day(day):
            day -= timedelta(days=1)
    except CalendarMissing:
        return None
    return day
