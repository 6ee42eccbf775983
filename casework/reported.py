"""A report of a police system, as the acts read it, by whichever way it came."""

from dataclasses import dataclass, field
from datetime import date, datetime

from casework.accept import DeclineReason
from domain.terms import CollectorKind, Kinship, ReportKind


@dataclass(frozen=True)
class ReportFacts:
    """What a report may carry besides its kind."""

    issued_on: date | None = None
    refusal_reason: str | None = None
    card_centre: str | None = None
    waybill: str | None = None
    received_on: date | None = None
    slip_number: str | None = None
    officer: str | None = None
    guardian_present: bool = False
    same_frame_photo: bool = False
    decline_reason: DeclineReason | None = None
    collector: CollectorKind | None = None
    checks: tuple[str, ...] = ()
    kinship: Kinship | None = None


@dataclass(frozen=True)
class Report:
    """One event of a police system. ``report_id`` is that system's own id and counts once.

    What a counter decided (accepted, declined) names the case by our own number, anything later by the acceptance
    number.
    """

    report_id: str
    kind: ReportKind
    acceptance_number: str
    at: datetime
    unit: str
    facts: ReportFacts = field(default_factory=ReportFacts)
    case_number: str = ""
