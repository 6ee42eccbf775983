"""Access tokens in their two families: ``token`` (a new one kills the old) and ``stable_token`` (it doesn't)."""

import secrets
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateways.sandbox.answers import WireError

LIFE = timedelta(seconds=7200)
OVERLAP = timedelta(seconds=300)
FORCED_PER_DAY = 20
BETWEEN_FORCED = timedelta(seconds=30)


@dataclass
class AccessToken:
    """One token and until when it opens doors."""

    text: str
    appid: str
    good_until: datetime
    killed: bool = False


class TokenOffice:
    """Issues and checks the tokens of all accounts."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._all: dict[str, AccessToken] = {}
        self._current: dict[tuple[str, str], AccessToken] = {}
        self._forced: defaultdict[str, list[datetime]] = defaultdict(list)

    def issue(self, appid: str) -> tuple[str, int]:
        """``GET /cgi-bin/token``: a new token; the one before dies at once."""
        self._kill("token", appid)
        return self._told(self._new("token", appid))

    def issue_stable(self, appid: str, *, force: bool) -> tuple[str, int]:
        """``POST /cgi-bin/stable_token``: the same token until its last five minutes; then old and new overlap."""
        if force and self._may_force(appid):
            self._kill("stable", appid)
        current = self._current.get(("stable", appid))
        if current is None or current.killed or current.good_until - self._clock() <= OVERLAP:
            current = self._new("stable", appid)
        return self._told(current)

    def check(self, text: str) -> str:
        """Return the appid a token belongs to; raise 41001, 40001 or 42001."""
        if not text:
            raise WireError(41001)
        token = self._all.get(text)
        if token is None or token.killed:
            raise WireError(40001)
        if self._clock() >= token.good_until:
            raise WireError(42001)
        return token.appid

    def revoke(self, appid: str) -> None:
        """Kill all tokens of an account, as another process with the old API or a new AppSecret would."""
        for token in self._all.values():
            token.killed = token.killed or token.appid == appid

    def _new(self, family: str, appid: str) -> AccessToken:
        token = AccessToken(f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(96)}", appid, self._clock() + LIFE)
        self._all[token.text] = self._current[family, appid] = token
        return token

    def _kill(self, family: str, appid: str) -> None:
        current = self._current.get((family, appid))
        if current is not None:
            current.killed = True

    def _told(self, token: AccessToken) -> tuple[str, int]:
        return token.text, int((token.good_until - self._clock()).total_seconds())

    def _may_force(self, appid: str) -> bool:
        """20 a day (then 45009) and 30 s apart (sooner: not refreshed, no error)."""
        now = self._clock()
        today = [day for day in self._forced[appid] if now - day < timedelta(days=1)]
        if len(today) >= FORCED_PER_DAY:
            raise WireError(45009)
        if today and now - today[-1] < BETWEEN_FORCED:
            return False
        self._forced[appid] = [*today, now]
        return True
