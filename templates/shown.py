"""How a value looks to a person: Shanghai time, Chinese names, nothing invisible."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from domain.local_time import SHANGHAI, day_of
from templates.labels import label

_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # controls, direction marks, lone surrogates, line separators
_WORD = re.compile(r"[a-z][a-z0-9_-]*")
_LONGEST = 300


@lru_cache(4096)  # the starts of slots, said to everybody who asks for one
def when(moment: datetime) -> str:
    """A moment as people in China write it, ``2026年9月18日 09:30``; a naive time is a ValueError."""
    if moment.tzinfo is None:
        raise ValueError("a moment shown to people must know its time zone")
    return f"{day(moment)} {moment.astimezone(SHANGHAI):%H:%M}"


def day(value: date) -> str:
    """A day as people in China write it, ``2026年9月18日``; of an aware moment, its day in Shanghai."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = day_of(value)
    return f"{value.year}年{value.month}月{value.day}日"


def yuan(fen: int) -> str:
    """Integer fen as an amount in yuan; nothing to pay reads 免费 (R150)."""
    return f"{fen // 100}.{fen % 100:02d}元" if fen else "免费"


def clean(text: str) -> str:
    """The text without characters that can't be seen or that turn the reading direction; line breaks become spaces."""
    if text.isprintable():  # nearly always: nothing to look for one by one
        return text.strip()
    seen = (" " if c in "\r\n\t\u2028\u2029" else c for c in text)
    return "".join(c for c in seen if unicodedata.category(c) not in _UNSEEN).strip()


def shown(value: Any) -> str | None:
    """A fact as a person reads it, or None for what has no plain reading (nothing, a mapping, a row)."""
    if type(value) is str:  # most of them are
        return _text(value)
    text: str | None = None
    match value:
        case StrEnum():
            text = label(value)
        case bool():
            text = "是" if value else "否"
        case str():
            text = _text(value)
        case int() | float():
            text = str(value)
        case datetime():
            text = when(value)
        case date():
            text = day(value)
        case list() | tuple() | set() | frozenset():
            text = _list(value)
    return text


def _text(value: str) -> str | None:
    return told(clean(value)[:_LONGEST])


def told(text: str) -> str | None:
    """A text without anything invisible: one of our own words by its Chinese name, anything else as it is."""
    return label(text) if _WORD.fullmatch(text) else text or None


def _list(values: Iterable[Any]) -> str | None:
    return "、".join(text for text in map(shown, values) if text) or None
