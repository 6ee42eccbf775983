"""Every case under ``cases/`` is asked of the real rulebook; one stands on each side of every effective date.

A case says, in the law's words: ``on`` which day, which ``item``, ``household`` and ``residence`` (codes), ``born``
when, what else was answered; and under ``expect`` whatever must be so. What isn't named isn't judged.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from domain.division import find_division
from domain.guide import Guidance, Question, advise
from domain.policy.loader import load_rulebook
from domain.policy.rule import Key, Row
from domain.refusal import Refusal
from domain.terms import GuardianshipCase, ProofKind, ServiceItem, Whose

CASES = Path(__file__).with_name("cases")
BOOK = load_rulebook()
ANSWERS = ("held_card_before", "active_soldier", "booklet_obtainable", "applied_online")
SAYS: Mapping[str, Callable[[Guidance], Any]] = {
    "allowed": lambda g: g.verdict.allowed,
    "reasons": lambda g: [reason.code for reason in g.verdict.reasons],
    "scope": lambda g: g.scope and g.scope.value,
    "reason": lambda g: g.reason,
    "materials": lambda g: [m.what for m in g.materials],
    "alternatives": lambda g: {m.what: list(m.alternatives) for m in g.materials if m.alternatives},
    "whose": lambda g: {m.what: m.whose.value for m in g.materials},
    "who_must_come": lambda g: [who.value for who in g.who_must_come],
    "declared_in": lambda g: g.residence_declared_elsewhere,
    "letter": lambda g: g.letter.version or ("paper" if g.letter.required else "none"),
    "review": lambda g: f"{g.review.days} {g.review.kind}" if g.review.days else "none",
    "due": lambda g: g.review.due_if_received_on,
    "calendar_missing": lambda g: g.review.calendar_missing,
    "fee_fen": lambda g: g.fee_fen,
    "validity": lambda g: g.validity,
    "notes": lambda g: list(g.notes),
    "notes_include": lambda g: g.notes,
    "cites": lambda g: g.sources,
    "legal_days": lambda g: g.legal_days,
    "delivery": lambda g: [mode.value for mode in g.delivery],
    "checks": lambda g: list(g.review.checks),
}


class PlainWords(yaml.SafeLoader):
    """YAML in which `on` is a word; only true and false are yes and no."""


PlainWords.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tf"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

FIRST_DAYS: Mapping[str, date] = {
    ServiceItem.ID_CARD_FIRST_APPLICATION: date(2021, 1, 1),
    ServiceItem.HOUSEHOLD_CERTIFICATE: date(2021, 12, 1),
    ServiceItem.TEMPORARY_ID_CARD: date(2022, 12, 26),
}


def cases() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(CASES.glob("*.yaml")):
        for case in yaml.load(path.read_text(encoding="utf-8"), Loader=PlainWords):
            yield f"{path.stem}: {case['name']} ({case['on']})", case


ALL = dict(cases())


def question(case: Mapping[str, Any]) -> Question:
    return Question(
        item=ServiceItem(case.get("item", "id_card_first_application")),
        household=find_division(str(case["household"])),
        residence=find_division(str(case["residence"])),
        birth_date=case["born"],
        day=case["on"],
        guardianship=GuardianshipCase(case["guardianship"]) if "guardianship" in case else None,
        proof=ProofKind(case["proof"]) if "proof" in case else None,
        proof_of=Whose(case["proof_of"]) if "proof_of" in case else None,
        **{answer: case.get(answer) for answer in ANSWERS},
    )


def said(word: str, guidance: Guidance, wanted: Any) -> Any:
    """What the guidance says; of words about a part, the part that is wanted and there."""
    found = SAYS[word](guidance)
    if word == "notes_include":
        return [note for note in wanted if note in found]
    if word == "cites":
        return [rule for rule in wanted if any(re.search(rf"\b{rule}\b", cite) for cite in found)]
    return found


@pytest.mark.parametrize("name", ALL)
def test_the_rulebook_answers_as_the_law_says(name: str) -> None:
    case = ALL[name]
    if "refused" in case["expect"]:
        with pytest.raises(Refusal, match=case["expect"]["refused"]):
            advise(BOOK.on(case["on"]), question(case))
        return
    guidance = advise(BOOK.on(case["on"]), question(case))
    assert {word: said(word, guidance, wanted) for word, wanted in case["expect"].items()} == case["expect"]


def test_case_names_are_told_apart() -> None:
    assert len(ALL) == len(list(cases()))


def fits(row: Row, case: Mapping[str, Any]) -> bool:
    """True when the case asks the question this row answers, by everything a question itself is keyed by."""
    asked = question(case)
    keys: dict[str, Key] = {"item": asked.item, "age": asked.age_group, **asked.where}
    if asked.guardianship is not None:
        keys["guardianship"] = asked.guardianship
    selects = {key: wanted for key, wanted in row.selects.items() if key in keys}
    return Row(selects, row.values, row.where).weight(keys) is not None


def effective_days() -> Iterator[tuple[Row, str, date]]:
    """Every day on which a value begins or ends, and the item it matters for."""
    for _, row, value in BOOK.values():
        for item in row.selects.get("item", ["any"]):
            yield row, item, value.start
            if value.until is not None and value is row.values[-1]:
                yield row, item, value.until + timedelta(days=1)


def sides_without_a_case() -> Iterator[str]:
    """On its item's first day any case of the item will do; later a case must ask what the row answers."""
    asked = [(case.get("item", "id_card_first_application"), case) for case in ALL.values()]
    for row, item, day in effective_days():
        begins = FIRST_DAYS.get(item, BOOK.first_day)
        for side in (day, day - timedelta(days=1)):
            on_that_day = [case for of, case in asked if case["on"] == side and item in ("any", of)]
            if day >= begins and not any(day == begins or fits(row, case) for case in on_that_day):
                yield f"{row.where}: {side} ({item})"


def test_a_case_stands_on_each_side_of_every_effective_date() -> None:
    assert list(sides_without_a_case()) == []


def test_the_walk_over_effective_dates_misses_nothing() -> None:
    walked = {(row.where, day) for row, _, day in effective_days()}
    assert {(row.where, value.start) for _, row, value in BOOK.values()} <= walked
    assert len({day for _, _, day in effective_days() if day >= BOOK.first_day}) >= 11


def test_a_guidance_always_tells_its_sources() -> None:
    for case in ALL.values():
        if "refused" not in case["expect"]:
            guidance = advise(BOOK.on(case["on"]), question(case))
            cites = [m.source for m in guidance.materials] + [guidance.letter.source, guidance.review.source]
            assert set(cites) <= set(guidance.sources)
            assert all(cites)


def test_every_question_anyone_may_ask_has_an_answer() -> None:
    """All items, scopes, provinces, ages and a spread of days: no hole and no tie in the rule files."""
    provinces = [find_division(code) for code in ("11", "31", "36", "44", "43", "65", "66", "51", "810000")]
    places = [*provinces, find_division("360103"), find_division("440304"), find_division("441900")]
    days = [
        date(2021, 1, 1),
        date(2022, 9, 1),
        date(2023, 2, 15),
        date(2023, 9, 1),
        date(2024, 3, 1),
        date(2026, 11, 20),
    ]
    for day in days:
        rules = BOOK.on(day)
        for item in ServiceItem:
            for household in places:
                for residence in places:
                    for born in (date(2015, 5, 5), date(1990, 5, 5)):
                        asked = Question(item, household, residence, born, day)
                        if day >= FIRST_DAYS[item]:
                            guidance = advise(rules, asked)
                            assert guidance.verdict.allowed == bool(guidance.materials)
