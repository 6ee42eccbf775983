"""Filling a text with facts: ``{fact}`` is replaced, ``[[…]]`` goes away when a fact in it is missing.

One pass, no expressions: what a fact holds is never read again, so braces typed by a citizen stay braces.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from templates.shown import shown

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_OPTIONAL = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)


@lru_cache(maxsize=1024)  # the texts are our own templates: a few hundred, each filled thousands of times
def placeholders(text: str) -> frozenset[str]:
    """Every fact the text can take."""
    return frozenset(_PLACEHOLDER.findall(text))


def needed(text: str) -> frozenset[str]:
    """The facts the text can't do without: those outside ``[[…]]``."""
    return placeholders(_OPTIONAL.sub("", text))


def fill(text: str, facts: Mapping[str, Any]) -> str:
    """The text with its facts as people read them; a missing fact leaves nothing behind."""
    return put(text, {name: seen for name in placeholders(text) if (seen := shown(facts.get(name)))})


def put(text: str, values: Mapping[str, str]) -> str:
    """The same with facts that already are as people read them; none is empty, none is for another text."""
    pattern, names = _pattern(text, placeholders(text).difference(values))
    return pattern % tuple([values[name] for name in names])


@lru_cache(maxsize=4096)  # as many again as a few of them may miss
def _pattern(text: str, missing: frozenset[str]) -> tuple[str, list[str]]:
    """The text ready for ``%`` without the facts that are missing, and the others in their order."""
    kept = _OPTIONAL.sub(lambda part: "" if placeholders(part[1]) & missing else part[1], text).replace("%", "%%")
    names = [name for name in _PLACEHOLDER.findall(kept) if name not in missing]
    return _PLACEHOLDER.sub(lambda name: "" if name[1] in missing else "%s", kept), names
