"""Addresses by the twelve notes of the registration form (R134–R136, B38)."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.division import find_division
from domain.refusal import Refusal
from domain.residence import check_address


def refused(text: str, code: str) -> Refusal:
    with pytest.raises(Refusal) as caught:
        check_address(text, find_division(code))
    return caught.value


@pytest.mark.parametrize("start", ["广东省", "广东", "粤"])
def test_the_name_and_the_common_short_name_of_the_province_are_accepted(start: str) -> None:
    address = f"{start}深圳市福田区某某路1号"
    assert check_address(address, find_division("440304")).text == address


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("中山市石岐街道某某路1号", "442000"),
        ("赣州市章贡区某某路1号", "360702"),
        ("吉林市船营区某某路1号", "220204"),
        ("青岛市市南区某某路1号", "370202"),
        ("海南藏族自治州共和县某某村1号", "632521"),
        ("某某路1号院2栋", "360103"),
    ],
)
def test_an_address_that_begins_with_a_city_or_a_road_lacks_its_province(text: str, code: str) -> None:
    refusal = refused(text, code)
    assert refusal.code == "address_without_province"
    assert find_division(code[:2]).name in refusal.facts["accepted"]


def test_a_short_name_before_a_city_that_begins_with_it_is_read_rightly() -> None:
    assert check_address("赣赣州市章贡区某某路1号", find_division("360702")).warnings == ()
    assert check_address("吉林吉林市船营区某某路1号", find_division("220204")).warnings == ()


def test_the_province_must_be_that_of_the_place_chosen() -> None:
    refusal = refused("广东省深圳市福田区某某路1号", "360103")
    assert refusal.code == "address_other_province"
    assert (refusal.facts["stated"], refusal.facts["expected"]) == ("广东省", "江西省")


@pytest.mark.parametrize("text", ["江西省", "江西省赣县", "赣"])
def test_a_bare_province_is_no_detailed_address(text: str) -> None:
    assert refused(text, "360103").code in {"address_not_detailed", "address_without_province"}


def test_empty_and_endless_addresses_are_refused() -> None:
    assert refused(" \u200b\n", "360103").code == "address_missing"
    assert refused("江西省" + "路" * 300, "360103").code == "address_too_long"


def test_what_the_card_cannot_hold_is_warned_about_and_taken() -> None:
    at_limit = "江西省南昌市西湖区" + "路" * 26
    assert len(at_limit) == 35
    assert check_address(at_limit, find_division("360103")).warnings == ()
    assert check_address(at_limit + "号", find_division("360103")).warnings == ("address_over_card_length",)


def test_a_collective_household_gives_the_units_address_and_not_its_name() -> None:
    place = find_division("360103")
    named = "江西省南昌市西湖区某某大学"
    assert check_address(named, place, collective=True).warnings == ("collective_address_names_unit",)
    assert check_address(named, place).warnings == ()
    assert check_address("江西省南昌市西湖区某某路999号", place, collective=True).warnings == ()


def test_width_blanks_and_invisible_characters_are_put_right_and_rare_characters_kept() -> None:
    taken = check_address(" 江西省南昌市 西湖区\u200b㙦𠅤路１２号Ａ座\n", find_division("360103")).text
    assert taken == "江西省南昌市西湖区㙦𠅤路12号A座"


@given(st.text(st.characters(codec=None), max_size=60))
def test_any_text_is_answered_with_a_clean_address_or_a_refusal(text: str) -> None:
    try:
        taken = check_address("江西省" + text, find_division("360103")).text
    except Refusal as refusal:
        taken = refusal.code
    assert taken.startswith(("address_", "江西省"))
    assert taken == unicodedata.normalize("NFC", taken)
    assert not any(c.isspace() or unicodedata.category(c) in {"Cc", "Cs"} for c in taken)
