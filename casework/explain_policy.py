"""The rulebook's answer, the same at every door: may I, here, on that day, and what do I bring."""

from dataclasses import dataclass
from datetime import date

from casework.deps import Deps
from casework.views import GuideView, LetterRuleView, MaterialView, ReasonView, ReviewRuleView
from domain.decision import Reason
from domain.division import find_division, search_divisions
from domain.guide import Guidance, Material, Question, advise
from domain.terms import GuardianshipCase, ServiceItem
from templates.refusals import refusal_text


@dataclass(frozen=True)
class GuideQuestion:
    """A question anyone may ask; codes of a province, a city or a county are all taken."""

    item: ServiceItem
    household: str
    residence: str
    birth: date
    on: date | None = None
    relation: GuardianshipCase | None = None


@dataclass(frozen=True)
class PlaceView:
    """A division for the picker."""

    code: str
    name: str
    full_name: str


def guide(deps: Deps, question: GuideQuestion) -> GuideView:
    """Answer a question from the rules of its day; today if none is given (R195).

    Raises:
        Refusal: ``division_unknown``, ``before_first_rule``.
    """
    day = question.on or deps.today()
    asked = Question(
        item=question.item,
        household=find_division(question.household),
        residence=find_division(question.residence),
        birth_date=question.birth,
        day=day,
        guardianship=question.relation,
    )
    return guide_view(answer(deps, asked), day)


def answer(deps: Deps, question: Question) -> Guidance:
    """The guidance itself, for acts that decide by it."""
    return advise(deps.rulebook.on(question.day), question)


def search_places(text: str, limit: int = 20) -> tuple[PlaceView, ...]:
    """Divisions by part of a name or code."""
    return tuple(
        PlaceView(code=found.code, name=found.name, full_name=found.full_name)
        for found in search_divisions(text, limit)
    )


def guide_view(guidance: Guidance, day: date) -> GuideView:
    """Guidance as a view."""
    return GuideView(
        allowed=guidance.verdict.allowed,
        scope=guidance.scope,
        reasons=tuple(_reason(reason) for reason in guidance.verdict.reasons),
        reason_for_applying=guidance.reason,
        materials=tuple(_material(material) for material in guidance.materials),
        who_must_come=guidance.who_must_come,
        residence_declared_elsewhere=guidance.residence_declared_elsewhere,
        letter=LetterRuleView(guidance.letter.required, guidance.letter.version, guidance.letter.source),
        review=ReviewRuleView(
            days=guidance.review.days,
            kind=guidance.review.kind,
            due_if_received_on=guidance.review.due_if_received_on,
            calendar_missing=guidance.review.calendar_missing,
            source=guidance.review.source,
        ),
        fee_fen=guidance.fee_fen,
        validity_years=guidance.validity_years,
        validity=guidance.validity,
        expected_valid_from=guidance.expected_valid_from,
        expected_valid_until=guidance.expected_valid_until,
        notes=guidance.notes,
        sources=guidance.sources,
        on=day,
    )


def _reason(reason: Reason) -> ReasonView:
    text = refusal_text(reason.code, reason.facts)
    return ReasonView(reason.code, text.title, text.detail, text.advice, reason.source)


def _material(material: Material) -> MaterialView:
    return MaterialView(
        code=material.code,
        what=material.what,
        whose=material.whose,
        alternatives=material.alternatives,
        note=material.note,
        source=material.source,
    )
