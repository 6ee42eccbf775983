"""What the Official Account answers in its chat: one file per answer under ``chat/``.

A file holds ``text``, and for an answer that lists cases or choices also ``line`` (filled once per item of the fact
``lines``), ``most`` (how many of them, if not five), ``more`` (when there are more than fit) and ``tail``.
"""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from templates.fill import fill

_FOLDER = Path(__file__).parent / "chat"
_LONGEST = 2048  # bytes of UTF-8 WeChat takes in one text message
_MOST_LINES = 5
_MARKUP = str.maketrans("<>", "＜＞")  # WeChat shows <a href> as a link; a fact must never become one


def chat_text(key: str, facts: Mapping[str, Any]) -> str:
    """The answer ``key`` with its facts, as plain text within WeChat's limit; an unknown key is a KeyError.

    ``facts["lines"]`` may hold one mapping per case (number, name, item, state, updated); give masked names only.
    """
    parts = _answers()[key]
    lines: Sequence[Mapping[str, Any]] = facts.get("lines", ())
    paragraphs = [_filled(parts["text"], facts)]
    most = int(parts.get("most", _MOST_LINES))
    paragraphs += [_filled(parts["line"], line) for line in lines[:most]]
    if len(lines) > most:
        paragraphs.append(_filled(parts["more"], {"count": len(lines)}))
    paragraphs.append(_filled(parts.get("tail", ""), facts))
    return in_one_message("\n".join(paragraph for paragraph in paragraphs if paragraph))


def fits_one_message(text: str) -> bool:
    """Whether WeChat takes the text as one message."""
    return len(text.encode()) <= _LONGEST


def in_one_message(text: str) -> str:
    """The text, cut to what WeChat takes."""
    if fits_one_message(text):
        return text
    return text.encode()[: _LONGEST - len("…".encode())].decode(errors="ignore") + "…"


def known_answers() -> frozenset[str]:
    """Every key ``chat_text`` knows."""
    return frozenset(_answers())


@cache
def _answers() -> Mapping[str, Mapping[str, Any]]:
    return {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in _FOLDER.glob("*.toml")}


def _filled(text: str, facts: Mapping[str, Any]) -> str:
    tame = {name: value.translate(_MARKUP) if type(value) is str else value for name, value in facts.items()}
    return fill(text, tame).strip()
