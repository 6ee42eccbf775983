"""Commitment letters (告知承诺书): the published text, word for word, and the signed letter for reading and archiving.

One folder per version under ``letters/``: ``letter.txt`` is the prescribed text (first line the title), ``meta.toml``
its source, first day and SHA-256. Which version a case needs is a rule (``domain.commitment``), not said here.
"""

import tomllib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from math import isfinite
from pathlib import Path
from typing import Any, TypeAlias

from domain.refusal import Refusal
from domain.terms import SignerCapacity
from templates.pages import render_page

_FOLDER = Path(__file__).parent / "letters"
_BOX = 1000.0  # strokes come in a box of 0..1000 both ways
_MARGIN = 30.0

Stroke: TypeAlias = Sequence[Sequence[float]]


@dataclass(frozen=True)
class LetterText:
    """A prescribed letter. ``text`` is the exact text to be signed: title and paragraphs joined by line breaks."""

    version: str
    title: str
    paragraphs: tuple[str, ...]
    text: str
    source: str
    first_day: date


def letter_text(version: str) -> LetterText:
    """The letter of a version; raises Refusal ``letter_version_unknown`` (the version may come from anyone)."""
    if version not in known_letters():
        raise Refusal("letter_version_unknown", source="R062")
    return _letter(version)


@cache
def known_letters() -> frozenset[str]:
    """Every version that has a text."""
    return frozenset(path.parent.name for path in _FOLDER.glob("*/letter.txt"))


def check_letters() -> list[str]:
    """Every problem of the letter folders, for the operator; empty when all is well. Run at start.

    A text that no longer has the SHA-256 written beside it was changed by hand, and nothing may be signed on it.
    """
    return [problem for version in sorted(known_letters()) for problem in _problems_of(version)]


def render_signed_letter(
    letter: LetterText,
    *,
    facts: Mapping[str, str],
    signer: str,
    capacity: SignerCapacity,
    signed_at: datetime,
    digest: str,
    strokes: Sequence[Stroke],
    minor: str | None = None,
    confirmed: bool = False,
) -> str:
    """The signed letter as one HTML file that asks nothing from outside.

    ``facts`` are the case's facts, Chinese name → value, set apart from the prescribed text. A guardian signs as 监护人
    with the minor's name printed (D6): a guardian's letter without ``minor`` is a ValueError. ``strokes`` are drawn as
    written. Until the counter confirms it, the letter is marked 待窗口确认 (D8).
    """
    if (capacity is SignerCapacity.GUARDIAN) != (minor is not None):
        raise ValueError("a guardian's letter names the minor, an applicant's does not")
    paths = [path for path in map(_path, strokes) if path]
    return render_page(
        "letter/signed.html",
        letter=letter, facts=facts, signer=signer, capacity=capacity, minor=minor, signed_at=signed_at, digest=digest,
        paths=paths, view_box=_view_box(strokes), confirmed=confirmed, policy=signed_letter_policy(),
    )  # fmt: skip


@cache
def signed_letter_policy() -> str:
    """The Content-Security-Policy a door sends with a signed letter: nothing but the style it carries itself."""
    style = render_page("letter/signed.css")
    fingerprint = b64encode(sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{fingerprint}'; base-uri 'none'; form-action 'none'"


@cache
def _letter(version: str) -> LetterText:
    text = _prescribed(version)
    meta = _meta(version)
    title, *paragraphs = text.split("\n")
    return LetterText(
        version=version,
        title=title,
        paragraphs=tuple(paragraphs),
        text=text,
        source=str(meta["source"]),
        first_day=meta["first_day"],
    )


def _problems_of(version: str) -> list[str]:
    try:
        letter, meta = _letter(version), _meta(version)
        changed = sha256(letter.text.encode()).hexdigest() != meta["sha256"]
    except (OSError, ValueError, KeyError) as error:
        return [f"letters/{version}: can't be read: {error!r}"]
    return [f"letters/{version}: the text does not have the sha256 of meta.toml"] if changed else []


def _prescribed(version: str) -> str:
    return (_FOLDER / version / "letter.txt").read_bytes().decode("utf-8").removesuffix("\n")


def _meta(version: str) -> dict[str, Any]:
    return tomllib.loads((_FOLDER / version / "meta.toml").read_text(encoding="utf-8"))


def _points(stroke: Stroke) -> list[tuple[float, float]]:
    pairs = ((float(point[0]), float(point[1])) for point in stroke if len(point) >= 2)
    return [(_inside(x), _inside(y)) for x, y in pairs if isfinite(x) and isfinite(y)]


def _inside(value: float) -> float:
    return round(min(max(value, 0.0), _BOX), 1)


def _path(stroke: Stroke) -> str:
    points = _points(stroke)
    if len(points) == 1:
        points *= 2  # a dot: a line of no length with round ends
    return "M" + " L".join(f"{x:g} {y:g}" for x, y in points) if points else ""


def _view_box(strokes: Sequence[Stroke]) -> str:
    points = [point for stroke in strokes for point in _points(stroke)] or [(0.0, 0.0), (_BOX, _BOX)]
    left, top = (min(axis) - _MARGIN for axis in zip(*points, strict=True))
    right, bottom = (max(axis) + _MARGIN for axis in zip(*points, strict=True))
    return f"{left:g} {top:g} {right - left:g} {bottom - top:g}"
