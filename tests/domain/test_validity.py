"""How long a card is valid: age on the day of issue, exact end days (B02, B03, R141)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policy.loader import load_rulebook
from domain.policy.rule import Rules
from domain.terms import ServiceItem
from domain.validity import add_months, expected_validity

RULES = load_rulebook().on(date(2026, 11, 20))
OLD_RULES = Rules(day=date(2004, 3, 27), book=RULES.book)
ID_CARD = ServiceItem.ID_CARD_FIRST_APPLICATION


@pytest.mark.parametrize(
    ("birth", "until", "words"),
    [
        (date(1993, 12, 12), date(2009, 3, 27), "5年"),
        (date(1981, 12, 12), date(2014, 3, 27), "10年"),
        (date(1973, 12, 12), date(2024, 3, 27), "20年"),
        (date(1953, 12, 12), None, "长期"),
    ],
)
def test_the_four_validities_of_the_standards_examples(birth: date, until: date | None, words: str) -> None:
    valid = expected_validity(OLD_RULES, ID_CARD, birth, date(2004, 3, 27))
    assert valid is not None
    assert (valid.until, valid.words) == (until, words)


def test_a_card_issued_on_a_leap_day_ends_on_the_first_of_march_in_a_common_year() -> None:
    valid = expected_validity(RULES, ID_CARD, date(2010, 6, 1), date(2020, 2, 29))
    assert valid is not None
    assert valid.until == date(2025, 3, 1)
    longer = expected_validity(RULES, ID_CARD, date(1990, 6, 1), date(2020, 2, 29))
    assert longer is not None
    assert longer.until == date(2040, 2, 29)


@pytest.mark.parametrize(("age", "years"), [(15, 5), (16, 10), (25, 10), (26, 20), (45, 20), (46, None)])
def test_the_age_limits_themselves(age: int, years: int | None) -> None:
    valid = expected_validity(RULES, ID_CARD, date(2026 - age, 11, 20), date(2026, 11, 20))
    assert valid is not None
    assert valid.years == years


@given(st.dates(date(1900, 1, 1), date(2026, 1, 1)), st.dates(date(2026, 1, 1), date(2040, 1, 1)))
def test_every_age_has_exactly_one_validity(birth: date, issued: date) -> None:
    valid = expected_validity(RULES, ID_CARD, birth, issued)
    assert valid is not None
    assert (valid.until is None) == (valid.words == "长期")
    assert valid.until is None or valid.until > issued


def test_a_temporary_card_is_valid_for_three_months_and_a_certificate_has_no_validity() -> None:
    valid = expected_validity(RULES, ServiceItem.TEMPORARY_ID_CARD, date(2000, 1, 1), date(2026, 11, 20))
    assert valid is not None
    assert (valid.until, valid.words) == (date(2027, 2, 20), "3个月")
    assert expected_validity(RULES, ServiceItem.HOUSEHOLD_CERTIFICATE, date(2000, 1, 1), date(2026, 11, 20)) is None


def test_a_month_without_the_day_ends_on_the_first_of_the_next() -> None:
    assert add_months(date(2026, 11, 30), 3) == date(2027, 3, 1)
    assert add_months(date(2027, 11, 29), 3) == date(2028, 2, 29)
    assert add_months(date(2026, 12, 31), 1) == date(2027, 1, 31)
