"""What the acts of the counter return: frozen values for clerks and station systems, as ``casework.views`` are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from casework.service_views import CounterCertificate, LinkedCase
from casework.views import BookingView, ClockView, EventView, LetterStanding
from domain.terms import (
    ApprovalKind,
    CaseState,
    CollectorKind,
    DeliveryMode,
    FingerprintOutcome,
    GuardianRelation,
    GuardianshipCase,
    ServiceItem,
    ServiceScope,
)


@dataclass(frozen=True)
class CheckLine:
    """One line of the counter's checklist (R077): the same for both stations."""

    code: str
    text: str
    source: str
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True)
class GuardianView:
    """The guardian as the clerk sees them."""

    name: str
    identity_number: str
    relation: GuardianRelation
    shown_by: GuardianshipCase


@dataclass(frozen=True)
class CounterCase:
    """The pre-filled case beside its checklist, as the clerk at its own counter sees it: a draft, not proof.

    ``whole``: not masked (T13). ``needs_leave``: it stays masked until a supervisor gives leave (B51). ``differences``
    and ``fingerprint`` are what the acceptance stated (R070, R138). ``new_phone``: verified after the case was opened.
    ``asked``: what waits for a supervisor.
    """

    number: str
    item: ServiceItem
    scope: ServiceScope
    state: CaseState
    state_label: str
    is_minor: bool
    checked_in: bool
    name: str
    identity_number: str
    sex: str | None
    birth_date: date | None
    household_place: str
    household_address: str
    collective_household: bool
    residence_place: str
    residence_address: str
    phone: str
    guardian: GuardianView | None
    delivery: DeliveryMode
    post_to: str | None
    booking: BookingView | None
    letter: LetterStanding
    materials: tuple[CheckLine, ...]
    checks: tuple[CheckLine, ...]
    release_checks: dict[CollectorKind, tuple[CheckLine, ...]]
    named_collector: str | None
    acceptance_number: str | None
    slip_number: str | None
    clocks: tuple[ClockView, ...]
    history: tuple[EventView, ...]
    may: tuple[str, ...]
    whole: bool = True
    needs_leave: bool = False
    differences: Mapping[str, str] = field(default_factory=dict)
    fingerprint: FingerprintOutcome | None = None
    new_phone: str | None = None
    asked: tuple[ApprovalKind, ...] = ()
    fee: int = 0
    parent: LinkedCase | None = None
    temporary_card: LinkedCase | None = None
    urgent_need: str | None = None
    asks: tuple[str, ...] = ()
    handover_checks: tuple[CheckLine, ...] = ()
    certificate: CounterCertificate | None = None


@dataclass(frozen=True)
class CounterLine:
    """A case in the clerk's list: masked."""

    number: str
    item: ServiceItem
    state: CaseState
    state_label: str
    name_masked: str
    is_minor: bool
    starts_at: datetime | None
    arrived_at: datetime | None = None


@dataclass(frozen=True)
class DayList:
    """The clerk's day: who is booked, what is on the way, what waits to be collected, whom we could not reach.

    ``arrived``: who was checked in that day; without ``starts_at`` it was a walk-in.
    """

    day: date
    booked: tuple[CounterLine, ...]
    on_the_way: tuple[CounterLine, ...]
    to_collect: tuple[CounterLine, ...]
    checks_open: tuple[CounterLine, ...]
    unreached: tuple[CounterLine, ...]
    arrived: tuple[CounterLine, ...] = ()
    other_services: tuple[CounterLine, ...] = ()


@dataclass(frozen=True)
class ReportReceipt:
    """The answer to a station system's report. ``duplicate``: this report, or this step, was known already."""

    case_number: str
    state: CaseState
    duplicate: bool
    review_due_on: date | None = None
    calendar_missing: int | None = None


@dataclass(frozen=True)
class StaffSessionView:
    """A new console session. ``token`` goes into the cookie only."""

    token: str
    csrf_token: str
    expires_at: datetime
