"""The claims of a pass: typed, numbered for ever, and nothing but a refusal for what is none (R077, R132)."""

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.offline_pass import CASE, FIELDS, Kind, claims_of, insist_in_time, pass_of, validity_on
from domain.policy.loader import load_rulebook
from domain.question import OVER_16, UNDER_16
from domain.refusal import Refusal
from domain.terms import (
    DeliveryMode,
    GuardianRelation,
    GuardianshipCase,
    ProofKind,
    ServiceItem,
    ServiceScope,
    Sex,
    Whose,
)
from tests.casework.refused import refused
from tests.passes import ADULT, MINOR, SERVICE_DAY, a_pass

WORDS = {field.name: field.words for field in FIELDS}


@pytest.mark.parametrize("case", [MINOR, ADULT])
def test_a_pass_reads_back_as_it_was_written(case: Any) -> None:
    assert pass_of(claims_of(a_pass(case))) == a_pass(case)


def test_no_number_and_no_name_is_given_twice() -> None:
    assert len({field.key for field in FIELDS}) == len({field.name for field in FIELDS}) == len(FIELDS)


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("item", ServiceItem), ("scope", ServiceScope), ("sex", Sex), ("proof", ProofKind), ("proof_of", Whose),
        ("delivery", DeliveryMode), ("guardian_relation", GuardianRelation), ("guardianship", GuardianshipCase),
        ("who_must_come", Whose), ("reason", (UNDER_16, OVER_16)),
    ],
)  # fmt: skip
def test_every_word_of_the_field_can_be_written(name: str, terms: Any) -> None:
    assert set(WORDS[name]) == set(terms)


def test_every_paper_the_rules_know_can_be_written() -> None:
    source = Path("domain/policy/rules/paper.yaml").read_text(encoding="utf-8")
    papers = set(re.findall(r"paper: (\w+)", source)) - {"paper"}
    assert load_rulebook()
    assert papers | {f"{kind}_proof" for kind in ProofKind} | {"tie_proof"} == set(WORDS["materials"])


@pytest.mark.parametrize(
    ("name", "value"),
    [("sex", "neither"), ("phone", "0791-1234567"), ("phone", ""), ("letter_digest", "ab"), ("name", ""),
     ("name", "甲" * 201), ("materials", ("passport",)), ("visit_starts_at", datetime(2026, 9, 18, 7, 0, 0, 5, UTC))],
)  # fmt: skip
def test_a_value_that_would_not_read_back_is_never_written(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        claims_of(a_pass({**ADULT, name: value}))


def test_a_field_this_reader_does_not_know_is_left_out() -> None:
    claims = claims_of(a_pass())
    claims[CASE][999] = "from the future"
    assert pass_of(claims) == a_pass()


@pytest.mark.parametrize("missing", [1, 3, 4, 5, 6, 7, CASE])
def test_every_claim_is_needed(missing: int) -> None:
    claims = claims_of(a_pass())
    del claims[missing]
    with refused("pass_newer"):
        pass_of(claims)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
@pytest.mark.parametrize("wrong", [None, 0, -1, 2**63, 1.5, True, "", "甲" * 201, b"", [0], ["x"], {}, 10**6], ids=repr)
def test_a_value_of_another_kind_is_refused(field: Any, wrong: Any) -> None:
    fits = {
        Kind.FLAG: (True,), Kind.DAY: (0, -1, 10**6), Kind.MOMENT: (0, 10**6), Kind.DIGITS: (10**6,),
    }.get(field.kind, ())  # fmt: skip
    if any(wrong is one or (wrong == one and type(wrong) is type(one)) for one in fits):
        return
    claims = claims_of(a_pass())
    claims[CASE][field.key] = wrong
    with refused("pass_newer"):
        pass_of(claims)


_LEAF = st.none() | st.booleans() | st.integers(-(2**64), 2**64) | st.text(max_size=5) | st.binary(max_size=40)
_TREE = st.recursive(_LEAF, lambda inside: st.lists(inside, max_size=4) | st.dictionaries(
    st.integers(-65540, 40), inside, max_size=6), max_leaves=12)  # fmt: skip


@given(_TREE)
def test_claims_of_any_shape_are_a_pass_or_a_refusal(claims: Any) -> None:
    with suppress(Refusal):
        pass_of(claims)


def test_a_pass_is_good_on_the_booked_day_in_china_and_on_no_other() -> None:
    valid_from, expires_at = validity_on(SERVICE_DAY)
    assert (valid_from, expires_at) == (datetime(2026, 9, 17, 16, tzinfo=UTC), datetime(2026, 9, 18, 16, tzinfo=UTC))
    for good in (valid_from, expires_at - timedelta(seconds=1)):
        insist_in_time(a_pass(), good)


def test_the_clock_of_a_station_may_be_off_by_five_minutes_and_no_more() -> None:
    one, minutes = a_pass(), timedelta(minutes=5)
    insist_in_time(one, one.valid_from - minutes)
    insist_in_time(one, one.expires_at + minutes - timedelta(seconds=1))
    with refused("pass_not_yet", day=one.valid_from):
        insist_in_time(one, one.valid_from - minutes - timedelta(seconds=1))
    with refused("pass_expired", day=one.expires_at - timedelta(seconds=1)):
        insist_in_time(one, one.expires_at + minutes)
    with refused("pass_not_yet"):
        insist_in_time(one, one.valid_from - timedelta(seconds=1), timedelta(0))


def test_a_pass_issued_later_than_now_is_not_good_yet() -> None:
    later = a_pass(issued_at=a_pass().valid_from + timedelta(hours=5))
    with refused("pass_not_yet"):
        insist_in_time(later, later.valid_from + timedelta(hours=1))


def test_days_before_1970_are_written_too() -> None:
    old = a_pass({**ADULT, "birth_date": date(1949, 12, 31)})
    assert pass_of(claims_of(old)) == old
