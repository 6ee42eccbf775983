"""When an app may speak to a person in the chat: only for a while after the person did something."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from gateways.sandbox.answers import WireError


class Did(StrEnum):
    """What a person did that opens a window."""

    MESSAGE = "message"
    CLICK = "click"
    FOLLOW = "follow"
    SCAN = "scan"
    ENTER_CHAT = "enter_chat"


_ALLOWED = {
    Did.MESSAGE: (5, timedelta(hours=48)),
    Did.CLICK: (3, timedelta(minutes=1)),
    Did.FOLLOW: (3, timedelta(minutes=1)),
    Did.SCAN: (3, timedelta(minutes=1)),
    Did.ENTER_CHAT: (2, timedelta(minutes=1)),
}


@dataclass
class Window:
    """One window: how many messages are left and until when."""

    left: int
    open_until: datetime


class Windows:
    """The windows of every (app, person); doing the same again opens it afresh."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._windows: defaultdict[tuple[str, str], dict[Did, Window]] = defaultdict(dict)

    def open(self, appid: str, user: str, did: Did) -> None:
        """The person did something."""
        count, life = _ALLOWED[did]
        self._windows[appid, user][did] = Window(count, self._clock() + life)

    def spend(self, appid: str, user: str) -> None:
        """Send one message; raise 45015 when no window is open and 45047 when all open ones are used up."""
        now = self._clock()
        still_open = [window for window in self._windows[appid, user].values() if now < window.open_until]
        if not still_open:
            raise WireError(45015)
        usable = next((window for window in still_open if window.left), None)
        if usable is None:
            raise WireError(45047)
        usable.left -= 1
