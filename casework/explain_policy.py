"""The rulebook's answer, the same at every door: may I, here, on that day, and what do I bring.

Doors with ``Deps`` call ``guide`` and ``next_step``; whoever has only a rulebook and a day calls ``explain``.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from casework.views import GuideView, LetterRuleView, MaterialView, ReasonView, ReviewRuleView
from domain.certificate import certifiable
from domain.checklist import materials
from domain.decision import Reason
from domain.division import (
    Division,
    children,
    divisions_named,
    find_division,
    has_counties,
    provinces,
    search_divisions,
)
from domain.guide import Guidance, Material, Question, advise
from domain.policy.rule import Rulebook
from domain.refusal import Refusal
from domain.terms import CertificateWay, DayKind, GuardianshipCase, ProofKind, ServiceItem, Whose
from domain.wizard import CHOICES, Ask, Known, as_question, next_question
from templates.guide import OBVIOUS
from templates.labels import label
from templates.letters import version_in_force
from templates.questions import question_words
from templates.refusals import refusal_text
from templates.shown import day as day_text
from templates.shown import yuan

if TYPE_CHECKING:
    from casework.deps import Deps

_REMEMBERED = 4096  # answers, some kilobytes each
GROWN_UP, CHILD = 30, 5  # years: any age of each group gives the same papers


@dataclass(frozen=True)
class GuideQuestion:
    """A question anyone may ask; codes of a province, a city or a county are all taken. None: not asked yet."""

    item: ServiceItem
    household: str
    residence: str
    birth: date
    on: date | None = None
    relation: GuardianshipCase | None = None
    held_card_before: bool | None = None
    active_soldier: bool | None = None
    booklet_obtainable: bool | None = None
    applied_online: bool | None = None
    proof: ProofKind | None = None
    proof_of: Whose | None = None


@dataclass(frozen=True)
class Answers:
    """What a person has answered so far; None means not asked yet. ``birth_date`` may come from the identity number."""

    item: ServiceItem | None = None
    household: str | None = None
    residence: str | None = None
    birth_date: date | None = None
    held_card_before: bool | None = None
    active_soldier: bool | None = None
    booklet_obtainable: bool | None = None
    applied_online: bool | None = None
    guardianship: GuardianshipCase | None = None
    proof: ProofKind | None = None


@dataclass(frozen=True)
class PlaceView:
    """A division for the picker; nothing lies inside a ``leaf``."""

    code: str
    name: str
    full_name: str
    leaf: bool


@dataclass(frozen=True)
class ChoiceView:
    """One answer to choose: the value to send back and what a person reads."""

    value: str | bool
    text: str


@dataclass(frozen=True)
class NextStepView:
    """The next question of the wizard, or the answer when nothing is left to ask.

    Send the answer back under the name ``ask``. ``choices`` is empty for places and the birth day.
    """

    ask: Ask | None
    question: str
    hint: str
    choices: tuple[ChoiceView, ...]
    guide: GuideView | None


def guide(deps: "Deps", question: GuideQuestion) -> GuideView:
    """Answer a question from the rules of its day; today if none is given (R195).

    Raises:
        Refusal: ``division_unknown``, ``before_first_rule``.
    """
    return explain(deps.rulebook, question, deps.today(), deps.settings.letters)


def explain(rulebook: Rulebook, question: GuideQuestion, today: date, letters: Path | None = None) -> GuideView:
    """``guide`` for callers without database and settings. Raises the same."""
    day = question.on or today
    asked = Question(
        item=question.item,
        household=find_division(question.household),
        residence=find_division(question.residence),
        birth_date=question.birth,
        day=day,
        guardianship=question.relation,
        held_card_before=question.held_card_before,
        active_soldier=question.active_soldier,
        booklet_obtainable=question.booklet_obtainable,
        applied_online=question.applied_online,
        proof=question.proof,
        proof_of=question.proof_of,
    )
    return guide_view(_with_letter(advise(rulebook.on(day), asked), asked, letters), day)


def next_step(deps: "Deps", answers: Answers) -> NextStepView:
    """What to ask next, or the answer (智能导办).

    Raises:
        Refusal: ``division_unknown``, ``before_first_rule``.
    """
    day = deps.today()
    rules = deps.rulebook.on(day)
    known = _known(answers)
    ask = next_question(rules, known)
    if ask is not None:
        words = question_words(ask)
        return NextStepView(ask, words.question, words.hint, _choices(ask), None)
    question = as_question(rules, known)
    assert question is not None, "the wizard asks for everything a question needs"
    return NextStepView(None, "", "", (), guide_view(answer(deps, question), day))


def answers_from_words(words: Mapping[str, str]) -> Answers:
    """Answers that were kept as words, by the names of ``Ask``: codes, ``yes`` and ``no``, a day as YYYY-MM-DD."""
    read: Mapping[str, Callable[[str], Any]] = {
        "item": ServiceItem,
        "household": str,
        "residence": str,
        "birth_date": date.fromisoformat,
        "held_card_before": _is_yes,
        "active_soldier": _is_yes,
        "booklet_obtainable": _is_yes,
        "applied_online": _is_yes,
        "guardianship": GuardianshipCase,
        "proof": ProofKind,
    }
    return Answers(**{name: read[name](word) for name, word in words.items()})


def _is_yes(word: str) -> bool:
    return word == "yes"


def certifiable_matters(deps: "Deps") -> tuple[ChoiceView, ...]:
    """What a household registration certificate may say, by today's rules (B43)."""
    found = certifiable(deps.rulebook.on(deps.today()), CertificateWay.BY_OFFICER)
    return tuple(ChoiceView(matter.value, label(matter)) for matter in found)


