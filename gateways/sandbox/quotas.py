"""How often an interface may be called; minutes and days are the clock's own."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from gateways.sandbox.answers import WireError

PER_MINUTE = 45011
PER_DAY = 45009

MINUTE_LIMITS: Mapping[str, int] = {
    "/wxa/getwxacodeunlimit": 5000,
    "/wxa/msg_sec_check": 4000,
    "/wxa/media_check_async": 2000,
    "/wxa/resetusersessionkey": 60_000,
}
DAY_LIMITS: Mapping[str, int] = {
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/message/subscribe/send": 10_000_000,
    "/wxa/generate_urllink": 500_000,
    "/wxa/generatescheme": 500_000,
    "/wxa/msg_sec_check": 2_000_000,
    "/wxa/media_check_async": 200_000,
    "/cv/ocr/idcard": 100,
}
OTHER_PER_DAY = 100_000


class Quotas:
    """Counters; the key carries the minute or the day, so a new one starts at nothing."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._counted: Counter[tuple[str, str]] = Counter()

    def call(self, appid: str, path: str) -> None:
        """Count a call with a token; raise 45011 or 45009 over WeChat's limits."""
        self.per_minute(f"{appid}{path}", MINUTE_LIMITS.get(path, OTHER_PER_DAY))
        self.per_day(f"{appid}{path}", DAY_LIMITS.get(path, OTHER_PER_DAY))

    def per_minute(self, name: str, limit: int) -> None:
        """Count one call; raise 45011 over the limit."""
        self._count(name, self._clock().strftime("%Y%m%d%H%M"), limit, PER_MINUTE)

    def per_day(self, name: str, limit: int) -> None:
        """Count one call; raise 45009 over the limit."""
        self._count(name, self._clock().strftime("%Y%m%d"), limit, PER_DAY)

    def used_today(self, name: str) -> int:
        """Return how often an interface with a daily limit was called today."""
        return self._counted[name, self._clock().strftime("%Y%m%d")]

    def clear(self, appid: str) -> None:
        """Start the counts of an app anew; ten times a month, then 48006."""
        self._count(f"clear/{appid}", self._clock().strftime("%Y%m"), 10, 48006)
        for name, period in list(self._counted):
            if appid in name and not name.startswith("clear/"):
                del self._counted[name, period]

    def _count(self, name: str, period: str, limit: int, errcode: int) -> None:
        self._counted[name, period] += 1
        if self._counted[name, period] > limit:
            raise WireError(errcode)
