"""Releasing the card: what is verified, what follows (R036, R120–R122, R139–R140)."""

from datetime import date

import pytest

from domain.collection import (
    later_check_deadline,
    later_check_reminders,
    missing_checks,
    needs_later_check,
    required_checks,
)
from domain.policy.loader import load_rulebook
from domain.terms import CollectorKind, FingerprintOutcome

BOOK = load_rulebook()
RULES = BOOK.on(date(2026, 11, 20))


@pytest.mark.parametrize(
    ("kind", "checks"),
    [
        (CollectorKind.SELF, ("slip", "data", "fingerprint", "signature")),
        (CollectorKind.PROXY, ("proxy_id_card", "slip", "signature")),
        (CollectorKind.POST, ("received_on",)),
    ],
)
def test_each_way_of_collecting_has_its_own_checks(kind: CollectorKind, checks: tuple[str, ...]) -> None:
    assert missing_checks(RULES, kind, {}) == checks
    assert missing_checks(RULES, kind, dict.fromkeys(checks, True)) == ()
    for check in checks:
        assert missing_checks(RULES, kind, dict.fromkeys(checks, True) | {check: False}) == (check,)


def test_a_relatives_fingerprint_is_never_compared() -> None:
    assert "fingerprint" not in required_checks(RULES, CollectorKind.PROXY)


@pytest.mark.parametrize("outcome", [FingerprintOutcome.ENROL_FAILED, FingerprintOutcome.NOT_ENROLLED])
def test_whoever_could_not_be_enrolled_is_checked_in_person_instead(outcome: FingerprintOutcome) -> None:
    given = {"slip": True, "data": True, "signature": True, "fingerprint": True}
    assert missing_checks(RULES, CollectorKind.SELF, given, outcome) == ("identity_checked",)
    assert missing_checks(RULES, CollectorKind.SELF, given | {"identity_checked": True}, outcome) == ()
    assert missing_checks(RULES, CollectorKind.SELF, given, FingerprintOutcome.ENROLLED) == ()


def test_only_collection_in_person_needs_no_later_check() -> None:
    assert [kind for kind in CollectorKind if not needs_later_check(kind)] == [CollectorKind.SELF]


def test_the_later_check_is_due_thirty_working_days_after_receipt() -> None:
    received = date(2026, 8, 31)
    due = later_check_deadline(BOOK.on(received), received).due_on
    assert due == date(2026, 10, 16)
    reminders = later_check_reminders(BOOK.on(received), received)
    assert reminders == (date(2026, 9, 7), date(2026, 9, 27 + 1), date(2026, 10, 14))


def test_a_later_check_that_runs_past_the_known_calendar_names_the_missing_year() -> None:
    received = date(2026, 11, 20)
    due = later_check_deadline(BOOK.on(received), received)
    assert (due.due_on, due.missing_year) == (None, 2027)
    assert later_check_reminders(BOOK.on(received), received) == (
        date(2026, 11, 27),
        date(2026, 12, 18),
        date(2026, 12, 30),
    )
