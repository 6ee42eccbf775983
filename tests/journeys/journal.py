"""What happened, kept as it happened: ``journey.json`` and the artefacts beside it. Everybody in it is invented."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_SECRETS = {"token", "password", "csrf_token"}
_PICTURES = {"png_base64"}


@dataclass
class Exchange:
    """One request and what came back; ``at`` is ISO 8601 in UTC."""

    who: str
    at: str
    ms: float
    request: dict[str, Any]
    answer: dict[str, Any]


@dataclass
class StepRecord:
    """One step: its name in both languages and all that was said over the wire."""

    number: int
    name: str
    name_en: str
    at: str
    ms: float = 0.0
    outcome: str = "under way"
    exchanges: list[Exchange] = field(default_factory=list)


@dataclass
class Journal:
    """The book of one story, written anew after each step, so that a journey that ends early can be read too."""

    story: str
    folder: Path
    steps: list[StepRecord] = field(default_factory=list)

    def begin(self, number: int, name: str, name_en: str, at: str) -> StepRecord:
        """Open a step."""
        self.steps.append(StepRecord(number, name, name_en, at))
        return self.steps[-1]

    def note(self, exchange: Exchange) -> None:
        """Write down an exchange of the step that is under way."""
        exchange.request, exchange.answer = without_secrets(exchange.request), without_secrets(exchange.answer)
        self.steps[-1].exchanges.append(exchange)

    def save(self) -> None:
        """Write ``journey.json``."""
        self.keep("journey.json", {"story": self.story, "steps": [asdict(step) for step in self.steps]})

    def keep(self, name: str, content: bytes | str | Mapping[str, Any]) -> None:
        """Keep an artefact."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Mapping):
            content = json.dumps(content, ensure_ascii=False, indent=1)
        (self.folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def without_secrets(value: Any) -> Any:
    """Session tokens and passwords are left out, pictures shortened: they stand beside the book."""
    if isinstance(value, list):
        return [without_secrets(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: _told(name, each) for name, each in value.items()}


def _told(name: str, value: Any) -> Any:
    return "…" if name in _SECRETS | _PICTURES and value else without_secrets(value)