def answer(deps: "Deps", question: Question) -> Guidance:
    """The guidance itself, for acts that decide by it."""
    return _answered(deps.rulebook, question, deps.settings.letters)


@lru_cache(_REMEMBERED)
def _answered(rulebook: Rulebook, question: Question, letters: Path | None) -> Guidance:
    """Pure, and asked anew at every step of every case: remembered, since it costs more than a statement."""
    return _with_letter(advise(rulebook.on(question.day), question), question, letters)


def _with_letter(guidance: Guidance, question: Question, more: Path | None) -> Guidance:
    """Where the rules ask for a letter: the newest text placed for that place and day (R062)."""
    if not guidance.letter.required:
        return guidance
    version = version_in_force(question.item, question.scope, question.residence.code, question.day, more)
    return replace(guidance, letter=replace(guidance.letter, version=version or guidance.letter.version))


def search_places(text: str, limit: int = 20) -> tuple[PlaceView, ...]:
    """Divisions by part of a name, by pinyin or by code."""
    return tuple(map(_place, search_divisions(text, limit)))


def place_view(code: str) -> PlaceView:
    """A division by its code. Raises Refusal ``division_unknown``."""
    return _place(find_division(code))


def places_named(text: str) -> tuple[PlaceView, ...]:
    """The places a person means by a name: none, one, or several that are called the same."""
    return tuple(map(_place, divisions_named(text)))


def places_inside(code: str | None) -> tuple[PlaceView, ...]:
    """The next level inside a place, or the provinces. Raises Refusal ``division_unknown``."""
    found = children(find_division(code)) if code else provinces()
    return tuple(map(_place, found))


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
            checks=guidance.review.checks,
        ),
        fee=guidance.fee_fen,
        validity_years=guidance.validity_years,
        validity=guidance.validity,
        expected_valid_from=guidance.expected_valid_from,
        expected_valid_until=guidance.expected_valid_until,
        notes=guidance.notes,
        sources=guidance.sources,
        on=day,
        hints=tuple(label(note, "Note") for note in guidance.notes),
        delivery=guidance.delivery,
        legal_days=guidance.legal_days,
    )


def guide_json(view: GuideView) -> str:
    """A guide as JSON for programs; days as YYYY-MM-DD."""
    return json.dumps(asdict(view), ensure_ascii=False, indent=1, default=_iso)


