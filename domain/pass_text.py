"""The pass as text: ``TB1:`` and Base45, whole in one QR code or in numbered parts (``docs/handoff-format.md``).

Everything is of the QR alphanumeric set, so that a wedge scanner can type it and a code stays small.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

from domain.refusal import Refusal

PREFIX = "TB1:"
ONE_CODE = 1451
"""Characters one QR code of version 25 holds at level M: what is longer is split."""
MOST_PARTS = 4
LONGEST = 5_400
"""Characters of the longest pass."""

_PART = re.compile(r"TB1\.([1-4])\.([2-4])\.([0-9A-F]{8}):([0-9A-Z $%*+\-./:]+)")
_WHOLE = re.compile(r"TB1:([0-9A-Z $%*+\-./:]+)")
_PART_HEAD = len("TB1.1.2.00000000:")
_UNIT = 3  # Base45 writes two bytes as three characters, and the third one is never a blank


def whole_text(body: str) -> str:
    """The text of a pass from its Base45."""
    return PREFIX + body


def split_text(text: str, one_code: int = ONE_CODE) -> tuple[str, ...]:
    """The text in as few parts as fit; as it is where it fits whole. No part ends in a blank, which scanners drop.

    Raises ValueError for a text over ``LONGEST``: no case is that long.
    """
    if len(text) <= one_code:
        return (text,)
    body = text.removeprefix(PREFIX)
    count = -(-len(body) // (one_code - _PART_HEAD - _UNIT))
    if count > MOST_PARTS or len(text) > LONGEST:
        raise ValueError("a pass holds one case")
    size = -(-len(body) // count // _UNIT) * _UNIT
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    return tuple(f"TB1.{n}.{len(chunks)}.{_fingerprint(body)}:{chunk}" for n, chunk in enumerate(chunks, start=1))


def is_pass(text: str) -> bool:
    """Whether what was scanned or pasted begins like an offline pass or a part of one."""
    return as_scanned(text[:40]).startswith(("TB1:", "TB1."))


def as_scanned(text: str) -> str:
    """One line as it was printed: a Chinese input method's full width and a caps lock are undone, the ends trimmed."""
    return unicodedata.normalize("NFKC", text).upper().strip()


def join_text(lines: Iterable[str]) -> str:
    """The Base45 of one pass from everything that was scanned for it, in any order, repeats allowed.

    Raises:
        Refusal: ``pass_too_long``, ``pass_is_code`` for the online code, ``pass_foreign`` for what is no pass,
            ``pass_damaged``, ``pass_parts_missing``, ``pass_parts_mixed``.
    """
    texts = tuple(dict.fromkeys(_known(line) for line in lines))
    if not texts:
        raise Refusal("pass_foreign")
    whole = [match[1] for text in texts if (match := _WHOLE.fullmatch(text))]
    if whole:
        if len(texts) > 1:
            raise Refusal("pass_parts_mixed")
        return whole[0]
    return _joined([match for text in texts if (match := _PART.fullmatch(text))])


def _known(line: str) -> str:
    if len(line) > LONGEST:
        raise Refusal("pass_too_long")
    text = as_scanned(line)
    if text.startswith("TB-"):
        raise Refusal("pass_is_code")
    if not is_pass(text):
        raise Refusal("pass_foreign")
    if not _WHOLE.fullmatch(text) and not _PART.fullmatch(text):
        raise Refusal("pass_damaged")
    return text


def _joined(parts: Sequence[re.Match[str]]) -> str:
    if len({(part[2], part[3]) for part in parts}) != 1:
        raise Refusal("pass_parts_mixed")
    by_number = {int(part[1]): part[4] for part in parts}
    count = int(parts[0][2])
    missing = [str(number) for number in range(1, count + 1) if number not in by_number]
    if missing:
        raise Refusal("pass_parts_missing", missing=missing, count=count)
    body = "".join(by_number[number] for number in range(1, count + 1))
    if len(by_number) != len(parts) or max(by_number) > count or _fingerprint(body) != parts[0][3]:
        raise Refusal("pass_damaged")
    return body


def _fingerprint(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:8].upper()
