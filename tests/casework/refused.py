"""Saying that an act refuses, and which of many acts at once did."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from domain.refusal import Refusal
from templates.refusals import known_refusals

DONE = "done"


@contextmanager
def refused(code: str, **facts: Any) -> Iterator[Refusal]:
    """The block is refused with this code and at least these facts; the code has its words."""
    said = Refusal(code)
    with pytest.raises(Refusal) as caught:
        yield said
    assert caught.value.code == code
    assert {name: caught.value.facts.get(name) for name in facts} == facts
    assert code in known_refusals()
    said.facts, said.source = caught.value.facts, caught.value.source


async def at_once(acts: Iterable[Awaitable[Any]]) -> Counter[str]:
    """Do all of it at the same time; how many were done, and how many refused with which code."""
    outcomes = await asyncio.gather(*acts, return_exceptions=True)
    return Counter(map(_verdict, outcomes))


def _verdict(outcome: Any) -> str:
    if isinstance(outcome, Refusal):
        return outcome.code
    if isinstance(outcome, BaseException):
        raise outcome
    return DONE
