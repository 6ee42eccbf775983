"""GB 11643: what a number says, and how a wrong one is told apart."""

import csv
from datetime import date
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.identity_number import check_character, parse_identity_number
from domain.refusal import Refusal
from domain.terms import Sex

TODAY = date(2026, 11, 20)
BIRTHS = st.dates(min_value=date(1900, 1, 1), max_value=TODAY)
COUNTIES = st.sampled_from(["110105", "360103", "440304", "810000", "653228", "320721", "500234"])


def number_of(county: str, birth: date, sequence: int) -> str:
    body = f"{county}{birth:%Y%m%d}{sequence:03d}"
    return body + check_character(body)


def refused(text: str) -> str:
    with pytest.raises(Refusal) as caught:
        parse_identity_number(text, TODAY)
    return caught.value.code


@pytest.mark.parametrize(
    ("body", "check"), [("11010519491231002", "X"), ("44052418800101001", "4"), ("34052419800101001", "X")]
)
def test_the_check_character_of_the_standards_examples(body: str, check: str) -> None:
    assert check_character(body) == check
    assert parse_identity_number(body + check, TODAY).text == body + check


@given(COUNTIES, BIRTHS, st.integers(0, 999))
def test_a_number_says_birth_date_sex_and_region(county: str, birth: date, sequence: int) -> None:
    parsed = parse_identity_number(number_of(county, birth, sequence), TODAY)
    assert (parsed.birth_date, parsed.region) == (birth, county)
    assert parsed.sex is (Sex.MALE if sequence % 2 else Sex.FEMALE)


@given(COUNTIES, BIRTHS, st.integers(0, 999), st.integers(1, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(county: str, birth: date, sequence: int, place: int, by: int) -> None:
    number = number_of(county, birth, sequence)
    if place == 17:
        wrong = number[:17] + ("X" if number[17] != "X" else "0")
    else:
        wrong = number[:place] + str((int(number[place]) + by) % 10) + number[place + 1 :]
    assert refused(wrong) in {
        "identity_number_check_digit",
        "identity_number_birth_date",
        "identity_number_malformed",
    }


@given(COUNTIES, BIRTHS, st.integers(0, 999), st.integers(0, 15))
def test_two_neighbours_swapped_are_noticed(county: str, birth: date, sequence: int, place: int) -> None:
    number = number_of(county, birth, sequence)
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        assert refused(swapped).startswith("identity_number_")


@pytest.mark.parametrize(
    "typed", ["１１０１０５１９４９１２３１００２ｘ", " 110105 19491231 002x ", "11010519491231002x\r\n"]
)
def test_full_width_digits_blanks_and_a_small_x_are_taken(typed: str) -> None:
    assert parse_identity_number(typed, TODAY).text == "11010519491231002X"


@pytest.mark.parametrize("county", ["330113", "350405", "659012", "540481", "653228", "110103", "360199"])
def test_an_unknown_or_abolished_county_is_never_a_reason_to_refuse(county: str) -> None:
    assert parse_identity_number(number_of(county, date(2010, 5, 1), 17), TODAY).region == county


@pytest.mark.parametrize("prefix", ["10", "16", "38", "47", "55", "66", "72", "84", "00"])
def test_the_province_part_is_checked(prefix: str) -> None:
    assert refused(number_of(prefix + "0101", date(2010, 5, 1), 17)) == "identity_number_malformed"


@pytest.mark.parametrize("born", ["20230229", "20101301", "20100431", "20261121", "18491231", "00000000"])
def test_an_impossible_or_future_birth_date_is_refused(born: str) -> None:
    body = f"360103{born}123"
    assert refused(body + check_character(body)) == "identity_number_birth_date"


def test_the_birth_date_is_judged_by_the_day_it_is_asked() -> None:
    number = number_of("360103", date(2026, 11, 20), 12)
    assert parse_identity_number(number, TODAY).birth_date == TODAY
    with pytest.raises(Refusal, match="identity_number_birth_date"):
        parse_identity_number(number, date(2026, 11, 19))


@pytest.mark.parametrize(
    "text", ["", "1", "11010519491231002", "11010519491231002XX", "1101051949123100２A", "x" * 18, "٣" * 18]
)
def test_anything_else_is_malformed(text: str) -> None:
    assert refused(text) == "identity_number_malformed"


@given(st.text(max_size=30))
def test_any_text_is_answered_with_a_number_or_a_refusal(text: str) -> None:
    try:
        answer = parse_identity_number(text, TODAY).text
    except Refusal as refusal:
        answer = refusal.code
    assert answer.startswith("identity_number_") or len(answer) == 18


def test_a_number_shows_itself_masked_only() -> None:
    parsed = parse_identity_number("11010519491231002X", TODAY)
    assert parsed.masked == "110***********002X"
    assert "19491231" not in repr(parsed)


def retired() -> list[str]:
    """Codes of places abolished or renamed, which older numbers go on carrying."""
    with files("domain.data").joinpath("retired_divisions.csv").open(encoding="utf-8") as lines:
        return [row["code"] for row in csv.DictReader(lines)]


@pytest.mark.parametrize("county", retired())
def test_a_number_of_an_abolished_county_is_never_refused(county: str) -> None:
    assert parse_identity_number(number_of(county, date(1985, 7, 1), 123), TODAY).region == county


@given(st.integers(0, 9999), st.sampled_from(["11", "23", "36", "44", "51", "54", "65"]), BIRTHS)
def test_no_number_is_refused_for_its_county(county: int, province: str, birth: date) -> None:
    assert parse_identity_number(number_of(f"{province}{county:04d}", birth, 1), TODAY).birth_date == birth
