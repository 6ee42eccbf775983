"""Hand-off codes and case numbers survive people, scanners and slips of the tongue."""

import secrets
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.case_number import HIGHEST, check_acceptance_number, check_case_number, make_case_number
from domain.handoff import new_code, normalise_code
from domain.refusal import Refusal

RANDOM = st.binary(min_size=16, max_size=16)


@given(RANDOM)
def test_a_code_survives_typing_and_scanning(random_bytes: bytes) -> None:
    code = new_code(random_bytes)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code)
    for typed in (code, code.lower(), code.replace("-", ""), f" {code}\r\n", wide, code[3:], code.replace("-", "－")):
        assert normalise_code(typed) == code
    assert normalise_code(code.replace("0", "O").replace("1", "l")[3:]) == code


@given(RANDOM, RANDOM)
def test_different_random_bytes_make_different_codes(a: bytes, b: bytes) -> None:
    assert (a == b) == (new_code(a) == new_code(b))


@given(RANDOM, st.integers(0, 27), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_wrong_character_is_noticed(random_bytes: bytes, place: int, other: str) -> None:
    bare = new_code(random_bytes)[3:].replace("-", "")
    wrong = bare[:place] + other + bare[place + 1 :]
    if wrong != bare:
        with pytest.raises(Refusal, match="code_malformed"):
            normalise_code(wrong)


@given(RANDOM, st.integers(0, 24))
def test_two_neighbours_swapped_are_noticed(random_bytes: bytes, place: int) -> None:
    bare = new_code(random_bytes)[3:].replace("-", "")
    swapped = bare[:place] + bare[place + 1] + bare[place] + bare[place + 2 :]
    if swapped != bare:
        with pytest.raises(Refusal, match="code_malformed"):
            normalise_code(swapped)


@given(st.text(max_size=60))
def test_any_other_text_is_refused_or_a_code(text: str) -> None:
    try:
        answer = normalise_code(text)
    except Refusal as refusal:
        answer = refusal.code
    assert answer == "code_malformed" or answer.startswith("TB-")


def test_a_code_shows_its_groups_and_wants_enough_randomness() -> None:
    code = new_code(secrets.token_bytes(32))
    assert [len(group) for group in code.split("-")] == [2, 4, 4, 4, 4, 4, 4, 4]
    assert not set("ILOU") & set(code)
    with pytest.raises(ValueError, match="16 random bytes"):
        new_code(b"short")


NUMBERS = st.builds(make_case_number, st.dates(date(2024, 1, 1), date(2090, 1, 1)), st.integers(0, HIGHEST))


@given(NUMBERS)
def test_a_case_number_is_read_back_however_it_is_typed(number: str) -> None:
    for typed in (number, number.replace("-", ""), number.replace("-", " "), f" {number}\n", number.replace("-", "—")):
        assert check_case_number(typed) == number


@given(NUMBERS, st.integers(0, 15), st.integers(1, 9))
def test_one_wrong_digit_in_a_case_number_is_noticed(number: str, place: int, by: int) -> None:
    digits = number.replace("-", "")
    wrong = digits[:place] + str((int(digits[place]) + by) % 10) + digits[place + 1 :]
    with pytest.raises(Refusal, match="case_number_malformed"):
        check_case_number(wrong)


@given(NUMBERS, st.integers(0, 14))
def test_two_digits_swapped_in_a_case_number_are_noticed(number: str, place: int) -> None:
    digits = number.replace("-", "")
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    if swapped != digits:
        with pytest.raises(Refusal, match="case_number_malformed"):
            check_case_number(swapped)


def test_a_case_number_says_its_day_and_is_bounded() -> None:
    assert make_case_number(date(2026, 11, 20), 48392017).startswith("261120-4839-2017-")
    with pytest.raises(ValueError, match="holds 0 to"):
        make_case_number(date(2026, 11, 20), HIGHEST + 1)


@pytest.mark.parametrize("text", ["", "261120", "2611204839201700", "x" * 16, "٢" * 16])
def test_anything_else_is_no_case_number(text: str) -> None:
    with pytest.raises(Refusal, match="case_number_malformed"):
        check_case_number(text)


def test_an_acceptance_number_is_looked_at_loosely() -> None:
    assert check_acceptance_number(" 360103 001 20261120 00001\r\n") == "3601030012026112000001"
    assert check_acceptance_number("ab-2026112000001") == "AB2026112000001"
    for text in ("", "123", "受理号一二三四五六七八九十", "1" * 33):
        with pytest.raises(Refusal, match="acceptance_number_malformed"):
            check_acceptance_number(text)
