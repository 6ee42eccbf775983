"""A guide in plain words: the whole answer as text, for the command line.

The page for phones stands in ``pages/guide``, the chat's general guidance in ``chat/guide.toml``; all are filled from
the same rules.
"""

import re
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from templates.chat import fits_one_message, in_one_message
from templates.labels import label
from templates.shown import day, yuan

OBVIOUS = ("examples_are_guidance", "any_one_of_them")
"""Notes on a paper that its own words already say."""

AGE_HINTS = ("voluntary_under_16", "apply_within_three_months", "three_months_passed")
_NUMBERS = re.compile(r"\s*\[[A-Z0-9 ]+\]")
_FOLDER = Path(__file__).parent / "guide"


def guide_in_words(guide: Any, *, item: str, household: str, residence: str) -> str:
    """An answer (``casework.views.GuideView``) as plain text; places by their full names."""
    return _filled("answer.txt", guide=guide, item=item, household=household, residence=residence)


def one_guide_in_chat(guide: Any, *, item: str, household: str, residence: str, link: str | None) -> str:
    """One answer as one message; the sources as far as they fit."""
    text = _filled("chat_one.txt", guide=guide, item=item, household=household, residence=residence, link=link)
    return _with_sources(text, guide.sources)


def guide_in_chat(adult: Any, minor: Any, *, item: str, household: str, residence: str, link: str | None) -> str:
    """Two answers to one question, from 16 and under 16, as one message; the sources as far as they fit."""
    told = {"adult": adult, "minor": minor, "item": item, "household": household, "residence": residence}
    text = _filled("chat.txt", **told, hints=_of_both(adult.hints, minor.hints, AGE_HINTS), link=link)
    return _with_sources(text, [*adult.sources, *minor.sources])


def _with_sources(text: str, sources: Sequence[str]) -> str:
    """Each document once, with its passages: the numbers of our rules are told by the page and the command line."""
    passages: dict[str, list[str]] = {}
    for source in dict.fromkeys(_NUMBERS.sub("", source) for source in sources):
        document, known, passage = source.rpartition("） ")
        if known:
            document += "）"
        else:
            document, _, passage = source.partition(" ")
        passages.setdefault(document, []).extend([passage] if passage else [])
    for document, told in passages.items():
        longer = f"{text}\n· {document} {'；'.join(told)}".rstrip()
        if not fits_one_message(longer):
            break
        text = longer
    return in_one_message(text)


def _of_both(first: Sequence[str], second: Sequence[str], without: Collection[str]) -> list[str]:
    told = {label(code, "Note") for code in without}
    return [hint for hint in dict.fromkeys([*first, *second]) if hint not in told]


def _filled(name: str, **context: Any) -> str:
    return _environment().get_template(name).render(**context).strip()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=False,  # noqa: S701 - plain text, never markup; whoever shows it escapes it
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": day, "label": label, "yuan": yuan}
    environment.globals["OBVIOUS"] = OBVIOUS
    return environment
