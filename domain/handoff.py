"""The hand-off code: opaque, single use, no personal data in it; typable by a human when the scanner fails (R076, B74).

``TB-`` and seven groups of four: 26 characters carry 128 random bits, two are check characters.
"""

import re
import unicodedata
from enum import StrEnum

from domain.refusal import Refusal

PREFIX = "TB"
_FOREIGN = re.compile(r"[a-z][a-z0-9+.-]*:|www\.|[{<\[]", re.IGNORECASE)
_LONGEST_NUMBER = 60
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: they are read as 1, 1, 0 and V
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_AS_MEANT = str.maketrans("OIL", "011")
_RANDOM_BYTES = 16
_BODY, _GROUP = 26, 4
_FIELD = 0b100101  # x^5 + x^2 + 1: arithmetic in the field of 32 elements
_DOUBLED = tuple(element << 1 ^ (_FIELD if element & 16 else 0) for element in range(32))


def new_code(random_bytes: bytes) -> str:
    """A code from at least 16 random bytes, the first 16 of which are used (128 bits)."""
    if len(random_bytes) < _RANDOM_BYTES:
        raise ValueError("a hand-off code needs 16 random bytes")
    number = int.from_bytes(random_bytes[:_RANDOM_BYTES], "big")
    body = [number >> 5 * place & 31 for place in reversed(range(_BODY))]
    return _grouped("".join(_ALPHABET[value] for value in [*body, *_checks(body)]))


class Scanned(StrEnum):
    """What a text from the scan box can be."""

    CODE = "code"
    NUMBER = "number"


def what_was_scanned(text: str) -> Scanned:
    """Whether it looks like a hand-off code or like a number of a case.

    Raises:
        Refusal: ``scan_not_ours`` for an address, a payment code or another vendor's data; ``code_malformed`` for a
            code of ours that is damaged.
    """
    plain = unicodedata.normalize("NFKC", text[: _LONGEST_NUMBER * 4]).strip()
    try:
        normalise_code(plain)
    except Refusal:
        if plain.upper().startswith(PREFIX):
            raise
        if _FOREIGN.match(plain) or len(plain) > _LONGEST_NUMBER:
            raise Refusal("scan_not_ours") from None
        return Scanned.NUMBER
    return Scanned.CODE


def normalise_code(text: str) -> str:
    """The code as first given out, from what a person typed or a wedge scanner sent.

    Small letters, full width, blanks, line ends and any dashes are taken; O, I and L are read as 0, 1 and 1. Raises
    Refusal ``code_malformed``.
    """
    characters = [c for c in unicodedata.normalize("NFKC", text[:200]).upper() if c.isalnum()]
    code = "".join(characters)
    code = code.removeprefix(PREFIX) if len(code) == len(PREFIX) + _BODY + 2 else code
    code = code.translate(_AS_MEANT)
    if len(code) != _BODY + 2 or not set(code) <= _VALUES.keys():
        raise Refusal("code_malformed")
    values = [_VALUES[character] for character in code]
    if values[_BODY:] != _checks(values[:_BODY]):
        raise Refusal("code_malformed")
    return _grouped(code)


def _grouped(code: str) -> str:
    return "-".join([PREFIX, *(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))])


def _checks(values: list[int]) -> list[int]:
    """Two check values; any one wrong character and any two neighbours swapped are noticed."""
    once = twice = 0
    for value in values:
        once = _DOUBLED[once] ^ value
        twice = _DOUBLED[_DOUBLED[twice]] ^ value
    return [once, twice]
