"""A decision is a value with its reasons and sources, not an exception and not a bare bool."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.refusal import Refusal


@dataclass(frozen=True)
class Reason:
    """One reason against, told together with all the others (一次性告知, B10).

    ``code`` is also a key of ``templates/refusals.toml``; ``source`` is the document the rule stands in.
    """

    code: str
    source: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """Allowed, or refused with every reason at once."""

    reasons: tuple[Reason, ...] = ()

    @property
    def allowed(self) -> bool:
        """True when nothing stands against it."""
        return not self.reasons

    def insist(self) -> None:
        """Raise the first reason as a Refusal that lists all of them; do nothing when allowed."""
        if self.reasons:
            first = self.reasons[0]
            raise Refusal(
                first.code,
                source=first.source,
                **{**first.facts, "reasons": [{"code": r.code, "source": r.source, **r.facts} for r in self.reasons]},
            )
