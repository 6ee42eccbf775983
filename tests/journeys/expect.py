"""Saying what should be and finding what is. A difference ends the journey."""

from collections.abc import Collection
from typing import Any


class NotAsItShouldBe(Exception):
    """One thing differs: what it is, what the rules say, and what came."""

    def __init__(self, what: str, expected: Any, came: Any) -> None:
        super().__init__(f"{what}: expected {expected!r}, but {came!r} came")
        self.what, self.expected, self.came = what, expected, came


def same(what: str, came: Any, expected: Any) -> None:
    """Both are equal."""
    if came != expected:
        raise NotAsItShouldBe(what, expected, came)


def has(what: str, whole: Collection[Any] | str, *parts: Any) -> None:
    """Every part is there."""
    missing = [part for part in parts if part not in whole]
    if missing:
        raise NotAsItShouldBe(what, missing, whole)


def lacks(what: str, whole: Collection[Any] | str, *parts: Any) -> None:
    """No part is there."""
    found = [part for part in parts if part in whole]
    if found:
        raise NotAsItShouldBe(what, f"nothing of {found!r}", whole)
