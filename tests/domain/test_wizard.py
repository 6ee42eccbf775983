"""The wizard asks what decides, in a sensible order, and nothing that can be derived."""

from dataclasses import replace
from datetime import date

from domain.division import find_division
from domain.policy.loader import load_rulebook
from domain.terms import GuardianshipCase, ProofKind, ServiceItem
from domain.wizard import CHOICES, Ask, Known, next_question

RULES = load_rulebook().on(date(2026, 11, 20))
ADULT = date(2007, 3, 4)
ANSWERS: dict[Ask, object] = {
    Ask.ITEM: ServiceItem.ID_CARD_FIRST_APPLICATION,
    Ask.HOUSEHOLD: find_division("360702"),
    Ask.RESIDENCE: find_division("360103"),
    Ask.BIRTH_DATE: ADULT,
    Ask.HELD_CARD_BEFORE: False,
    Ask.ACTIVE_SOLDIER: False,
    Ask.BOOKLET_OBTAINABLE: False,
    Ask.GUARDIANSHIP: GuardianshipCase.SAME_HOUSEHOLD,
    Ask.PROOF: ProofKind.EMPLOYMENT,
}


def asked(**answers: object) -> list[Ask]:
    """Everything a person is asked who answers like this."""
    known, order = Known(), []
    while (ask := next_question(RULES, known)) is not None:
        assert ask not in order
        order.append(ask)
        known = replace(known, **{ask: answers.get(ask, ANSWERS[ask])})  # type: ignore[arg-type]
    return order


PLACES = [Ask.ITEM, Ask.HOUSEHOLD, Ask.RESIDENCE, Ask.BIRTH_DATE]


def test_an_adult_in_jiangxi_is_asked_for_the_exclusions_and_a_proof() -> None:
    assert asked() == [*PLACES, Ask.HELD_CARD_BEFORE, Ask.ACTIVE_SOLDIER, Ask.PROOF]


def test_a_minor_is_asked_for_guardianship_and_never_whether_a_soldier() -> None:
    assert asked(birth_date=date(2017, 1, 1)) == [*PLACES, Ask.HELD_CARD_BEFORE, Ask.GUARDIANSHIP, Ask.PROOF]


def test_in_guangdong_nobody_is_asked_for_a_proof() -> None:
    assert asked(residence=find_division("440304")) == [*PLACES, Ask.HELD_CARD_BEFORE, Ask.ACTIVE_SOLDIER]


def test_a_certificate_asks_for_the_booklet_only() -> None:
    answers = {"item": ServiceItem.HOUSEHOLD_CERTIFICATE, "residence": find_division("440304")}
    assert asked(**answers) == [*PLACES, Ask.BOOKLET_OBTAINABLE]


def test_a_refusal_ends_the_asking() -> None:
    assert asked(residence=find_division("360702")) == PLACES
    assert asked(held_card_before=True) == [*PLACES, Ask.HELD_CARD_BEFORE]


def test_every_choice_is_offered_for_what_is_not_picked_or_typed() -> None:
    assert set(Ask) - set(CHOICES) == {Ask.HOUSEHOLD, Ask.RESIDENCE, Ask.BIRTH_DATE}
