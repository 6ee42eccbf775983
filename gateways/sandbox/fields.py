"""What may stand in a field of a subscription message, by the prefix of its key (WeChat's table, protocol 2.3)."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from gateways.sandbox.answers import WireError

_CLOCK = r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?"
_M, _D = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_DAY = rf"\d{{4}}(?:年{_M}月{_D}日|-{_M}-{_D}|/{_M}/{_D}|\.{_M}\.{_D})"
_TIME = re.compile(rf"(?:{_DAY} ?)?{_CLOCK}")
_DATE = re.compile(rf"{_DAY}(?: ?{_CLOCK})?")
_HAN = r"[\u3400-\u9fff\U00020000-\U0003ffff]"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def _points(point: re.Pattern[str]) -> Callable[[str], bool]:
    """One moment, or two joined by a tilde."""

    def allowed(text: str) -> bool:
        parts = text.split("~")
        return len(parts) <= 2 and all(point.fullmatch(part.strip()) for part in parts)

    return allowed


def _name(text: str) -> bool:
    """Ten characters with Chinese in it, twenty without; never a digit."""
    limit = 10 if re.search(_HAN, text) else 20
    return 1 <= len(text) <= limit and not re.search(r"\d", text)


_RULES: Mapping[str, Callable[[str], bool]] = {
    "thing": _matches(r".{1,20}"),
    "number": _matches(r"(?=.{1,32}$)-?\d+(\.\d+)?"),
    "letter": _matches(r"[A-Za-z]{1,32}"),
    "symbol": _matches(r"[^\w\s]{1,5}"),
    "character_string": _matches(r"[\x20-\x7e]{1,32}"),
    "time": _points(_TIME),
    "date": _points(_DATE),
    "amount": _matches(r"[^\w\s]?\d{1,10}(\.\d+)?元?"),
    "phone_number": _matches(r"[\d+() -]{1,17}"),
    "car_number": _matches(r".{1,8}"),
    "name": _name,
    "phrase": _matches(_HAN + "{1,5}"),
    "enum": _matches(r".{1,20}"),
    "enum_string": _matches(r".{1,20}"),
}


def check_fields(template: Mapping[str, str], data: Any) -> dict[str, str]:
    """Return the texts of a message by key; raise 47003 naming the first key that doesn't fit the template.

    Stricter than WeChat in one point: a key the template doesn't have is refused too, not dropped in silence.
    """
    if not isinstance(data, dict):
        raise WireError(47003)
    for key in [*template, *data]:
        if key not in template or not _fits(key, data.get(key)):
            raise WireError(47003, f"data.{key}.value invalid")
    return {key: data[key]["value"] for key in template}


def _fits(key: str, field: Any) -> bool:
    value = field.get("value") if isinstance(field, dict) else None
    if not isinstance(value, str) or _CONTROL.search(value):
        return False
    rule = _RULES.get(key.rstrip("0123456789"))
    return rule is not None and rule(value)
