"""The 18-character citizen identity number (GB 11643-1999)."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from domain.refusal import Refusal
from domain.terms import Sex

_SHAPE = re.compile(r"[1-9][0-9]{16}[0-9X]")
_CHECK_CHARACTERS = "10X98765432"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_EARLIEST_BIRTH = date(1850, 1, 1)  # older than anyone alive; catches typing slips in the century

# The province part only. 81, 82, 83 are residence permits of Hong Kong, Macao and Taiwan residents, 9x those of
# permanent residents from abroad: a guardian may hold one.
_PROVINCE_PREFIXES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[1-9]")


@dataclass(frozen=True, repr=False)
class IdentityNumber:
    """A number that has passed every check; ``region`` is the county of first registration, perhaps long abolished."""

    text: str
    birth_date: date
    sex: Sex
    region: str

    @property
    def masked(self) -> str:
        """First three and last four characters, for lists and messages."""
        return mask_number(self.text)

    def __repr__(self) -> str:
        return f"IdentityNumber({self.masked})"


def mask_number(text: str) -> str:
    """First three and last four characters of a number as it is kept."""
    return f"{text[:3]}{'*' * 11}{text[-4:]}"


def parse_identity_number(text: str, today: date) -> IdentityNumber:
    """Read a number as people type it: full-width digits, inner spaces and a small x are taken.

    An unknown county code is never a reason to refuse (B31). Raises Refusal ``identity_number_malformed``,
    ``identity_number_birth_date`` or ``identity_number_check_digit`` (B30).
    """
    number = _as_written_in_the_standard(text)
    if not _SHAPE.fullmatch(number) or not _PROVINCE_PREFIXES.match(number):
        raise Refusal("identity_number_malformed", source="B30")
    birth = _birth_date(number[6:14], today)
    if check_character(number[:17]) != number[17]:
        raise Refusal("identity_number_check_digit", source="B30")
    sex = Sex.MALE if int(number[16]) % 2 else Sex.FEMALE
    return IdentityNumber(text=number, birth_date=birth, sex=sex, region=number[:6])


def check_character(first_seventeen: str) -> str:
    """The eighteenth character belonging to seventeen digits (weights and modulus of GB 11643, B30)."""
    total = sum(int(digit) * weight for digit, weight in zip(first_seventeen, _WEIGHTS, strict=True))
    return _CHECK_CHARACTERS[total % 11]


def _as_written_in_the_standard(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()


def _birth_date(digits: str, today: date) -> date:
    try:
        birth = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        raise Refusal("identity_number_birth_date", source="B30") from None
    if not _EARLIEST_BIRTH <= birth <= today:
        raise Refusal("identity_number_birth_date", source="B30")
    return birth
