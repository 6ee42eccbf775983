"""Dated values: the day decides, the closest row wins, an end is a dated null."""

from datetime import date
from pathlib import Path

import pytest

from domain.division import find_division
from domain.guide import Question, advise
from domain.policy.loader import load_rulebook
from domain.policy.rule import Rulebook, RuleMissing
from domain.refusal import Refusal
from domain.terms import ServiceItem

SOURCES = "a: {title: 一份通知, number: 某发〔2023〕1号, day: 2023-03-12, issuer: 某公安机关}\n"
RULE = """name: availability
meaning: who pays what
keys: [household, band]
fields: {fen: number}
rows:
  - rule: [R150]
    values:
      - {from: 2020-01-01, source: a, value: {fen: 1}}
  - for: {household: "36"}
    rule: [R151]
    values:
      - {from: 2021-01-01, source: a, value: {fen: 2}, article: 第二条}
      - {from: 2022-01-01, source: a, value: null}
      - {from: 2023-01-01, until: 2023-06-30, source: a, value: {fen: 3}}
  - for: {household: ["3601", "440000"]}
    rule: [R152]
    values:
      - {from: 2024-01-01, source: a, value: {fen: 4}}
"""


@pytest.fixture
def book(tmp_path: Path) -> Rulebook:
    (tmp_path / "rules").mkdir()
    (tmp_path / "sources.yaml").write_text(SOURCES, encoding="utf-8")
    (tmp_path / "rules" / "availability.yaml").write_text(RULE, encoding="utf-8")
    return load_rulebook(tmp_path)


@pytest.mark.parametrize(
    ("day", "place", "fen"),
    [
        (date(2020, 12, 31), "360700", 1),
        (date(2021, 1, 1), "360700", 2),
        (date(2021, 12, 31), "360700", 2),
        (date(2022, 1, 1), "360700", 1),
        (date(2022, 12, 31), "360700", 1),
        (date(2023, 1, 1), "360700", 3),
        (date(2023, 6, 30), "360700", 3),
        (date(2023, 7, 1), "360700", 1),
        (date(2024, 1, 1), "360103", 4),
        (date(2024, 1, 1), "360700", 1),
        (date(2024, 1, 1), "360000", 1),
        (date(2024, 1, 1), "44", 4),
        (date(2024, 1, 1), "110101", 1),
    ],
)
def test_the_closest_row_in_force_answers(book: Rulebook, day: date, place: str, fen: int) -> None:
    assert book.on(day).need("availability", household=find_division(place)).number("fen") == fen


def test_a_day_before_the_first_rule_is_refused(book: Rulebook) -> None:
    assert book.on(date(2020, 1, 1)).day == date(2020, 1, 1)
    with pytest.raises(Refusal, match="before_first_rule") as caught:
        book.on(date(2019, 12, 31))
    assert caught.value.facts["first_day"] == date(2020, 1, 1)


def test_a_value_cites_document_number_day_article_and_requirement(book: Rulebook) -> None:
    value = book.on(date(2021, 5, 1)).need("availability", household=find_division("36"))
    assert value.cite == "一份通知（某发〔2023〕1号，2023-03-12） 第二条 [R151]"


def test_what_comes_next_is_known(book: Rulebook) -> None:
    coming = book.on(date(2022, 5, 1)).opens_on("availability", household=find_division("3601"))
    assert coming is not None
    assert coming.start == date(2023, 1, 1)


def test_a_question_the_rule_is_not_keyed_by_is_an_error(book: Rulebook) -> None:
    with pytest.raises(RuleMissing, match="isn't keyed by"):
        book.on(date(2022, 5, 1)).find("availability", residence=find_division("36"))


def test_two_equally_close_answers_are_an_error_and_never_a_choice(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "sources.yaml").write_text(SOURCES, encoding="utf-8")
    twin = RULE.replace('["3601", "440000"]', '["35", "36"]').replace("2024-01-01", "2021-06-01")
    (tmp_path / "rules" / "availability.yaml").write_text(twin, encoding="utf-8")
    rules = load_rulebook(tmp_path).on(date(2021, 7, 1))
    with pytest.raises(RuleMissing, match="answer the same question"):
        rules.need("availability", household=find_division("36"))


def test_every_value_of_the_house_has_day_source_and_requirement() -> None:
    house = load_rulebook()
    for rule, _, value in house.values():
        assert rule.meaning
        assert value.rules
        assert value.source.title
        assert value.until is None or value.until >= value.start


def test_a_question_is_asked_of_the_rules_of_its_own_day() -> None:
    house = load_rulebook()
    place = find_division("360103")
    question = Question(
        ServiceItem.ID_CARD_FIRST_APPLICATION, find_division("360702"), place, date(2000, 1, 1), date(2026, 11, 20)
    )
    with pytest.raises(ValueError, match="asked of the rules of"):
        advise(house.on(date(2026, 11, 19)), question)
