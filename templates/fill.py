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
    values = {name: seen for name in placeholders(text) if (seen := shown(facts.get(name)))}
    kept = _OPTIONAL.sub(lambda part: part[1] if placeholders(part[1]) <= values.keys() else "", text)
    return _PLACEHOLDER.sub(lambda name: values.get(name[1], ""), kept)