def refused_json(refusal: Refusal) -> str:
    """A question that has no rules to be answered by, in the shape of an answer: not allowed, and why."""
    empty: dict[str, Any] = {field.name: None for field in fields(GuideView)}
    lists = ("materials", "who_must_come", "notes", "hints", "delivery")
    reason = _reason(Reason(refusal.code, refusal.source or "", refusal.facts))
    told = {"allowed": False, "reasons": [asdict(reason)], "sources": [reason.source] if reason.source else []}
    return json.dumps({**empty, **dict.fromkeys(lists, ()), **told}, ensure_ascii=False, indent=1)


def general_guide(rulebook: Rulebook, day: date) -> Mapping[str, Any]:
    """What holds for a first card nearly everywhere, from the rules of a day: facts of the chat text ``guide``.

    ``adult`` and ``minor`` are papers, ``check_days`` with ``check_kind`` is the limit of the later check.
    """
    rules = rulebook.on(day)
    item = ServiceItem.ID_CARD_FIRST_APPLICATION
    check = rules.need("later_check")
    elsewhere = rules.find("residence_information", item=item, residence=find_division("44"))
    return {
        "adult": _general_papers(rulebook, day, GROWN_UP),
        "minor": _general_papers(rulebook, day, CHILD),
        "fee": yuan(rules.need("fee", item=item).number("fen")),
        "declared_in": elsewhere.text("declared_in") if elsewhere else None,
        "check_days": check.number("days"),
        "check_kind": label(DayKind(check.text("kind"))),
        "day": day_text(day),
    }


def for_both_ages(
    rulebook: Rulebook, item: ServiceItem, household: str, residence: str, day: date
) -> tuple[GuideView, GuideView]:
    """The answers for someone from 16 and for someone under 16, where nobody has said how old they are.

    Raises:
        Refusal: ``division_unknown``, ``before_first_rule``.
    """
    adult, minor = (
        explain(rulebook, GuideQuestion(item, household, residence, _born(day, age)), day) for age in (GROWN_UP, CHILD)
    )
    return adult, minor


def _born(day: date, age: int) -> date:
    return date(day.year - age, 1, 1)


def _general_papers(rulebook: Rulebook, day: date, age: int) -> tuple[str, ...]:
    """The papers of a person of that age in a province that has no wording of its own, each with its condition."""
    home, away = find_division("43"), find_division("42")
    question = Question(ServiceItem.ID_CARD_FIRST_APPLICATION, home, away, birth_date=_born(day, age), day=day)
    return tuple(map(_in_short, materials(rulebook.on(day), question)))


def _in_short(material: Material) -> str:
    told = material.note and material.note not in OBVIOUS
    return f"{material.what}（{label(material.note, 'Note')}）" if told else material.what


def _known(answers: Answers) -> Known:
    return Known(
        item=answers.item,
        household=find_division(answers.household) if answers.household else None,
        residence=find_division(answers.residence) if answers.residence else None,
        birth_date=answers.birth_date,
        held_card_before=answers.held_card_before,
        active_soldier=answers.active_soldier,
        booklet_obtainable=answers.booklet_obtainable,
        applied_online=answers.applied_online,
        guardianship=answers.guardianship,
        proof=answers.proof,
    )


_YES_NO: Mapping[str, tuple[bool, str]] = {"yes": (True, "是"), "no": (False, "否")}


def _choices(ask: Ask) -> tuple[ChoiceView, ...]:
    return tuple(_choice(word) for word in CHOICES.get(ask, ()))


def _choice(word: str) -> ChoiceView:
    if word in _YES_NO:
        return ChoiceView(*_YES_NO[word])
    return ChoiceView(str(word), label(word))


def _place(found: Division) -> PlaceView:
    return PlaceView(code=found.code, name=found.name, full_name=found.full_name, leaf=not has_counties(found))


def _iso(value: object) -> str:
    assert isinstance(value, date)
    return value.isoformat()


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
