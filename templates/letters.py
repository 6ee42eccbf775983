"""Commitment letters (告知承诺书): the published text, word for word, and the signed letter for reading and archiving.

One folder per version, under ``letters/`` or in the operator's own folder: ``letter.txt`` is the prescribed text
(first line the title), ``meta.toml`` says what it is for (item, scope, place of acceptance), its source, first day and
SHA-256. From its first day on the newest text for a place is the one to sign. Whether a letter is needed at all is a
rule (``domain.commitment``), not said here.
"""

import re
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
from domain.terms import ServiceItem, ServiceScope, SignerCapacity
from templates.pages import render_page

_FOLDER = Path(__file__).parent / "letters"
_BOX = 1000.0  # strokes come in a box of 0..1000 both ways
_MARGIN = 30.0
_LONGEST_NAME = 80  # of a version: a column keeps it

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


class BrokenLetters(Exception):
    """Letters nobody may sign on; ``problems`` says all of them."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def letter_text(version: str, more: Path | None = None) -> LetterText:
    """The letter of a version; raises Refusal ``letter_version_unknown`` (the version may come from anyone).

    ``more``: the operator's own folder of letters, beside those that come with the program.
    """
    if version not in known_letters(more):
        raise Refusal("letter_version_unknown", source="R062")
    return _shelf(more)[version].letter


def known_letters(more: Path | None = None) -> frozenset[str]:
    """Every version that has a text."""
    return frozenset(_folders(more))


def version_in_force(
    item: ServiceItem, scope: ServiceScope, residence: str, day: date, more: Path | None = None
) -> str | None:
    """The version to sign on a day where somebody applies; None while no source gives a text (D1).

    The text of the narrowest place wins (a city's over its province's), then the newest.
    """
    fitting = [placed for placed in _shelf(more).values() if placed.fits(item, scope, residence, day)]
    newest = max(fitting, key=lambda placed: (len(placed.residence), placed.letter.first_day), default=None)
    return newest.letter.version if newest else None


def check_letters(more: Path | None = None) -> list[str]:
    """Every problem of the letter folders, for the operator; empty when all is well. Run at start.

    A text that no longer has the SHA-256 written beside it was changed by hand, and nothing may be signed on it. Two
    texts for one place from one day on leave open which to sign.
    """
    if more is not None and not more.is_dir():
        return [f"letters: {more} is no folder"]
    problems = [problem for version in sorted(_folders(more)) for problem in _problems_of(_folders(more)[version])]
    return problems or _rivals(more)


def insist_on_letters(more: Path | None) -> None:
    """Raise BrokenLetters unless every letter can be signed."""
    if problems := check_letters(more):
        raise BrokenLetters(problems)


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


@dataclass(frozen=True)
class _Placed:
    """A letter and what it is for; ``residence`` is the beginning of the division code of the place of acceptance."""

    letter: LetterText
    item: ServiceItem
    scope: ServiceScope
    residence: str

    def fits(self, item: ServiceItem, scope: ServiceScope, residence: str, day: date) -> bool:
        asked = (item, scope, residence.startswith(self.residence))
        return asked == (self.item, self.scope, True) and self.letter.first_day <= day


@cache
def _folders(more: Path | None) -> Mapping[str, Path]:
    """The folder of each version; a version of ours can't be replaced, only followed by another."""
    places = (more, _FOLDER) if more and more.is_dir() else (_FOLDER,)
    return {path.parent.name: path.parent for place in places for path in place.glob("*/letter.txt")}


@cache
def _shelf(more: Path | None) -> Mapping[str, _Placed]:
    """Every letter, read once. Raises BrokenLetters for what can't be read."""
    try:
        return {version: _placed(folder) for version, folder in _folders(more).items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenLetters(check_letters(more)) from error


def _placed(folder: Path) -> _Placed:
    text, meta = _prescribed(folder), _meta(folder)
    title, *paragraphs = text.split("\n")
    if type(meta["first_day"]) is not date or not re.fullmatch(r"([0-9]{2}){0,3}", meta["residence"]):
        raise ValueError("first_day is a day, and residence the beginning of a division code")
    letter = LetterText(folder.name, title, tuple(paragraphs), text, str(meta["source"]), meta["first_day"])
    return _Placed(letter, ServiceItem(meta["item"]), ServiceScope(meta["scope"]), meta["residence"])


def _problems_of(folder: Path) -> list[str]:
    try:
        placed, meta = _placed(folder), _meta(folder)
        changed = sha256(placed.letter.text.encode()).hexdigest() != meta["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"letters/{folder.name}: can't be read: {error!r}"]
    if len(folder.name) > _LONGEST_NAME or not placed.letter.paragraphs or not placed.letter.source.strip():
        return [f"letters/{folder.name}: a letter has a name of at most {_LONGEST_NAME} letters, a text and a source"]
    return [f"letters/{folder.name}: the text does not have the sha256 of meta.toml"] if changed else []


def _rivals(more: Path | None) -> list[str]:
    first: dict[tuple[object, ...], str] = {}
    problems = []
    for version, placed in sorted(_shelf(more).items()):
        slot = (placed.item, placed.scope, placed.residence, placed.letter.first_day)
        if first.setdefault(slot, version) != version:
            problems.append(f"letters/{version}: {first[slot]} is for the same place from the same day")
    return problems


def _prescribed(folder: Path) -> str:
    return (folder / "letter.txt").read_bytes().decode("utf-8").removesuffix("\n")


def _meta(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "meta.toml").read_text(encoding="utf-8"))


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
