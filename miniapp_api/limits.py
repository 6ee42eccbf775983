"""How often one address may log in and one account may write (V2.4.1): a token bucket each, kept in this process.

The numbers are generous: many people share one address behind a mobile network, and nobody applying for a card writes
once a second. What must never be exceeded is guarded by the tables; this only keeps a runaway client from the rest.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from domain.refusal import Refusal

_REMEMBERED = 100_000


@dataclass(frozen=True)
class Allowance:
    """So many at once, and so many more per second."""

    burst: int
    per_second: float


@dataclass(frozen=True)
class Limits:
    """What this door allows."""

    logins_per_address: Allowance = Allowance(burst=600, per_second=20.0)
    writes_per_account: Allowance = Allowance(burst=120, per_second=2.0)
    checks_per_address: Allowance = Allowance(burst=120, per_second=2.0)
    passes_per_account: Allowance = Allowance(burst=10, per_second=0.1)


class Buckets:
    """One bucket per name; the names not seen for longest are forgotten first."""

    def __init__(self, allowance: Allowance, remembered: int = _REMEMBERED) -> None:
        self._allowance = allowance
        self._remembered = remembered
        self._left: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def take(self, name: str, now: datetime) -> None:
        """Take one; raises Refusal ``too_many_requests`` with the whole seconds to wait (``retry_after``)."""
        left = self._refilled(name, now)
        self._left[name] = (left - 1 if left >= 1 else left, now)
        self._left.move_to_end(name)
        if len(self._left) > self._remembered:
            self._left.popitem(last=False)
        if left < 1:
            raise Refusal("too_many_requests", retry_after=ceil((1 - left) / self._allowance.per_second))

    def _refilled(self, name: str, now: datetime) -> float:
        left, since = self._left.get(name, (float(self._allowance.burst), now))
        seconds = max((now - since).total_seconds(), 0.0)
        return min(left + seconds * self._allowance.per_second, float(self._allowance.burst))


class Gate:
    """All kinds of buckets; ``checks`` are verifications of letters by number, ``passes`` offline passes."""

    def __init__(self, limits: Limits) -> None:
        self.logins = Buckets(limits.logins_per_address)
        self.writes = Buckets(limits.writes_per_account)
        self.checks = Buckets(limits.checks_per_address)
        self.passes = Buckets(limits.passes_per_account)
