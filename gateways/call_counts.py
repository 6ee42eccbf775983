"""How often this process called each interface today, and a word to operators before a day's quota is used up."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime

import structlog

from domain.local_time import day_of

PER_DAY: Mapping[str, int] = {
    "/cgi-bin/message/template/send": 100_000,
    "/cgi-bin/message/subscribe/send": 10_000_000,
    "/wxa/generate_urllink": 500_000,
    "/wxa/msg_sec_check": 2_000_000,
}
"""WeChat's daily limits of what we call; an account's own may be higher (``openapi/quota/get`` tells)."""
NEAR = 0.8

_log = structlog.get_logger(__name__)


class CallCounts:
    """Counted in memory: a row per call would cost more than the call. A day is China's, as WeChat counts."""

    def __init__(self, appid: str, clock: Callable[[], datetime]) -> None:
        self._appid = appid
        self._clock = clock
        self._day: date | None = None
        self._counted: Counter[str] = Counter()

    def add(self, path: str) -> None:
        """Count a call; say once a day that a limit is near."""
        self._turn_over()
        self._counted[path] += 1
        if self._counted[path] == int(PER_DAY.get(path, 0) * NEAR):
            _log.warning("wechat_quota_near", appid=self._appid, path=path, today=self._counted[path])

    def today(self) -> Mapping[str, int]:
        """The counts of today by path."""
        self._turn_over()
        return dict(self._counted)

    def _turn_over(self) -> None:
        today = day_of(self._clock())
        if today != self._day:
            self._day = today
            self._counted.clear()
