"""Binding codes tried in vain, so that nobody finds one by trying (V6.6.3). Counted by this process, kept nowhere."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final

MOST: Final = 5
WITHIN: Final = timedelta(minutes=10)  # as long as a code lives


class Guesses:
    """How often each follower tried lately; a code that was right wipes the slate."""

    def __init__(self) -> None:
        self._tried: dict[str, list[datetime]] = defaultdict(list)

    def begin(self, follower: str, now: datetime) -> bool:
        """Count a try before it is made; False when there were too many: then it must not be made."""
        self._forget(now - WITHIN)
        if len(self._tried[follower]) >= MOST:
            return False
        self._tried[follower].append(now)
        return True

    def succeed(self, follower: str) -> None:
        """Forget the tries of a follower whose code was right."""
        self._tried.pop(follower, None)

    def _forget(self, before: datetime) -> None:
        for follower, times in list(self._tried.items()):
            if all(at <= before for at in times):
                del self._tried[follower]
            else:
                times[:] = [at for at in times if at > before]
