"""Which passwords are guessed first, by what people all over the world have chosen (ASVS V6.2.4).

``data/common_passwords.txt.gz`` holds 39,760 of them, lower case, four characters or longer: the union of the password
list of zxcvbn 4.5.0 (MIT licence, 30,000 by frequency in real leaks) and of Django 5.2's ``common-passwords`` (BSD
licence, 19,646). Few of them are as long as a password has to be here, so what is made of two of them, or of one and
digits, is as common: that is how people lengthen the one they had.
"""

import gzip
from functools import cache
from importlib.resources import files

_LONGEST_RUN = 8
"""Digits in a row that are one piece: a year, a day, a counter."""


def is_common(password: str) -> bool:
    """Whether a password is one of the common ones, or no more than two of them or of runs of digits, put together.

    Case, spaces and signs don't count. A password without any letter or digit is common.
    """
    plain = "".join(character for character in password.casefold() if character.isalnum())
    if not plain or password.casefold() in _common():
        return True
    return any(_is_piece(plain[:at]) and (at == len(plain) or _is_piece(plain[at:])) for at in range(1, len(plain) + 1))


def _is_piece(text: str) -> bool:
    return text in _common() or (text.isdigit() and len(text) <= _LONGEST_RUN)


@cache
def _common() -> frozenset[str]:
    packed = files("domain.data").joinpath("common_passwords.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode().split("\n")) - {""}
