"""The one answer every door gives: may I, here, on that day, what do I bring, what happens then.

The residence place (acceptance) decides papers and letter; the household place decides the review clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from domain.applicant import sixteenth_birthday
from domain.checklist import Material, declared_elsewhere, materials, who_must_come
from domain.commitment import LetterRule, letter_rule
from domain.decision import Verdict
from domain.division import Division
from domain.eligibility import availability, may_be_the_same_county, residence_information, verdict
from domain.policy.rule import Rules, is_borrowed
from domain.question import Question
from domain.review import ReviewRule, review_rule
from domain.terms import DeliveryMode, ServiceItem, ServiceScope, Whose
from domain.validity import add_months, expected_validity

__all__ = ["Guidance", "LetterRule", "Material", "Question", "ReviewRule", "advise"]


@dataclass(frozen=True)
class Guidance:
    """Everything the rules say to one question. When refused, nobody is asked to bring or to come.

    ``reason`` is the 申领原因 (R142). ``validity_years`` None with ``validity`` 长期 has no end; ``validity`` is empty
    for items that have none. ``notes`` are codes of friendly words, never of reasons. ``fee_fen`` is in fen.
    ``legal_days`` counts from acceptance to the finished card (B04), None where no law does.
    """

    verdict: Verdict
    scope: ServiceScope | None
    reason: str
    materials: tuple[Material, ...]
    who_must_come: tuple[Whose, ...]
    residence_declared_elsewhere: str | None
    letter: LetterRule
    review: ReviewRule
    fee_fen: int
    validity_years: int | None
    notes: tuple[str, ...]
    sources: tuple[str, ...]
    validity: str = ""
    expected_valid_from: date | None = None
    expected_valid_until: date | None = None
    delivery: tuple[DeliveryMode, ...] = ()
    legal_days: int | None = None


def advise(rules: Rules, question: Question) -> Guidance:
    """Answer a question by the rules of its own day; ``rules.day`` and ``question.day`` must be the same.

    Raises Refusal ``before_first_rule`` for an item that nobody served yet on that day.
    """
    if rules.day != question.day:
        raise ValueError(f"a question about {question.day} asked of the rules of {rules.day}")
    rules.book.must_have_begun(question.item, question.day)
    decided = verdict(rules, question)
    letter = letter_rule(rules, question.item, question.scope, question.residence)
    review = review_rule(rules, question.item, question.household, question.day)
    fee = rules.need("fee", item=question.item, residence=question.residence)
    valid = expected_validity(rules, question.item, question.birth_date, review.due_if_received_on or question.day)
    legal = rules.find("legal_clock", item=question.item)
    papers = materials(rules, question) if decided.allowed else ()
    rest = (letter.source, review.source, fee.cite_at(question.residence), *([valid.source] if valid else []))
    sources = _sources(rules, question, decided, papers, rest)
    return Guidance(
        verdict=decided,
        scope=_scope(decided, question),
        reason=question.age_group,
        materials=papers,
        who_must_come=who_must_come(rules, question) if decided.allowed else (),
        residence_declared_elsewhere=declared_elsewhere(rules, question),
        letter=letter,
        review=review,
        fee_fen=fee.number("fen"),
        validity_years=valid.years if valid else None,
        notes=tuple(dict.fromkeys(_notes(rules, question, decided, sources))),
        sources=sources,
        validity=valid.words if valid else "",
        expected_valid_from=review.due_if_received_on if valid else None,
        expected_valid_until=valid.until if valid and review.due_if_received_on else None,
        delivery=_delivery(rules, question) if decided.allowed else (),
        legal_days=legal.number("days") if legal else None,
    )


def _delivery(rules: Rules, question: Question) -> tuple[DeliveryMode, ...]:
    value = rules.need("delivery", item=question.item, residence=question.residence)
    return tuple(map(DeliveryMode, value.texts("modes")))


def _scope(decided: Verdict, question: Question) -> ServiceScope | None:
    at_home = any(reason.code == "same_county" for reason in decided.reasons)
    return None if at_home else question.scope


def _notes(rules: Rules, question: Question, decided: Verdict, sources: tuple[str, ...]) -> Iterator[str]:
    for value in rules.all("note", item=question.item, **question.where):
        yield value.text("code")
    settled = rules.need("confirmation", item=question.item, scope=question.scope, residence=question.residence)
    if settled.flag("needed") or any(map(is_borrowed, sources)):
        yield "confirm_with_station"
    if decided.allowed:
        yield from _rollout_notes(rules, question)
    if decided.allowed and may_be_the_same_county(question.household, question.residence):
        yield "choose_county"
    if question.item is ServiceItem.ID_CARD_FIRST_APPLICATION:
        yield _age_note(rules, question)


def _rollout_notes(rules: Rules, question: Question) -> Iterator[str]:
    """Ask before travelling: points that open step by step, a trial run, a province that isn't linked yet."""
    where: dict[str, Division | str] = {"item": question.item, "residence": question.residence}
    opening = (rules.find("point_opening", points=kind, **where) for kind in ("centre", "town"))
    if any(value is not None and value.text("serving") == "as_ready" for value in opening):
        yield "points_open_step_by_step"
    publicity = rules.find("publicity", **where)
    if publicity is not None and not publicity.flag("allowed"):
        yield "trial_run"
    across = question.scope is ServiceScope.CROSS_PROVINCE
    if across and rules.need("ministry_link", household=question.household).maybe_flag("linked") is False:
        yield "household_place_not_linked_yet"


def _age_note(rules: Rules, question: Question) -> str:
    """Applying is voluntary below 16, and wanted within three months after it; never a block (B01)."""
    if question.is_minor:
        return "voluntary_under_16"
    limit = add_months(sixteenth_birthday(question.birth_date), rules.need("reminder").number("months"))
    return "apply_within_three_months" if question.day <= limit else "three_months_passed"


def _sources(
    rules: Rules, question: Question, decided: Verdict, papers: tuple[Material, ...], rest: tuple[str, ...]
) -> tuple[str, ...]:
    found = (availability(rules, question), residence_information(rules, question))
    cites = [value.cite_at(question.residence) for value in found if value is not None]
    cites += [reason.source for reason in decided.reasons]
    cites += [paper.source for paper in papers]
    return tuple(dict.fromkeys([*cites, *rest]))
