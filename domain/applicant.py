"""Who applies: age, name and phone, as the law and the card count and write them."""

import re
import unicodedata
from datetime import date

from domain.refusal import Refusal

FULL_AGE = 18  # 民法典 17, 27 (B09)
FULL_AGE_FOR_OWN_APPLICATION = 16  # 居民身份证法 Art. 7 (B01); the two answers of 申领原因 (R142) hang on it

_MIDDLE_DOT = "\u00b7"
_LOOKALIKE_DOTS = dict.fromkeys(
    map(ord, "\u2022\u30fb\uff0e\u2027\u2219\u22c5\u00b0\u0387\uff65.\u2024\u25cf"), _MIDDLE_DOT
)
_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LATIN = "A-Za-z\u00c0-\u024f'\\-"
_NAME = re.compile(rf"[{_HAN}]+(?:{_MIDDLE_DOT}[{_HAN}]+)*|[{_LATIN}]+(?:[ {_MIDDLE_DOT}][{_LATIN}]+)*")
_LONGEST_NAME = 100  # B39 asks for room for at least 50 characters
_PHONE = re.compile(r"1[3-9][0-9]{9}")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")


def birthday_in(birth: date, year: int) -> date:
    """The day on which a year of age is completed in ``year``; a 29 February birth completes it on 1 March in a
    common year (B03)."""
    try:
        return birth.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def age_on(birth: date, day: date) -> int:
    """Full years of age on a day; the birthday itself counts as completed (满周岁, B03)."""
    years = day.year - birth.year
    return years if day >= birthday_in(birth, day.year) else years - 1


def sixteenth_birthday(birth: date) -> date:
    """The first day on which a person applies in their own name (B01, B03)."""
    return birthday_in(birth, birth.year + FULL_AGE_FOR_OWN_APPLICATION)


def normalise_name(text: str) -> str:
    """A name as government systems store it: NFC, the separator U+00B7 only, CJK extension planes intact (B39).

    Raises Refusal ``name_malformed``.
    """
    name = unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).translate(_LOOKALIKE_DOTS)
    name = re.sub(rf"\s*{_MIDDLE_DOT}\s*", _MIDDLE_DOT, " ".join(name.split()))
    if not name.isascii():
        name = re.sub(rf"(?<=[{_HAN}]) (?=[{_HAN}])", "", name)
    if not 2 <= len(name) <= _LONGEST_NAME or not _NAME.fullmatch(name):
        raise Refusal("name_malformed", source="B39")
    return name


def normalise_phone(text: str) -> str:
    """An 11-digit mainland mobile number (B41). Raises Refusal ``phone_malformed``."""
    digits = re.sub(r"[\s\-()]", "", unicodedata.normalize("NFKC", text))
    digits = re.sub(r"^(?:\+|00)?86(?=1[0-9]{10}$)", "", digits)
    if not _PHONE.fullmatch(digits):
        raise Refusal("phone_malformed", source="B41")
    return digits


def mask_name(name: str) -> str:
    """The first character and stars: enough for its owner, little for anyone else."""
    return name[:1] + "*" * min(len(name) - 1, 3)


def mask_phone(phone: str) -> str:
    """138****5678."""
    return f"{phone[:3]}****{phone[-4:]}"
