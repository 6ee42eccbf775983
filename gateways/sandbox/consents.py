"""The ledger of subscription consents: one consent, one message; the real one can't be read from outside."""

from collections import Counter
from collections.abc import Collection

from gateways.sandbox.answers import WireError


class Consents:
    """Balances by person and template; a long-term template is either agreed to or not, and never used up."""

    def __init__(self, long_term: Collection[str]) -> None:
        self._long_term = frozenset(long_term)
        self._left: Counter[tuple[str, str]] = Counter()

    def accept(self, user: str, template_id: str) -> int:
        """Add one consent; return the balance."""
        self._left[user, template_id] += 1
        return self._left[user, template_id]

    def balance(self, user: str, template_id: str) -> int:
        """Return how many messages are still agreed to."""
        return self._left[user, template_id]

    def refuse(self, user: str, template_id: str) -> None:
        """The person switched the template off in WeChat's settings: nothing is left."""
        self._left[user, template_id] = 0

    def insist(self, user: str, template_id: str) -> None:
        """Raise 43101 when nothing is left."""
        if self._left[user, template_id] < 1:
            raise WireError(43101)

    def spend(self, user: str, template_id: str) -> None:
        """Use one consent up."""
        self.insist(user, template_id)
        if template_id not in self._long_term:
            self._left[user, template_id] -= 1
