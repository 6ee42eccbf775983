"""Evidence of a signature: the bytes that stand for it, the chain that orders it, and what handwriting can't be.

Pure: digests come in as a ``DigestAlgorithm`` and seals are made elsewhere. B53(3)(4): a later change of the
signature or of the content must be detectable; B55: keep version, exact bytes, digest, signer and time.
"""

import hashlib
import json
import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, TypeAlias

from domain.decision import Reason, Verdict

MOST_POINTS = 20_000
MOST_STROKES = 1_000
FEWEST_POINTS = 8  # fewer are a tap, not a signature
BOX = 1000  # the canvas, both ways
_SMALLEST_EXTENT = 50  # thousandths of the canvas, the longer side
_LEAST_INK = 100  # length of all lines together: dots and taps leave none
_LONGEST_WRITING = 30 * 60 * 1000  # milliseconds: the letter is shown for no longer
_SHORTEST_WRITING = 100  # milliseconds with the finger down
_FASTEST_INK = 50  # thousandths of the canvas per millisecond, on average
_LARGEST_INTEGER = 2**53 - 1  # RFC 8785 3.2.2.3: beyond this, readers disagree
_LINK = b"tongban-evidence-1"
_SOURCE = "B53"

Stroke: TypeAlias = Sequence[Sequence[float]]


@dataclass(frozen=True)
class DigestAlgorithm:
    """A digest by name (``sha256``, ``sm3``); ``of`` gives the raw digest of bytes."""

    name: str
    of: Callable[[bytes], bytes]

    def hexadecimal(self, data: bytes) -> str:
        """The digest in lower-case hexadecimal."""
        return self.of(data).hex()


SHA256 = DigestAlgorithm("sha256", lambda data: hashlib.sha256(data).digest())


class PdfProblem(StrEnum):
    """Why a letter's file does not stand: each word is one thing a person can be told."""

    NOT_A_PDF = "not_a_pdf"
    TOO_LARGE = "too_large"
    NOT_SEALED = "not_sealed"  # no signature of ours in it
    SEVERAL_SEALS = "several_seals"
    ADDED_TO = "added_to"  # something was appended after the seal
    CONTENT_CHANGED = "content_changed"
    SEAL_BROKEN = "seal_broken"  # the signature itself was changed, or its key is another
    SEALED_BY_ANOTHER = "sealed_by_another"  # a sound signature, but not by a seal we trust
    SEALED_OUTSIDE_VALIDITY = "sealed_outside_validity"  # at a time the certificate does not cover


@dataclass(frozen=True)
class PdfVerdict:
    """What a letter's file is worth. ``genuine``: sealed by a trusted seal; ``unaltered``: every byte as sealed.

    ``signer`` is the common name of the seal's certificate and ``signed_at`` the time the seal claims; both are None
    unless ``genuine``, since a forger can write anything there.
    """

    genuine: bool
    unaltered: bool
    signer: str | None = None
    signed_at: datetime | None = None
    problems: tuple[PdfProblem, ...] = ()

    @property
    def stands(self) -> bool:
        """True when the file is genuine and unaltered."""
        return self.genuine and self.unaltered and not self.problems


def canonical_evidence(record: Mapping[str, Any]) -> bytes:
    """The record as one byte string, the same on every machine: RFC 8785 (JCS) without floats, text in NFC.

    Days and aware moments become ISO 8601 text, moments in UTC to the microsecond.

    Raises:
        ValueError: a float, a naive moment, an integer beyond 2^53-1, text that is no Unicode, two keys that are one
            in NFC, or a value of another kind.
    """
    return _written(_plain(record)).encode()


def chain_digest(previous: str | None, canonical: bytes, algorithm: DigestAlgorithm = SHA256) -> str:
    """The link of this record to the one before it, as ``<algorithm>:<hexadecimal>``.

    Each link covers the previous one as written, so that neither a record nor the order can change unseen. None
    begins a chain.
    """
    covered = b"\n".join((_LINK, (previous or "").encode(), canonical))
    return f"{algorithm.name}:{algorithm.hexadecimal(covered)}"


