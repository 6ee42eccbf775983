"""The review clock: which limit binds the household place, and until when (R090–R093, R101, K1–K4)."""

from dataclasses import dataclass
from datetime import date

from domain.deadline import deadline
from domain.division import Division
from domain.policy.rule import Rules
from domain.terms import DayKind, ServiceItem


@dataclass(frozen=True)
class ReviewRule:
    """Days and their kind, by the household place's province (R091); None where no source gives a limit (R101).

    ``checks`` are codes of what the household place compares with its register (R094–R097, R165).
    """

    days: int | None
    kind: DayKind | None
    source: str
    due_if_received_on: date | None
    calendar_missing: int | None
    checks: tuple[str, ...] = ()


def review_rule(rules: Rules, item: ServiceItem, household: Division, received_on: date) -> ReviewRule:
    """The clock of the household place and its last day if the papers are received on a given day."""
    value = rules.need("review_clock", item=item, household=household)
    checks = rules.need("review_checks", item=item, household=household).texts("checks")
    days, kind = value.maybe_number("days"), value.maybe_text("kind")
    if days is None or kind is None:
        return ReviewRule(None, None, value.cite_at(household), None, None, checks)
    due = deadline(received_on, days, DayKind(kind), rules.calendar)
    return ReviewRule(days, DayKind(kind), value.cite_at(household), due.due_on, due.missing_year, checks)
