"""A pass as text: whole where it fits one code, in parts a clerk may scan in any order; what is none is refused."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.handoff import new_code
from domain.pass_text import LONGEST, ONE_CODE, PREFIX, as_scanned, join_text, split_text
from domain.refusal import Refusal
from tests.casework.refused import refused

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
GROUPS = st.lists(st.tuples(*[st.sampled_from(ALPHABET)] * 2, st.sampled_from(ALPHABET[:33])), min_size=1)


def body(length: int, first: str = "A") -> str:
    """Base45-like text with blanks wherever they may stand."""
    return first + ("  " + "B")[: length % 3] + " AW" * (length // 3)


def a_long_text(first: str = "A") -> str:
    return PREFIX + body(3000, first)


def test_a_text_that_fits_one_code_stays_whole() -> None:
    text = PREFIX + "A" * (ONE_CODE - len(PREFIX))
    assert split_text(text) == (text,)
    assert len(split_text(text + "A")) == 2


def test_parts_fit_one_code_each_and_none_ends_in_a_blank() -> None:
    parts = split_text(a_long_text())
    assert [part[:8] for part in parts] == ["TB1.1.3.", "TB1.2.3.", "TB1.3.3."]
    assert max(map(len, parts)) <= ONE_CODE
    assert max(map(len, parts)) - min(map(len, parts)) <= 6
    assert not any(part.endswith(" ") for part in parts)


@given(GROUPS, st.randoms(use_true_random=False), st.integers(60, 200))
def test_parts_join_in_any_order_with_repeats(groups: list[tuple[str, ...]], random: object, one_code: int) -> None:
    written = "".join(map("".join, groups))[:330]
    parts = list(split_text(PREFIX + written, max(one_code, len(written) // 3)))
    random.shuffle(parts)  # type: ignore[attr-defined]
    assert join_text([*parts, parts[0], f"  {parts[-1]}\r\n"]) == written


def test_a_text_longer_than_any_case_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="one case"):
        split_text(PREFIX + "A" * LONGEST)


@pytest.mark.parametrize("typed", ["ｔｂ１：ａ　ｂ", "tb1:a b", " TB1:A B\r\n"])
def test_what_an_input_method_or_caps_lock_did_to_it_is_undone(typed: str) -> None:
    assert as_scanned(typed) == "TB1:A B"


def test_missing_parts_are_named() -> None:
    parts = split_text(a_long_text())
    with refused("pass_parts_missing", missing=["1", "3"], count=3):
        join_text([parts[1]])


@pytest.mark.parametrize("other", [0, 2])
def test_parts_of_two_passes_are_not_mixed(other: int) -> None:
    one, two = split_text(a_long_text()), split_text(a_long_text("C"))
    with refused("pass_parts_mixed"):
        join_text([two[0] if other == 0 else one[0], one[1], two[2]])


def test_two_passes_at_once_are_not_read() -> None:
    with refused("pass_parts_mixed"):
        join_text(["TB1:AAA", "TB1:BBB"])
    with refused("pass_parts_mixed"):
        join_text(["TB1:AAA", split_text(a_long_text())[0]])


def test_a_truncated_part_is_damaged() -> None:
    parts = split_text(a_long_text())
    with refused("pass_damaged"):
        join_text([parts[0], parts[1][:-30], parts[2]])


@pytest.mark.parametrize("forged", ["TB1.3.2.00000000:A", "TB1.0.2.00000000:A", "TB1.1.5.00000000:A", "TB1:", "TB1.x"])
def test_a_part_that_numbers_itself_wrongly_is_damaged(forged: str) -> None:
    with pytest.raises(Refusal) as raised:
        join_text([forged, "TB1.1.2.00000000:A", "TB1.2.2.00000000:B"] if forged.startswith("TB1.3") else [forged])
    assert raised.value.code == "pass_damaged"


@pytest.mark.parametrize("foreign", ["", "https://example.org/q?x=1", "HC1:NCF", "健康码", "693000", "TB2:AAA", "TB1"])
def test_codes_of_others_are_told_so(foreign: str) -> None:
    with refused("pass_foreign"):
        join_text([foreign])
    with refused("pass_foreign"):
        join_text([])


def test_the_online_code_is_told_so() -> None:
    with refused("pass_is_code"):
        join_text([new_code(b"\x07" * 16)])


def test_a_paste_of_megabytes_is_not_looked_at() -> None:
    with refused("pass_too_long"):
        join_text(["TB1:" + "A" * 5_000_000])


@given(st.lists(st.text(max_size=60) | st.from_regex(r"TB1[.:][0-9A-Z $.:]{0,30}"), max_size=4))
def test_anything_scanned_is_joined_or_refused(lines: list[str]) -> None:
    with suppress(Refusal):
        join_text(lines)
