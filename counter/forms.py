"""What a clerk typed, taken out of a form: decoded once, capped, without characters nobody can see (ASVS V1.3.3)."""

import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar
from urllib.parse import parse_qsl

from aiohttp import web

from counter.reading import read_body
from domain.local_time import SHANGHAI
from domain.refusal import Refusal

E = TypeVar("E", bound=StrEnum)

FORM_TYPE = "application/x-www-form-urlencoded"
_MOST_FIELDS = 200
_UNSEEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
_LINE_BREAKS = str.maketrans({"\r": None, "\t": " "})


class Form:
    """A submitted form. Each reader raises Refusal ``malformed`` naming the field by the title the clerk sees."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def raw(self, name: str) -> str:
        """The value as received, empty when missing; sent twice is a refusal, for which of them is meant (V15.3.7)."""
        values = self._values.get(name, [""])
        if len(values) > 1:
            raise _unfit(name, "重复提交")
        return values[0]

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a name, as received."""
        return tuple(self._values.get(name, ()))

    def secret(self, name: str, title: str, longest: int = 256) -> str:
        """A password: as received, neither trimmed nor folded (V6.2.8)."""
        value = self.raw(name)
        if not 0 < len(value) <= longest or "\0" in value:
            raise _unfit(title, "没有填写，或者太长")
        return value

    def maybe(self, name: str, title: str, longest: int = 200) -> str | None:
        """One line of text, trimmed; None when left empty."""
        return _line(self.raw(name), title, longest) or None

    def text(self, name: str, title: str, longest: int = 200) -> str:
        """One line of text that must be there."""
        value = self.maybe(name, title, longest)
        if value is None:
            raise _unfit(title, "没有填写")
        return value

    def lines(self, name: str, title: str, most: int = 20, longest: int = 200) -> tuple[str, ...]:
        """One entry per line, empty ones left out."""
        entries = [_line(line, title, longest) for line in self.raw(name).translate(_LINE_BREAKS).split("\n")]
        kept = tuple(entry for entry in entries if entry)
        if len(kept) > most:
            raise _unfit(title, f"最多{most}项")
        return kept

    def flag(self, name: str) -> bool:
        """True when the box was ticked."""
        return self.raw(name) == "yes"

    def ticked(self, name: str, title: str, most: int = 60) -> tuple[str, ...]:
        """The codes of the boxes ticked under one name."""
        codes = self.all(name)
        if len(codes) > most:
            raise _unfit(title, "选项太多")
        return tuple(dict.fromkeys(_line(code, title, 60) for code in codes))

    def checks(self, name: str) -> dict[str, bool]:
        """The boxes ticked under one name, as code → True."""
        return dict.fromkeys(self.ticked(name, "核验项目"), True)

    def day(self, name: str, title: str) -> date:
        """A day that must be there, as a browser's ``date`` sends it."""
        text = self.text(name, title, 10)
        try:
            day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=SHANGHAI).date()
        except ValueError:
            raise _unfit(title, "请按 2026-01-31 的格式填写") from None
        if not 2000 <= day.year <= 2999:
            raise _unfit(title, "年份不合适")
        return day

    def number(self, name: str, title: str) -> int:
        """A whole number of few digits."""
        text = self.text(name, title, 9)
        if not (text.isascii() and text.isdigit()):
            raise _unfit(title, "请填写整数")
        return int(text)

    def maybe_number(self, name: str, title: str) -> int | None:
        """A whole number; None when left empty."""
        return self.number(name, title) if self.raw(name).strip() else None

    def moment(self, name: str, title: str) -> datetime:
        """A moment in Chinese time, as a browser's ``datetime-local`` sends it."""
        text = self.text(name, title, 16)
        try:
            moment = datetime.strptime(text, "%Y-%m-%dT%H:%M").replace(tzinfo=SHANGHAI)
        except ValueError:
            raise _unfit(title, "请按 2026-01-31T09:00 的格式填写") from None
        if not 2000 <= moment.year <= 2999:
            raise _unfit(title, "年份不合适")
        return moment

    def maybe_moment(self, name: str, title: str) -> datetime | None:
        """A moment; None when left empty."""
        return self.moment(name, title) if self.raw(name) else None

    def choice(self, name: str, title: str, kind: type[E]) -> E:
        """One of the words of an enumeration."""
        try:
            return kind(self.raw(name))
        except ValueError:
            raise _unfit(title, "请从选项中选择") from None

    def maybe_choice(self, name: str, title: str, kind: type[E]) -> E | None:
        """One of the words of an enumeration; None when left empty."""
        return self.choice(name, title, kind) if self.raw(name) else None


async def read_form(request: web.Request) -> Form:
    """The form of a request. Raises Refusal ``malformed`` for what no page of ours sends."""
    if request.content_type != FORM_TYPE:
        raise Refusal("malformed", fields="表单格式")
    try:
        body = (await read_body(request)).decode("ascii")
        pairs = parse_qsl(body, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:  # not ASCII, not UTF-8 behind the percent signs, or too many fields
        raise Refusal("malformed", fields="表单格式") from None
    return Form(pairs)


def read_day(query: Mapping[str, str]) -> date | None:
    """The day a list is asked for; None when not asked."""
    text = query.get("day")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise _unfit("日期", "请按 2026-01-31 的格式填写") from None
    if len(text) != len("2026-01-31") or not 2000 <= day.year <= 2999:
        raise _unfit("日期", "请按 2026-01-31 的格式填写")
    return day


def _line(value: str, title: str, longest: int) -> str:
    text = value.strip()
    if len(text) > longest:
        raise _unfit(title, f"最多{longest}个字")
    if any(unicodedata.category(character) in _UNSEEN for character in text):
        raise _unfit(title, "含有看不见的字符，请重新输入")
    return text


def _unfit(title: str, what: str) -> Refusal:
    return Refusal("malformed", fields=f"{title}（{what}）")
