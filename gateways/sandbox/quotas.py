"""How often an interface may be called; minutes and days are the clock's own."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from gateways.sandbox.answers import WireError

PER_MINUTE = 45011
PER_DAY = 45009


class Quotas:
    """Counters; the key carries the minute or the day, so a new one starts at nothing."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._counted: Counter[tuple[str, str]] = Counter()

    def per_minute(self, name: str, limit: int) -> None:
        """Count one call; raise 45011 over the limit."""
        self._count(name, self._clock().strftime("%Y%m%d%H%M"), limit, PER_MINUTE)

    def per_day(self, name: str, limit: int) -> None:
        """Count one call; raise 45009 over the limit."""
        self._count(name, self._clock().strftime("%Y%m%d"), limit, PER_DAY)

    def _count(self, name: str, period: str, limit: int, errcode: int) -> None:
        self._counted[name, period] += 1
        if self._counted[name, period] > limit:
            raise WireError(errcode)
