"""The wizard (智能导办): the next thing to ask, until the answer is decided; never what can be derived.

Age, sex and birth day come from the number, the scope from the two places; a question that can't change the answer any
more isn't asked.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from domain.division import Division
from domain.eligibility import excludes, residence_information, verdict
from domain.policy.rule import Rules
from domain.question import Question
from domain.terms import GuardianshipCase, ProofKind, ServiceItem


class Ask(StrEnum):
    """What the citizen is asked next; the wording stands with the words."""

    ITEM = "item"
    HOUSEHOLD = "household"
    RESIDENCE = "residence"
    BIRTH_DATE = "birth_date"
    HELD_CARD_BEFORE = "held_card_before"
    ACTIVE_SOLDIER = "active_soldier"
    BOOKLET_OBTAINABLE = "booklet_obtainable"
    APPLIED_ONLINE = "applied_online"
    GUARDIANSHIP = "guardianship"
    PROOF = "proof"


@dataclass(frozen=True)
class Known:
    """What is known so far; None means not asked yet."""

    item: ServiceItem | None = None
    household: Division | None = None
    residence: Division | None = None
    birth_date: date | None = None
    held_card_before: bool | None = None
    active_soldier: bool | None = None
    booklet_obtainable: bool | None = None
    applied_online: bool | None = None
    guardianship: GuardianshipCase | None = None
    proof: ProofKind | None = None


CHOICES: Mapping[Ask, tuple[str, ...]] = MappingProxyType(
    {
        Ask.ITEM: tuple(ServiceItem),
        Ask.HELD_CARD_BEFORE: ("yes", "no"),
        Ask.ACTIVE_SOLDIER: ("yes", "no"),
        Ask.BOOKLET_OBTAINABLE: ("yes", "no"),
        Ask.APPLIED_ONLINE: ("yes", "no"),
        Ask.GUARDIANSHIP: tuple(GuardianshipCase),
        Ask.PROOF: tuple(ProofKind),
    }
)
"""The answers to choose from; places and the birth day are picked or typed."""


def next_question(rules: Rules, known: Known) -> Ask | None:
    """What to ask next, or None when the answer is decided: refused already, or nothing left that could change it.

    Raises Refusal ``before_first_rule`` for an item that nobody served yet on that day.
    """
    question = as_question(rules, known)
    if question is None:
        return _first_missing(known)
    rules.book.must_have_begun(question.item, question.day)
    if not verdict(rules, question).allowed:
        return None
    return next((ask for ask in _worth_asking(rules, question) if getattr(known, ask) is None), None)


def as_question(rules: Rules, known: Known) -> Question | None:
    """The question for ``advise``, once item, places and birth day are known."""
    if known.item is None or known.household is None or known.residence is None or known.birth_date is None:
        return None
    return Question(
        item=known.item,
        household=known.household,
        residence=known.residence,
        birth_date=known.birth_date,
        day=rules.day,
        guardianship=known.guardianship,
        held_card_before=known.held_card_before,
        active_soldier=known.active_soldier,
        proof=known.proof,
        booklet_obtainable=known.booklet_obtainable,
        applied_online=known.applied_online,
    )


def _first_missing(known: Known) -> Ask:
    needed = (Ask.ITEM, Ask.HOUSEHOLD, Ask.RESIDENCE, Ask.BIRTH_DATE)
    return next(ask for ask in needed if getattr(known, ask) is None)


def _worth_asking(rules: Rules, question: Question) -> Iterator[Ask]:
    """Answers that exclude come first, so that nobody fills in papers for nothing."""
    for ask in (Ask.HELD_CARD_BEFORE, Ask.ACTIVE_SOLDIER, Ask.APPLIED_ONLINE, Ask.BOOKLET_OBTAINABLE):
        if excludes(rules, question, ask) and not (ask is Ask.ACTIVE_SOLDIER and question.is_minor):
            yield ask
    papers = rules.need("materials", item=question.item, residence=question.residence, age=question.age_group)
    if "guardianship" in papers.texts("papers"):
        yield Ask.GUARDIANSHIP
    if "tie_proof" in papers.texts("papers") and residence_information(rules, question) is None:
        yield Ask.PROOF
