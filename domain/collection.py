"""Handing over the finished card: what must be verified, and whether a check follows later (R120–R122)."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from domain.deadline import Deadline, deadline
from domain.policy.rule import Rules
from domain.terms import CollectorKind, DayKind, FingerprintOutcome

SLIP, DATA, FINGERPRINT, SIGNATURE = "slip", "data", "fingerprint", "signature"
PROXY_ID_CARD = "proxy_id_card"
RECEIVED_ON = "received_on"
IDENTITY_CHECKED = "identity_checked"
"""Stands in for the fingerprint of a person who couldn't be enrolled: nothing is there to compare (R139, R140)."""

CHECKS: Mapping[CollectorKind, tuple[str, ...]] = MappingProxyType(
    {
        CollectorKind.SELF: (SLIP, DATA, FINGERPRINT, SIGNATURE),  # R120
        CollectorKind.PROXY: (PROXY_ID_CARD, SLIP, SIGNATURE),  # R121
        CollectorKind.POST: (RECEIVED_ON,),  # R113, R122
    }
)


def required_checks(kind: CollectorKind, fingerprint: FingerprintOutcome | None = None) -> tuple[str, ...]:
    """The flags a release needs, in the order of the source."""
    if fingerprint in (FingerprintOutcome.ENROL_FAILED, FingerprintOutcome.NOT_ENROLLED):
        return tuple(IDENTITY_CHECKED if check == FINGERPRINT else check for check in CHECKS[kind])
    return CHECKS[kind]


def missing_checks(
    kind: CollectorKind, given: Mapping[str, bool], fingerprint: FingerprintOutcome | None = None
) -> tuple[str, ...]:
    """The flags still missing; only a plain True counts."""
    return tuple(check for check in required_checks(kind, fingerprint) if given.get(check) is not True)


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
    days = (deadline(received_on, int(n), kind, rules.calendar).due_on for n in value.texts("remind_after"))
    return tuple(day for day in days if day is not None)
