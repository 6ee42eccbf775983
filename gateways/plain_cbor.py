"""CBOR (RFC 8949) as the pass uses it, read from bytes nobody vouches for yet.

The library turns tags into regular expressions, fractions and shared references while it reads. So the bytes are
walked first: definite lengths, few levels, integers, strings, arrays, maps and three simple values; a tag at the very
front only.
"""

from typing import Any

import cbor2

from domain.refusal import Refusal

_DEEPEST = 5
_SIMPLE = frozenset({20, 21, 22})  # false, true, null
_ARGUMENT_BYTES = {24: 1, 25: 2, 26: 4, 27: 8}


def write_cbor(value: Any) -> bytes:
    """Deterministic CBOR."""
    written: bytes = cbor2.dumps(value, canonical=True)
    return written


def read_cbor(data: bytes, *, tag: int | None = None) -> Any:
    """The one value in these bytes; ``tag``: that one must stand in front, and its content is returned.

    Raises:
        Refusal: ``pass_damaged``.
    """
    try:
        end = _walk(data, 0, 0)
        value = cbor2.loads(data)
    except (cbor2.CBORDecodeError, ValueError, IndexError):
        raise Refusal("pass_damaged") from None
    found = value.tag if isinstance(value, cbor2.CBORTag) else None
    if end != len(data) or found != tag:
        raise Refusal("pass_damaged")
    return value.value if isinstance(value, cbor2.CBORTag) else value


def _walk(data: bytes, at: int, depth: int) -> int:
    """Where the item at ``at`` ends. Raises ValueError or IndexError for what a pass never holds."""
    if depth > _DEEPEST:
        raise ValueError("too deep")
    major, short = data[at] >> 5, data[at] & 31
    argument, at = _argument(data, at + 1, short)
    match major:
        case 0 | 1:
            return at
        case 2 | 3:
            return _within(data, at + argument)
        case 4 | 5:
            return _walk_all(data, at, depth + 1, argument * (major - 3))
        case 6 if depth == 0 and argument in {16, 18}:
            return _walk(data, at, 1)
        case 7 if short in _SIMPLE:
            return at
    raise ValueError("nothing a pass holds")


def _walk_all(data: bytes, at: int, depth: int, count: int) -> int:
    if count > len(data):
        raise ValueError("more items than bytes")
    for _ in range(count):
        at = _walk(data, at, depth)
    return at


def _argument(data: bytes, at: int, short: int) -> tuple[int, int]:
    if short < 24:
        return short, at
    size = _ARGUMENT_BYTES[short] if short in _ARGUMENT_BYTES else len(data) + 1
    return int.from_bytes(data[at : _within(data, at + size)], "big"), at + size


def _within(data: bytes, end: int) -> int:
    if end > len(data):
        raise ValueError("the end is missing")
    return end
