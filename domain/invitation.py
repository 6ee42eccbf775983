"""An invitation to a service on trial (R019): a code an officer gives to somebody who needs it, good for one account.

``YQ-`` and two groups of five: 50 random bits, for one item at one point, for some weeks. Nothing personal is in it.
"""

import unicodedata
from typing import Final

from domain.refusal import Refusal

PREFIX: Final = "YQ"
MOST_AT_ONCE: Final = 50
LONGEST_DAYS: Final = 92
"""A trial is over in weeks; whoever did not come by then is invited anew."""
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: they are read as 1, 1, 0 and V
_AS_MEANT = str.maketrans("OIL", "011")
_LENGTH, _GROUP = 10, 5
RANDOM_BYTES: Final = 7


def new_invitation(random_bytes: bytes) -> str:
    """A code from at least seven random bytes."""
    if len(random_bytes) < RANDOM_BYTES:
        raise ValueError("an invitation needs seven random bytes")
    number = int.from_bytes(random_bytes[:RANDOM_BYTES], "big")
    return _grouped("".join(_ALPHABET[number >> 5 * place & 31] for place in range(_LENGTH)))


def normalise_invitation(text: str) -> str:
    """The code as it was given out, from what a person typed. Raises Refusal ``invitation_malformed``."""
    plain = unicodedata.normalize("NFKC", text[:60]).upper()
    body = "".join(character for character in plain if character.isalnum()).removeprefix(PREFIX).translate(_AS_MEANT)
    if len(body) != _LENGTH or not set(body) <= set(_ALPHABET):
        raise Refusal("invitation_malformed", source="R019")
    return _grouped(body)


def _grouped(body: str) -> str:
    return "-".join([PREFIX, body[:_GROUP], body[_GROUP:]])