def first_broken_link(
    links: Iterable[tuple[bytes, str]], algorithms: Mapping[str, DigestAlgorithm], previous: str | None = None
) -> int | None:
    """Where a chain of (canonical bytes, link) stops holding, counted from 0; None when all of it holds.

    ``algorithms`` by name: a chain may change its digest along the way. A link of an unknown one is broken.
    """
    for position, (canonical, link) in enumerate(links):
        algorithm = algorithms.get(link.partition(":")[0])
        if algorithm is None or chain_digest(previous, canonical, algorithm) != link:
            return position
        previous = link
    return None


def judge_strokes(strokes: Sequence[Stroke]) -> Verdict:
    """Whether this can be handwriting: (x, y, milliseconds) in a box of 0..1000, times rising within a stroke.

    The times of a stroke may count from the first touch or from its own. Codes: ``strokes_too_large``,
    ``strokes_absurd`` (no numbers, outside the box, impossible times or speed), ``strokes_empty`` (nothing, a tap,
    dots). It does not judge whose hand it is.
    """
    if len(strokes) > MOST_STROKES or sum(map(len, strokes)) > MOST_POINTS:
        return _against("strokes_too_large", most=MOST_POINTS)
    if not all(_is_point(point) for stroke in strokes for point in stroke) or not all(map(_rises, strokes)):
        return _against("strokes_absurd")
    if _is_hardly_anything(strokes):
        return _against("strokes_empty")
    return _against("strokes_absurd") if _is_faster_than_a_hand(strokes) else Verdict()


def _against(code: str, **facts: int) -> Verdict:
    return Verdict((Reason(code, _SOURCE, facts),))


def _is_point(point: Sequence[float]) -> bool:
    if len(point) != 3 or not all(_is_number(value) for value in point):
        return False
    x, y, at = point
    return 0 <= x <= BOX and 0 <= y <= BOX and 0 <= at <= _LONGEST_WRITING


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _rises(stroke: Stroke) -> bool:
    return all(one[2] <= next_[2] for one, next_ in pairwise(stroke))


def _is_hardly_anything(strokes: Sequence[Stroke]) -> bool:
    points = [point for stroke in strokes for point in stroke]
    if len(points) < FEWEST_POINTS or _ink(strokes) < _LEAST_INK:
        return True
    xs, ys = [point[0] for point in points], [point[1] for point in points]
    return max(max(xs) - min(xs), max(ys) - min(ys)) < _SMALLEST_EXTENT


def _is_faster_than_a_hand(strokes: Sequence[Stroke]) -> bool:
    writing = sum(stroke[-1][2] - stroke[0][2] for stroke in strokes if stroke)
    return writing < _SHORTEST_WRITING or writing > _LONGEST_WRITING or _ink(strokes) > _FASTEST_INK * writing


def _ink(strokes: Sequence[Stroke]) -> float:
    return sum(math.dist(a[:2], b[:2]) for stroke in strokes for a, b in pairwise(stroke))


def _plain(value: Any) -> Any:
    """The value as None, bool, int, text, list or dict."""
    match value:
        case Mapping():
            return _object(value)
        case list() | tuple():
            return [_plain(item) for item in value]
        case datetime():
            return _moment(value)
        case date():
            return value.isoformat()
    return _scalar(value)


def _scalar(value: Any) -> bool | int | str | None:
    match value:
        case None | bool():
            return value
        case int() if abs(value) <= _LARGEST_INTEGER:
            return int(value)
        case str():
            return unicodedata.normalize("NFC", value)
    raise ValueError(f"evidence can't hold a value of kind {type(value).__name__}, or it is out of range")


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a moment in evidence must know its time zone")
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _object(value: Mapping[Any, Any]) -> dict[str, Any]:
    if not all(isinstance(key, str) for key in value):
        raise ValueError("evidence has text for keys")
    plain = {unicodedata.normalize("NFC", key): _plain(item) for key, item in value.items()}
    if len(plain) != len(value):
        raise ValueError("two keys of the evidence are one and the same in NFC")
    return {key: plain[key] for key in sorted(plain, key=_utf16)}


def _utf16(key: str) -> bytes:
    """The order of keys in RFC 8785: by UTF-16 code units."""
    return key.encode("utf-16-be")


def _written(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
