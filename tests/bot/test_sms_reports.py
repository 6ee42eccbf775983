"""The SMS provider tells which messages arrived: signed, fresh, as agreed; anything else changes nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import make_bot
from casework.deps import Deps
from domain.terms import Channel
from gateways.signing import sign
from models.delivery_report import DeliveryReport
from tests.workers.wiring import TurnedClock

SMS = {"TONGBAN_SMS_ACCOUNT": "tests", "TONGBAN_SMS_SECRET": "tests-secret"}
Bring = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
async def bring(
    aiohttp_server: Callable[..., Awaitable[TestServer]],
    make_bot_deps: Callable[..., Deps],
    session: aiohttp.ClientSession,
    clock: TurnedClock,
) -> Bring:
    root = web.Application()
    root.add_subapp("/bot", make_bot(make_bot_deps(**SMS)))
    server = await aiohttp_server(root)

    async def bring(
        *reports: Any, secret: str = "tests-secret", late: int = 0, account: str = "tests", raw: bytes | None = None
    ) -> tuple[int, str]:
        at = int(clock().timestamp()) - late
        body = raw if raw is not None else orjson.dumps({"account": account, "timestamp": at, "reports": reports})
        headers = {"X-Sms-Signature": sign(secret, at, body), "Content-Type": "application/json"}
        async with session.post(server.make_url("/bot/sms-reports"), data=body, headers=headers) as answer:
            return answer.status, (await answer.text()).split("\n")[0]

    return bring


async def test_reports_are_taken_and_kept_once(bring: Bring) -> None:
    told = ({"id": "sms-1", "status": "delivered"}, {"id": "sms-2", "status": "failed", "reason": "number_unknown"})
    for _ in range(3):
        assert await bring(*told) == (204, "")
    kept = [(r.channel, r.provider_id, r.outcome, r.error) for r in await DeliveryReport.all().order_by("id")]
    assert kept == [
        (Channel.SMS, "sms-1", "delivered", None), (Channel.SMS, "sms-2", "failed", "number_unknown"),
    ]  # fmt: skip


async def test_a_wrong_signature_account_or_time_changes_nothing(bring: Bring) -> None:
    told = {"id": "sms-1", "status": "delivered"}
    assert await bring(told, secret="another") == (403, "sms_report_unsigned")
    assert await bring(told, account="another") == (403, "sms_report_unsigned")
    for late in (301, -301):
        assert await bring(told, late=late) == (403, "sms_report_stale")
    assert await DeliveryReport.all().count() == 0


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"[]", b"null", b"{", b"\xff\xfe", b'{"account": 1}', b"{}" * 40_000,
        b'{"account": "tests", "timestamp": 1e400, "reports": []}',
        b'{"account": "tests", "timestamp": 1, "reports": [{"id": "", "status": "delivered"}]}',
        b'{"account": "tests", "timestamp": 1, "reports": [{"id": "a", "status": "eaten"}]}',
    ],
)  # fmt: skip
async def test_what_is_not_as_agreed_is_refused_and_never_a_500(bring: Bring, raw: bytes) -> None:
    status, code = await bring(raw=raw)
    assert (status, code) in {(400, "sms_report_malformed"), (413, "too_large")}


async def test_more_than_a_hundred_at_once_are_refused(bring: Bring) -> None:
    told = [{"id": f"sms-{number}", "status": "delivered"} for number in range(101)]
    assert await bring(*told) == (400, "sms_report_malformed")
    assert await bring(*told[:100]) == (204, "")
