"""Ages, names and phones (B03, B39, B41)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.applicant import age_on, mask_name, mask_phone, normalise_name, normalise_phone, sixteenth_birthday
from domain.refusal import Refusal


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(1992, 2, 29), date(2018, 2, 28), 25),
        (date(1992, 2, 29), date(2018, 3, 1), 26),
        (date(1992, 2, 29), date(2020, 2, 28), 27),
        (date(1992, 2, 29), date(2020, 2, 29), 28),
        (date(2010, 11, 20), date(2026, 11, 19), 15),
        (date(2010, 11, 20), date(2026, 11, 20), 16),
        (date(2010, 3, 1), date(2026, 3, 1), 16),
        (date(2010, 11, 20), date(2010, 11, 20), 0),
    ],
)
def test_the_birthday_itself_completes_the_year_and_a_leap_day_completes_it_on_the_first_of_march(
    birth: date, day: date, age: int
) -> None:
    assert age_on(birth, day) == age


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2080, 1, 1)))
def test_sixteen_is_reached_on_the_sixteenth_birthday_and_not_a_day_before(birth: date) -> None:
    birthday = sixteenth_birthday(birth)
    assert age_on(birth, birthday) == 16
    assert age_on(birth, birthday - timedelta(days=1)) == 15


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2000, 1, 1)), st.integers(0, 30000))
def test_age_never_falls_and_grows_by_at_most_one_a_day(birth: date, days: int) -> None:
    day = birth + timedelta(days=days)
    assert age_on(birth, day + timedelta(days=1)) - age_on(birth, day) in {0, 1}


@pytest.mark.parametrize("dot", "\u2022\u30fb\uff0e\u2027\u00b7\u22c5\uff65")
def test_look_alike_dots_become_the_one_separator(dot: str) -> None:
    assert normalise_name(f"阿布都外力{dot}努尔买买提") == "阿布都外力\u00b7努尔买买提"
    assert normalise_name(f" 阿布都外力 {dot} 努尔买买提 ") == "阿布都外力\u00b7努尔买买提"


@pytest.mark.parametrize("name", ["张㛃", "李𠅤", "王〇", "欧阳" * 13, "赵\U00031350", "钱\U0002ebf0", "司马" * 25])
def test_rare_characters_and_long_names_are_kept_as_they_are(name: str) -> None:
    assert normalise_name(name) == name


def test_blanks_between_characters_and_invisible_characters_fall_away() -> None:
    assert normalise_name("张　 三\u200b") == "张三"
    assert normalise_name("Anna  Maria Li") == "Anna Maria Li"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "张",
        "张3",
        "张三😀",
        "·张三",
        "张三·",
        "张··三",
        "张三<script>",
        "张三\n李四1",
        "一" * 101,
        "\ue000\ue001",
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="name_malformed"):
        normalise_name(text)


@given(st.text(max_size=60))
def test_normalising_a_name_twice_changes_nothing(text: str) -> None:
    try:
        once = normalise_name(text)
    except Refusal:
        return
    assert normalise_name(once) == once


@pytest.mark.parametrize(
    "text", ["13800138000", "+86 138-0013-8000", "008613800138000", "8613800138000", "１３８００１３８０００"]
)
def test_a_mobile_number_is_eleven_digits_however_it_is_typed(text: str) -> None:
    assert normalise_phone(text) == "13800138000"


@pytest.mark.parametrize(
    "text", ["", "12800138000", "1380013800", "138001380000", "0791-88888888", "+1 2025550123", "abc", "1400000000000"]
)
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(Refusal, match="phone_malformed"):
        normalise_phone(text)


def test_masks_show_little() -> None:
    assert mask_phone("13800138000") == "138****8000"
    assert (mask_name("张三"), mask_name("欧阳小明"), mask_name("阿布都外力·努尔买买提")) == ("张*", "欧***", "阿***")
