"""The number of a complaint (R198)."""

from datetime import date

import pytest

from domain.complaint import check_complaint_number, make_complaint_number
from domain.policy.loader import load_rulebook
from domain.refusal import Refusal
from domain.terms import DayKind


def test_a_number_is_read_aloud_and_what_was_misheard_is_noticed() -> None:
    number = make_complaint_number(date(2026, 9, 18), 123456)
    assert number == "TS260918-1234-5678"
    assert check_complaint_number(" ts260918 1234－5678 ") == number


@pytest.mark.parametrize("wrong", ["TS260918-1234-5679", "TS260918-2134-5678", "TS260918", "", "x" * 5000])
def test_what_is_no_number_is_refused(wrong: str) -> None:
    with pytest.raises(Refusal, match="complaint_number_malformed"):
        check_complaint_number(wrong)


def test_a_complaint_is_answered_within_working_days() -> None:
    rule = load_rulebook().on(date(2026, 11, 20)).need("complaint")
    assert (rule.number("days"), DayKind(rule.text("kind")), rule.number("per_day")) == (5, DayKind.WORKING, 5)
    assert "R198" in rule.rules
