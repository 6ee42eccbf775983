"""What WeChat takes in a field of a subscription message, by the prefix of its key (``thing1``, ``time2`` …).

Limits as in WeChat's table of subscription message fields; lengths are counted in UTF-16 units, the strictest reading
of "characters", so that a rare name never makes WeChat refuse the whole message (errcode 47003).
"""

import re
from dataclasses import dataclass

_KEY = re.compile(r"([a-z_]+?)\d+")
_DAY = r"\d{4}年\d{1,2}月\d{1,2}日"
_TIME = r"\d{1,2}:\d{2}(:\d{2})?"
_SEE_APP = "见小程序"


@dataclass(frozen=True)
class _Field:
    longest: int
    shape: re.Pattern[str]
    ellipsis: str = ""
    instead: str = ""  # for an empty value, which WeChat refuses


_FIELDS = {
    "thing": _Field(20, re.compile(r".+"), "…", _SEE_APP),
    "name": _Field(10, re.compile(r".+"), "…", _SEE_APP),
    "phrase": _Field(5, re.compile(r"[\u3400-\u9fff]+"), "", _SEE_APP),
    "character_string": _Field(32, re.compile(r"[!-~]+( [!-~]+)*"), "", "-"),
    "number": _Field(32, re.compile(r"\d+(\.\d+)?")),
    "letter": _Field(32, re.compile(r"[A-Za-z]+")),
    "symbol": _Field(5, re.compile(r"[^\w\s]+")),
    "phone_number": _Field(17, re.compile(r"[\d+\- ]+")),
    "car_number": _Field(8, re.compile(r"\S+")),
    "amount": _Field(12, re.compile(r"[¥$]?\d{1,10}(\.\d+)?元?")),
    "time": _Field(64, re.compile(rf"(({_DAY} ?)?{_TIME}|{_DAY})(~(({_DAY} ?)?{_TIME}|{_DAY}))?")),
    "date": _Field(64, re.compile(rf"({_DAY}|\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}})( ?{_TIME})?")),
}


def clip(key: str, value: str) -> str:
    """The value cut to what the field takes, never in the middle of a character; an empty one gets a stand-in."""
    field = _field(key)
    if field is None:
        return value
    if not value:
        return field.instead
    if _length(value) <= field.longest:
        return value
    kept = value[: field.longest - len(field.ellipsis)]
    while _length(kept) > field.longest - len(field.ellipsis):
        kept = kept[:-1]
    return kept + field.ellipsis


def field_problem(key: str, value: str) -> str | None:
    """Why WeChat would refuse this value in this field, or None."""
    field = _field(key)
    if field is None:
        return "WeChat has no field of this kind"
    if _length(value) > field.longest:
        return f"{value!r} is over {field.longest} characters"
    if not field.shape.fullmatch(value):
        return f"{value!r} is not of the shape WeChat takes"
    return None


def _field(key: str) -> _Field | None:
    match = _KEY.fullmatch(key)
    return _FIELDS.get(match[1]) if match else None


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
