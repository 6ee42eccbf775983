"""A guide in plain words: the whole answer as text, for the command line.

The page for phones stands in ``pages/guide``, the chat's short guidance in ``chat/guide.toml``; all are filled from the
same rules.
"""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from templates.labels import label
from templates.shown import day, yuan

_FOLDER = Path(__file__).parent / "guide"


def guide_in_words(guide: Any, *, item: str, household: str, residence: str) -> str:
    """An answer (``casework.views.GuideView``) as plain text; places by their full names."""
    return _filled("answer.txt", guide=guide, item=item, household=household, residence=residence)


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
    return environment
