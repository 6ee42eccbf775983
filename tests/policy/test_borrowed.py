"""No answer passes another province's document off as its own: it says 比照, and to ask the station first."""

from collections.abc import Iterator
from datetime import date
from itertools import product

import pytest

from domain.division import find_division
from domain.guide import Guidance, Question, advise
from domain.policy.loader import load_rulebook
from domain.policy.rule import is_borrowed
from domain.terms import GuardianshipCase, ProofKind, ServiceItem, Whose

BOOK = load_rulebook()
DAY = date(2026, 11, 20)
PLACES = [
    find_division(code) for code in ("360702", "360103", "441402", "440304", "310115", "320505", "420106", "810000")
]
JIANGXI, GUANGDONG = BOOK.sources["jx-province-wide"], BOOK.sources["gd-2023-654"]
CARD = ServiceItem.ID_CARD_FIRST_APPLICATION


def asked(household: str, residence: str, born: date = date(2000, 1, 1), **more: object) -> Guidance:
    places = find_division(household), find_division(residence)
    return advise(BOOK.on(DAY), Question(CARD, *places, born, DAY, **more))  # type: ignore[arg-type]


def questions() -> Iterator[Question]:
    grown, child, unborn = date(2000, 1, 1), date(2017, 1, 1), date(2030, 1, 1)
    for item, household, residence in product(ServiceItem, PLACES, PLACES):
        here = item, household, residence
        for born in (grown, child, unborn):
            yield Question(*here, born, DAY)
        for case in GuardianshipCase:
            yield Question(*here, child, DAY, case)
        yield Question(*here, grown, DAY, GuardianshipCase.SAME_HOUSEHOLD, held_card_before=True, active_soldier=True)
        yield Question(*here, grown, DAY, proof=ProofKind.EMPLOYMENT, proof_of=Whose.APPLICANT)
        yield Question(*here, child, DAY, proof=ProofKind.SCHOOLING, proof_of=Whose.GUARDIAN)


def test_a_document_is_quoted_as_such_only_in_its_own_province() -> None:
    """Elsewhere it says 比照, and then to ask the station first."""
    seen = set()
    for question in questions():
        told = advise(BOOK.on(DAY), question)
        for cite, source in product(told.sources, BOOK.sources.values()):
            if cite.startswith(source.cite) and source.provinces:
                place = question.household if cite == told.review.source else question.residence
                seen.add(is_borrowed(cite))
                assert is_borrowed(cite) == (place.province[:2] not in source.provinces), (question, cite)
                assert not is_borrowed(cite) or "confirm_with_station" in told.notes
    assert seen == {True, False}


def test_a_borrowed_source_says_from_where_and_what_counts() -> None:
    (booklet, _) = asked("310115", "320505").materials
    assert booklet.source.endswith("[R040]（比照江西省的做法，以受理点要求为准）")


def test_guangdongs_papers_rest_on_guangdongs_sources() -> None:
    """R047, B82: at home Guangdong has sources of its own for what an adult brings, so nothing is borrowed."""
    told = asked("441402", "440304")
    assert not any(cite.startswith(JIANGXI.cite) for cite in told.sources)
    assert "confirm_with_station" not in told.notes


@pytest.mark.parametrize("case", [GuardianshipCase.BIRTH_CERTIFICATE, GuardianshipCase.FURTHER_PROOF])
def test_what_guangdong_does_not_say_of_guardianship_is_borrowed(case: GuardianshipCase) -> None:
    """R045, R046 are Jiangxi's."""
    told = asked("441402", "440304", date(2017, 1, 1), guardianship=case)
    assert is_borrowed(told.materials[0].source)
    assert "confirm_with_station" in told.notes


@pytest.mark.parametrize(
    ("household", "residence", "source"),
    [
        ("360103", "360103", "jx-province-wide"),
        ("440304", "440304", "house-default"),
        ("420106", "420106", "house-default"),
    ],
)
def test_the_same_county_is_refused_by_a_source_that_holds_there(household: str, residence: str, source: str) -> None:
    """R021 is Jiangxi's, D19 the house's."""
    (reason,) = asked(household, residence).verdict.reasons
    assert reason.code == "same_county"
    assert reason.source.startswith(BOOK.sources[source].cite)


@pytest.mark.parametrize(
    ("residence", "source"), [("360103", "jx-province-wide"), ("440304", "gd-2023-654"), ("420106", "mps-2023-215")]
)
def test_a_card_held_before_is_refused_by_a_source_that_holds_there(residence: str, source: str) -> None:
    """R018 in Guangdong, R034 and R035 in Jiangxi."""
    (reason,) = asked("310115", residence, held_card_before=True).verdict.reasons
    assert reason.source.startswith(BOOK.sources[source].cite)


def test_who_comes_from_outside_the_mainland_is_refused_by_national_law() -> None:
    """R085: the household place issues."""
    (reason,) = asked("810000", "440304").verdict.reasons
    assert reason.source.startswith(BOOK.sources["id-card-law"].cite)
