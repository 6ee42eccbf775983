"""What a person reads for a refusal: what it is about, what happened, what to do next."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from templates.fill import fill

_FILE = Path(__file__).with_name("refusals.toml")
_GENERAL = {
    "title": "这一步没有办成",
    "detail": "系统没有接受这次操作，您已保存的内容不受影响。",
    "advice": "请返回上一页重试；仍然不行的，请联系受理点或者到公安机关窗口咨询。",
}


@dataclass(frozen=True)
class RefusalText:
    """A refusal in plain Chinese; all four parts are safe to show, none is markup."""

    code: str
    title: str
    detail: str
    advice: str


def refusal_text(code: str, facts: Mapping[str, Any], *, audience: str = "") -> RefusalText:
    """The text for a code, filled with the facts of the refusal; a code nobody wrote for gets a kind general one.

    ``audience``: where a table ``[code.audience]`` stands (``counter`` for clerks), its words come first.
    """
    parts = refusal_words(code, audience=audience)
    return RefusalText(code=code, **{part: fill(words, facts) for part, words in parts.items()})


def refusal_words(code: str, *, audience: str = "") -> dict[str, str]:
    """Title, detail and advice before they are filled, for a page that fills them itself."""
    own: Any = _texts().get(code, _GENERAL)
    parts = {**own, **own.get(audience, {})} if audience else own
    return {part: parts[part] for part in ("title", "detail", "advice")}


def known_refusals() -> frozenset[str]:
    """Every code that has a text of its own."""
    return frozenset(_texts())


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    texts: dict[str, dict[str, str]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return texts
