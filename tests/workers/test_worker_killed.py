"""A worker in a process of its own, killed with SIGKILL in mid-send: nothing is lost, and an id lets nothing double."""

import asyncio
import base64
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from domain.terms import NoticeKind
from gateways.sandbox.sms import CENTRE, make_sms_sandbox
from models.account import find_or_make_account, keep_phone
from models.db import KeyRing
from models.notice import Notice, NoticeAttempt
from tests.workers.test_clockwork import until

HOME = Path(__file__).parents[2]
NOTICES = 5
FACTS = {
    "name": "张*", "number": "TB20260918-00421-7", "station": "示范派出所异地受理点", "item": "首次申领居民身份证",
    "address": "江西省示范市示范路1号", "hours": "周一至周五 09:00至17:00",
}  # fmt: skip
# run.py as it stands, some seconds ahead: the second worker lives when the lease of the first is over
LATER = """
import sys
from datetime import UTC, datetime, timedelta
import run
ahead = timedelta(seconds=float(sys.argv.pop()))
run.SystemClock.now = lambda self: datetime.now(UTC) + ahead
sys.exit(run.main(["worker"]))
"""


@dataclass
class Provider:
    """The sandbox SMS centre, which may leave those who ask without an answer, before or after it took the message."""

    hold: str | None = None
    asked: int = 0
    free: asyncio.Event = field(default_factory=asyncio.Event)
    server: TestServer | None = field(default=None)

    @property
    def arrived(self) -> list[str]:
        assert self.server is not None
        return sorted(sms.message_id for sms in self.server.app[CENTRE].arrived)

    @web.middleware
    async def holding(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        self.asked += 1
        answer = await handler(request) if self.hold != "before it took them" else web.Response(status=503)
        if self.hold:
            await self.free.wait()
        return answer


@contextmanager
def worker(var: Path, provider: Provider, database_url: str, keyring: KeyRing, ahead: float = 0) -> Iterator[None]:
    """``run.py worker``, killed at the end."""
    assert provider.server is not None
    keys = ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in keyring.keys.items())
    env = {name: value for name, value in os.environ.items() if not name.startswith("TONGBAN_")} | {
        "TONGBAN_VAR": str(var),
        "TONGBAN_DATABASE_URL": database_url,
        "TONGBAN_SEAL_KEYS": keys,
        "TONGBAN_INDEX_KEY": base64.b64encode(keyring.index_key).decode(),
        "TONGBAN_SMS_URL": str(provider.server.make_url("/sms/send")),
        "TONGBAN_SMS_ACCOUNT": "tests",
        "TONGBAN_SMS_SECRET": "tests-secret",
    }
    with (var / "worker.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, "-c", LATER, str(ahead)], env=env, cwd=HOME, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("hold", ["before it took them", "after it took them"])
async def test_a_worker_killed_in_mid_send_loses_nothing_and_doubles_nothing(
    hold: str,
    tmp_path: Path,
    database_url: str,
    keyring: KeyRing,
    aiohttp_server: Callable[..., Awaitable[TestServer]],
) -> None:
    provider = Provider(hold)
    centre = make_sms_sandbox(clock=lambda: datetime.now(UTC), account="tests", secret="tests-secret")
    centre.middlewares.append(provider.holding)
    provider.server = await aiohttp_server(centre)
    now = datetime.now(UTC)
    account = await find_or_make_account(appid="wx", openid="oSomebody", at=now)
    await keep_phone(account.id, "13900000000", now)
    keys = [f"notice-{number}" for number in range(NOTICES)]
    for key in keys:
        await Notice.create(
            dedupe_key=key, kind=NoticeKind.READY_FOR_PICKUP, account_id=account.id, facts=FACTS, route="sms",
            owed_at=now, due_at=now,
        )  # fmt: skip

    with worker(tmp_path, provider, database_url, keyring):
        await until(lambda: provider.asked == NOTICES, seconds=40)
    assert await Notice.filter(status="owed").count() == NOTICES
    assert await NoticeAttempt.all().count() == 0
    assert provider.arrived == (keys if hold == "after it took them" else [])

    provider.hold = None
    provider.free.set()
    with worker(tmp_path, provider, database_url, keyring, ahead=60):
        async with asyncio.timeout(40):
            while await Notice.filter(status="sent").count() < NOTICES:  # noqa: ASYNC110 — another process writes it
                await asyncio.sleep(0.05)
    assert provider.arrived == keys
    assert provider.asked == 2 * NOTICES
