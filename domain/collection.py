"""Handing over the finished card: what must be verified, and whether a check follows later (R120–R122)."""

from collections.abc import Mapping
from datetime import date

from domain.deadline import Deadline, deadline
from domain.policy.rule import Rules, Value
from domain.terms import CollectorKind, DayKind, FingerprintOutcome

NO_FINGERPRINT = frozenset({FingerprintOutcome.ENROL_FAILED, FingerprintOutcome.NOT_ENROLLED})


def required_checks(
    rules: Rules, kind: CollectorKind, fingerprint: FingerprintOutcome | None = None
) -> tuple[str, ...]:
    """The flags a release needs, in the order of the source; ``fingerprint`` is the applicant's enrolment."""
    return release_checks(rules, kind, fingerprint).texts("checks")


def release_checks(rules: Rules, kind: CollectorKind, fingerprint: FingerprintOutcome | None = None) -> Value:
    """The rule value behind ``required_checks``, for its source."""
    if fingerprint is None:
        return rules.need("collection", collector=kind)
    return rules.need("collection", collector=kind, fingerprint=fingerprint)


def missing_checks(
    rules: Rules, kind: CollectorKind, given: Mapping[str, bool], fingerprint: FingerprintOutcome | None = None
) -> tuple[str, ...]:
    """The flags still missing; only a plain True counts."""
    return tuple(check for check in required_checks(rules, kind, fingerprint) if given.get(check) is not True)


def later_checks(fingerprint: FingerprintOutcome | None = None) -> tuple[str, ...]:
    """What the later check compares (R122); without a fingerprint (R139, R140) the person is checked instead."""
    return ("data", "identity_checked" if fingerprint in NO_FINGERPRINT else "fingerprint")


def needs_later_check(kind: CollectorKind) -> bool:
    """True after proxy or post: data and fingerprint were not compared yet (R122)."""
    return kind is not CollectorKind.SELF


def later_check_deadline(rules: Rules, received_on: date) -> Deadline:
    """Until when the check is due (30 working days from receipt, R122), or the calendar year that is missing."""
    value = rules.need("later_check")
    return deadline(received_on, value.number("days"), DayKind(value.text("kind")), rules.calendar)


def later_check_reminders(rules: Rules, received_on: date) -> tuple[date, ...]:
    """The days to remind on; those that fall into an unknown calendar year are left out."""
    value = rules.need("later_check")
    kind = DayKind(value.text("kind"))
    days = (deadline(received_on, n, kind, rules.calendar).due_on for n in value.numbers("remind_after"))
    return tuple(day for day in days if day is not None)
