"""Evidence is one byte string everywhere, its chain shows every change, and what no hand writes is no signature."""

import hashlib
import json
import unicodedata
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.evidence import (
    MOST_POINTS,
    SHA256,
    DigestAlgorithm,
    PdfProblem,
    PdfVerdict,
    canonical_evidence,
    chain_digest,
    first_broken_link,
    judge_strokes,
)
from domain.terms import SignerCapacity

NAME = [
    [[100 + 60 * n, 200 + 40 * n, 15 * n] for n in range(12)],
    [[300, 700 - 20 * n, 400 + 12 * n] for n in range(9)],
]
SHA512 = DigestAlgorithm("sha512", lambda data: hashlib.sha512(data).digest())

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def codes(strokes: Any) -> list[str]:
    return [reason.code for reason in judge_strokes(strokes).reasons]


def test_a_record_is_written_as_rfc_8785_writes_it() -> None:
    record = {"b": [True, None, -7, '\x1f\n"\\/€'], "a": {"ö": "", "€": 0, "1": 1, "\r": 2}}
    assert canonical_evidence(record).decode() == (
        r'{"a":{"\r":2,"1":1,"ö":"","€":0},"b":[true,null,-7,"\u001f\n\"\\/€"]}'
    )


def test_keys_stand_in_the_order_of_utf_16_units() -> None:
    assert canonical_evidence({"！": 1, "😀": 2}) == '{"😀":2,"！":1}'.encode()


def test_text_is_the_same_evidence_however_it_was_composed() -> None:
    assert canonical_evidence({"é": "é"}) == canonical_evidence({"e\u0301": "e\u0301"})


def test_moments_are_utc_and_days_are_days() -> None:
    shanghai = timezone(timedelta(hours=8))
    record = {
        "at": datetime(2026, 9, 19, 9, 30, tzinfo=shanghai),
        "day": date(2026, 9, 19),
        "as": SignerCapacity.GUARDIAN,
    }
    assert json.loads(canonical_evidence(record)) == {
        "as": "guardian", "at": "2026-09-19T01:30:00.000000Z", "day": "2026-09-19",
    }  # fmt: skip


@pytest.mark.parametrize(
    "record",
    [
        {"x": 1.0},
        {"x": [{"y": float("nan")}]},
        {"x": datetime(2026, 9, 19)},  # noqa: DTZ001 - the point
        {"x": 2**53},
        {"x": "\ud800"},
        {"\ud800": 1},
        {"x": b"bytes"},
        {"x": {1: 2}},
        {"x": {"é": 1, "e\u0301": 2}},
        {"x": {1, 2}},
    ],
)
def test_what_two_machines_could_write_in_two_ways_is_no_evidence(record: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        canonical_evidence(record)


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_evidence_reads_back_as_it_was_and_does_not_depend_on_the_order_it_came_in(record: dict[str, Any]) -> None:
    try:
        written = canonical_evidence(record)
    except ValueError:
        return  # lone surrogates, keys that are one in NFC
    assert canonical_evidence(dict(reversed(record.items()))) == written
    assert canonical_evidence(json.loads(written)) == written
    assert unicodedata.is_normalized("NFC", written.decode())


def chain(*records: bytes) -> list[tuple[bytes, str]]:
    links: list[tuple[bytes, str]] = []
    for record in records:
        links.append((record, chain_digest(links[-1][1] if links else None, record)))
    return links


def test_a_link_names_its_digest_and_covers_the_record_and_the_link_before_it() -> None:
    first = chain_digest(None, b"a")
    assert first.startswith("sha256:")
    assert len(first) == len("sha256:") + 64
    assert len({first, chain_digest(None, b"b"), chain_digest(first, b"a"), chain_digest(None, b"a", SHA512)}) == 4


def test_a_whole_chain_holds_and_every_change_shows_where_it_was_made() -> None:
    links = chain(b"a", b"b", b"c")
    known = {"sha256": SHA256}
    assert first_broken_link(links, known) is None
    assert first_broken_link([links[0], (b"B", links[1][1]), links[2]], known) == 1
    assert first_broken_link([links[1], links[0], links[2]], known) == 0
    assert first_broken_link([links[0], links[2]], known) == 1
    assert first_broken_link(links[1:], known) == 0
    assert first_broken_link(links[1:], known, previous=links[0][1]) is None


def test_a_chain_may_change_its_digest_and_an_unknown_digest_breaks_it() -> None:
    first = chain_digest(None, b"a")
    links = [(b"a", first), (b"b", chain_digest(first, b"b", SHA512))]
    assert first_broken_link(links, {"sha256": SHA256, "sha512": SHA512}) is None
    assert first_broken_link(links, {"sha256": SHA256}) == 1
    assert first_broken_link([(b"a", "")], {"sha256": SHA256}) == 0


def test_a_written_name_is_handwriting() -> None:
    assert judge_strokes(NAME).allowed
    assert judge_strokes([*NAME, [[500, 500, 700]], []]).allowed  # with a dot


def test_times_of_a_stroke_may_count_from_its_own_start() -> None:
    assert judge_strokes([NAME[0], NAME[0]]).allowed


@pytest.mark.parametrize(
    "strokes",
    [
        [],
        [[], []],
        [[[1, 1, 0]], [[500, 500, 100]], [[900, 900, 200]]],  # three dots
        [[[100 * n, 100 * n, 50 * n]] for n in range(10)],  # ten dots
        [[[500 + n % 2, 500, 20 * n] for n in range(200)]],  # a trembling finger
        [[[100 * n, 0, 50 * n] for n in range(7)]],  # one swipe, too few points to tell
    ],
)
def test_blank_paper_taps_and_dots_are_no_signature(strokes: Any) -> None:
    assert codes(strokes) == ["strokes_empty"]


@pytest.mark.parametrize(
    "stroke",
    [
        [[0, 0, 0], [1001, 0, 10]],
        [[0, -1, 0]],
        [[0, 0, -1]],
        [[0, 0]],
        [[0, 0, 0, 0]],
        [[float("nan"), 0, 0]],
        [[0, float("inf"), 0]],
        [[True, 0, 0]],
        [["0", 0, 0]],
        [[0, 0, 30 * 60 * 1000 + 1]],
        [[0, 0, 100], [5, 5, 99]],  # time runs backwards
    ],
)
def test_points_outside_the_box_or_out_of_time_are_absurd(stroke: Any) -> None:
    assert codes([*NAME, stroke]) == ["strokes_absurd"]


def test_nobody_writes_a_name_in_no_time() -> None:
    assert codes([[[x, y, 0] for x, y, _ in stroke] for stroke in NAME]) == ["strokes_absurd"]
    zigzag = [[[1000 * (n % 2), 10 * n % 1000, n] for n in range(200)]]
    assert codes(zigzag) == ["strokes_absurd"]


def test_more_points_than_a_name_has_are_refused_before_anything_is_read() -> None:
    assert codes([[[0, 0, 0]] * (MOST_POINTS + 1)]) == ["strokes_too_large"]
    assert codes([[]] * 1001) == ["strokes_too_large"]
    assert codes([[["x"] * 9] * (MOST_POINTS + 1)]) == ["strokes_too_large"]


def test_a_letter_stands_only_when_it_is_genuine_and_unaltered() -> None:
    assert PdfVerdict(genuine=True, unaltered=True).stands
    assert not PdfVerdict(genuine=True, unaltered=False).stands
    assert not PdfVerdict(genuine=False, unaltered=True).stands
    assert not PdfVerdict(genuine=True, unaltered=True, problems=(PdfProblem.ADDED_TO,)).stands
