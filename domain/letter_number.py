"""The numbers of papers people hold: read from paper and typed in to verify the letter (承诺书编号) or certificate."""

import re
import unicodedata
from datetime import date

from domain.refusal import Refusal

HIGHEST = 10**12 - 1
_SHAPE = re.compile(r"(CN|HJ)([0-9]{20})")
_LETTER, _CERTIFICATE = "CN", "HJ"


def make_letter_number(day: date, random: int) -> str:
    """``CN261121-4839-2017-5521-64``: day of signing, twelve random digits, two check digits (ISO 7064 MOD 97-10).

    Twelve digits, so that trying numbers finds nobody's letter.
    """
    return _make(_LETTER, day, random)


def make_certificate_number(day: date, random: int) -> str:
    """``HJ261121-…``: the same for a household registration certificate, by its day of issue."""
    return _make(_CERTIFICATE, day, random)


def check_letter_number(text: str) -> str:
    """The number as first given out, from what a person typed. Raises Refusal ``letter_number_malformed``."""
    if (number := _check(_LETTER, text)) is None:
        raise Refusal("letter_number_malformed")
    return number


def check_certificate_number(text: str) -> str:
    """The number as first given out, from what a person typed. Raises Refusal ``certificate_number_malformed``."""
    if (number := _check(_CERTIFICATE, text)) is None:
        raise Refusal("certificate_number_malformed")
    return number


def names_a_certificate(text: str) -> bool:
    """Whether a number is, by its first letters, a certificate's and not a letter's."""
    return _plain(text).startswith(_CERTIFICATE)


def _make(prefix: str, day: date, random: int) -> str:
    if not 0 <= random <= HIGHEST:
        raise ValueError(f"the number of a paper holds 0 to {HIGHEST}")
    body = f"{day:%y%m%d}{random:012d}"
    return _grouped(prefix, body + f"{98 - int(body) * 100 % 97:02d}")


def _check(prefix: str, text: str) -> str | None:
    match = _SHAPE.fullmatch(_plain(text))
    if match is None or match[1] != prefix or int(match[2]) % 97 != 1:
        return None
    return _grouped(prefix, match[2])


def _plain(text: str) -> str:
    return re.sub(r"[\s\-‐-―−]", "", unicodedata.normalize("NFKC", text)).upper()


def _grouped(prefix: str, digits: str) -> str:
    return prefix + "-".join((digits[:6], digits[6:10], digits[10:14], digits[14:18], digits[18:]))
