"""How the wizard asks: one question with a hint for every ``domain.wizard.Ask``."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from domain.wizard import Ask

_FILE = Path(__file__).with_name("questions.toml")


@dataclass(frozen=True)
class QuestionWords:
    """A question as a person reads it; ``short`` names the answer in a list."""

    question: str
    hint: str
    short: str


def question_words(ask: Ask) -> QuestionWords:
    """The words of a question; a question nobody wrote for is a KeyError."""
    return QuestionWords(**_tables()[ask])


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    tables: dict[str, dict[str, str]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return tables
