"""Deps joined as the entry point joins them, for tests of the doors and of the clockwork."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import aiohttp

from casework.deps import Deps
from casework.ports import JobQueue
from casework.settings import load_settings
from domain.policy.loader import load_rulebook
from gateways.official_account import OfficialAccountClient
from gateways.qr_pictures import codes_in
from gateways.sms import SmsClient
from gateways.wechat import WeChatClient
from tests.seal import a_seal

START = datetime(2026, 9, 22, 1, 0, tzinfo=UTC)


the_rulebook = cache(load_rulebook)
"""The rules, read once for all tests: they are values and never change."""


@dataclass
class TurnedClock:
    """Time passes when a test says so. Callable too, as the gateways want it."""

    at: datetime = field(default=START)

    def now(self) -> datetime:
        return self.at

    def __call__(self) -> datetime:
        return self.at

    def turn(self, **by: float) -> None:
        self.at += timedelta(**by)


class SystemRandom:
    def token(self, size: int) -> bytes:
        return secrets.token_bytes(size)


def make_deps(
    var: Path,
    session: aiohttp.ClientSession,
    queue: JobQueue,
    clock: TurnedClock,
    *,
    wechat_url: str = "http://127.0.0.1:9",
    sms_url: str = "http://127.0.0.1:9/sms/send",
    **env: str,
) -> Deps:
    """Join everything; the addresses lead nowhere unless a test gives some."""
    settings = load_settings({"TONGBAN_VAR": str(var), **env})
    app, account = settings.miniapp, settings.official_account
    return Deps(
        settings=settings,
        clock=clock,
        random=SystemRandom(),
        rulebook=the_rulebook(),
        mini_program=WeChatClient(session, base_url=wechat_url, appid=app.appid, secret=app.secret, clock=clock),
        sms=SmsClient(session, url=sms_url, account=settings.sms_account, secret=settings.sms_secret, clock=clock),
        queue=queue,
        seal=a_seal(),
        codes_in=codes_in,
        official_account=OfficialAccountClient(
            session,
            base_url=wechat_url,
            appid=account.appid,
            secret=account.secret,
            clock=clock,
            miniapp=app.appid,
        ),
    )
