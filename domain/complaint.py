"""The number of a complaint (投诉编号): read aloud on the phone, so its digits check themselves."""

import re
import unicodedata
from datetime import date

from domain.refusal import Refusal

HIGHEST = 10**6 - 1
_SHAPE = re.compile(r"TS([0-9]{14})")


def make_complaint_number(day: date, random: int) -> str:
    """``TS261121-4839-2064``: day, six random digits, two check digits (ISO 7064 MOD 97-10)."""
    if not 0 <= random <= HIGHEST:
        raise ValueError(f"a complaint number holds 0 to {HIGHEST}")
    body = f"{day:%y%m%d}{random:06d}"
    return _grouped(body + f"{98 - int(body) * 100 % 97:02d}")


def check_complaint_number(text: str) -> str:
    """The number as first given out, from what a person typed. Raises Refusal ``complaint_number_malformed``."""
    plain = re.sub(r"[\s\-‐-―−]", "", unicodedata.normalize("NFKC", text[:60])).upper()
    match = _SHAPE.fullmatch(plain)
    if match is None or int(match[1]) % 97 != 1:
        raise Refusal("complaint_number_malformed")
    return _grouped(match[1])


def _grouped(digits: str) -> str:
    return f"TS{digits[:6]}-{digits[6:10]}-{digits[10:]}"
