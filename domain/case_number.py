"""Numbers people read aloud: ours has two check digits; the police system's acceptance number is only looked at."""

import re
import unicodedata
from datetime import date

from domain.refusal import Refusal

HIGHEST = 10**8 - 1
_SHAPE = re.compile(r"[0-9]{16}")
_ACCEPTANCE = re.compile(r"[0-9A-Z]{10,32}")


def make_case_number(day: date, sequence_or_random: int) -> str:
    """``261120-4839-2017-64``: day, eight digits, two check digits (ISO 7064 MOD 97-10)."""
    if not 0 <= sequence_or_random <= HIGHEST:
        raise ValueError(f"a case number holds 0 to {HIGHEST}")
    body = f"{day:%y%m%d}{sequence_or_random:08d}"
    return _grouped(body + f"{98 - int(body) * 100 % 97:02d}")


def check_case_number(text: str) -> str:
    """The number as first given out, from what a person typed. Raises Refusal ``case_number_malformed``."""
    digits = _plain(text)
    if not _SHAPE.fullmatch(digits) or int(digits) % 97 != 1:
        raise Refusal("case_number_malformed")
    return _grouped(digits)


def check_acceptance_number(text: str) -> str:
    """The 受理号 that the population system made (R143), loosely: 22 digits by the 2004 standard, but newer ones
    may differ (B37). Raises Refusal ``acceptance_number_malformed``."""
    number = _plain(text).upper()
    if not _ACCEPTANCE.fullmatch(number):
        raise Refusal("acceptance_number_malformed", source="R143")
    return number


def _plain(text: str) -> str:
    return re.sub(r"[\s\-‐-―−]", "", unicodedata.normalize("NFKC", text))


def _grouped(digits: str) -> str:
    return "-".join((digits[:6], digits[6:10], digits[10:14], digits[14:]))
