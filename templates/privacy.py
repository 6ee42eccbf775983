"""The privacy notice, word for word as a citizen agrees to it."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class PrivacyText:
    """One version of the notice."""

    version: str
    title: str
    paragraphs: tuple[str, ...]


@cache
def privacy_text() -> PrivacyText:
    """The notice in force."""
    raw = tomllib.loads(files("templates").joinpath("privacy/notice.toml").read_text(encoding="utf-8"))
    return PrivacyText(version=raw["version"], title=raw["title"], paragraphs=tuple(raw["paragraphs"]))
