"""A refusal: what Tongban says no with, in every room.

The code is an English word and public API. The plain Chinese (what happened, what to do next) stands in
``templates/refusals.toml``; each door has one map from code to its own protocol.
"""

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """No, with a code, the facts that fill the sentence, and the source of the rule (an R/B/K/D id) if there is one.

    ``facts`` may be shown to the person who asked; never put another person's data into them.
    """

    def __init__(self, code: str, /, source: str | None = None, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.source = source
        self.facts: Mapping[str, Any] = facts
