"""The guide as a page for a phone: the wizard's questions one by one, without script and without an account.

Everything is in the query of the page, nothing is kept; an answer that can't be read is asked for again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from casework import explain_policy
from casework.deps import Deps
from casework.explain_policy import Answers, NextStepView, PlaceView
from domain.refusal import Refusal
from domain.wizard import Ask
from miniapp_api.refusals import status_of
from miniapp_api.shapes import GuideAnswers
from templates.labels import label
from templates.pages import render_page, static_file
from templates.questions import question_words
from templates.refusals import RefusalText, refusal_text
from templates.shown import day as day_text

_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
_PLACES = (Ask.HOUSEHOLD, Ask.RESIDENCE)
_LONGEST = 60
_SHOWN_PLACES = 20
_BODY: TypeAdapter[GuideAnswers] = TypeAdapter(GuideAnswers)


@dataclass(frozen=True)
class Step:
    """An answer given, and the way back to its question."""

    short: str
    text: str
    href: str


async def read_page(request: web.Request, deps: Deps) -> web.Response:
    """The next question, or the answer."""
    given = {ask.value: text for ask in Ask if (text := request.query.get(ask, "").strip()[:_LONGEST])}
    problem: Refusal | None = None
    try:
        told, step = _read(deps, given)
    except Refusal as refusal:
        problem, (told, step) = refusal, _as_far_as_it_goes(deps, given)
    context = _context(step, told, request.query.get("q", "").strip()[:_LONGEST], request.query.get("in", ""))
    words = refusal_text(problem.code, problem.facts) if problem else None
    return _page(status_of(problem.code) if problem else 200, problem=words, **context)


async def read_style(request: web.Request) -> web.Response:  # noqa: ARG001 - handlers are called by argument name
    """The style of that page."""
    body, content_type = static_file("guide.css")
    return web.Response(body=body, headers={"Content-Type": content_type, "Cache-Control": "public, max-age=300"})


def _read(deps: Deps, given: Mapping[str, str]) -> tuple[dict[str, str], NextStepView]:
    answers = _answers(given, deps.today())
    return dict(given), explain_policy.next_step(deps, answers)


def _as_far_as_it_goes(deps: Deps, given: Mapping[str, str]) -> tuple[dict[str, str], NextStepView]:
    """The longest beginning of the answers that can be read: the question after it is asked again."""
    names = list(given)
    for length in range(len(names) - 1, 0, -1):
        try:
            return _read(deps, {name: given[name] for name in names[:length]})
        except Refusal:
            continue
    return _read(deps, {})


def _answers(given: Mapping[str, str], today: date) -> Answers:
    try:
        body = _BODY.validate_strings(dict(given), strict=False)
    except ValidationError as wrong:
        names = tuple(dict.fromkeys(str(error["loc"][0]) for error in wrong.errors()))
        raise Refusal("malformed", fields=tuple(question_words(Ask(name)).short for name in names)) from None
    return body.answers(today)


def _context(step: NextStepView, told: Mapping[str, str], typed: str, inside: str) -> dict[str, Any]:
    looked_into = _place(inside) if step.ask in _PLACES else None
    return {
        "next": step,
        "guide": step.guide,
        "held": tuple(told.items()),
        "steps": tuple(_steps(told)),
        "typed": typed if step.ask in _PLACES else "",
        "inside": looked_into,
        "places": _places(typed, looked_into) if step.ask in _PLACES else (),
        "provinces": explain_policy.places_inside(None) if step.ask in _PLACES else (),
    }


def _place(code: str) -> PlaceView | None:
    try:
        return explain_policy.place_view(code) if code else None
    except Refusal:
        return None


def _places(typed: str, inside: PlaceView | None) -> tuple[PlaceView, ...]:
    if typed:
        return explain_policy.search_places(typed, _SHOWN_PLACES)
    return explain_policy.places_inside(inside.code) if inside else ()


def _steps(told: Mapping[str, str]) -> Iterator[Step]:
    before: dict[str, str] = {}
    for name, text in told.items():
        ask = Ask(name)
        query = f"?{urlencode(before)}" if before else ""
        yield Step(question_words(ask).short, _shown(ask, text), f"/guide{query}")
        before[name] = text


def _shown(ask: Ask, text: str) -> str:
    if ask in _PLACES:
        return explain_policy.place_view(text).full_name
    if ask is Ask.BIRTH_DATE:
        return day_text(date.fromisoformat(text))
    return {"true": "是", "false": "否"}.get(text) or label(text, _TABLES[ask])


_TABLES: Mapping[Ask, str] = {Ask.ITEM: "ServiceItem", Ask.GUARDIANSHIP: "GuardianshipCase", Ask.PROOF: "ProofKind"}


def _page(status: int, *, problem: RefusalText | None, **context: Any) -> web.Response:
    text = render_page("guide/page.html", problem=problem, **context)
    headers = {"Content-Security-Policy": _POLICY}
    return web.Response(status=status, text=text, content_type="text/html", charset="utf-8", headers=headers)
