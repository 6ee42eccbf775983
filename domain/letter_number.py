"""The number of a signed letter (承诺书编号): people read it from paper and type it in to verify the letter."""

import re
import unicodedata
from datetime import date

from domain.refusal import Refusal

HIGHEST = 10**12 - 1
_SHAPE = re.compile(r"CN([0-9]{20})")


def make_letter_number(day: date, random: int) -> str:
    """``CN261121-4839-2017-5521-64``: day of signing, twelve random digits, two check digits (ISO 7064 MOD 97-10).

    Twelve digits, so that trying numbers finds nobody's letter.
    """
    if not 0 <= random <= HIGHEST:
        raise ValueError(f"a letter number holds 0 to {HIGHEST}")
    body = f"{day:%y%m%d}{random:012d}"
    return _grouped(body + f"{98 - int(body) * 100 % 97:02d}")


def check_letter_number(text: str) -> str:
    """The number as first given out, from what a person typed. Raises Refusal ``letter_number_malformed``."""
    plain = re.sub(r"[\s\-‐-―−]", "", unicodedata.normalize("NFKC", text)).upper()
    match = _SHAPE.fullmatch(plain)
    if match is None or int(match[1]) % 97 != 1:
        raise Refusal("letter_number_malformed")
    return _grouped(match[1])


def _grouped(digits: str) -> str:
    return "CN" + "-".join((digits[:6], digits[6:10], digits[10:14], digits[14:18], digits[18:]))
