import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest
import structlog
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from yarl import URL

from domain.notice import Delivery, DeliveryOutcome
from gateways.sandbox.sms import make_sms_sandbox
from gateways.sms import SmsClient
from tests.gateways.outside import START, TurnedClock

PHONE, TEXT = "13800000000", "您的居民身份证可以领取了。"


@pytest.fixture
async def centre(aiohttp_server: Callable[..., Awaitable[TestServer]], clock: TurnedClock) -> URL:
    server = await aiohttp_server(make_sms_sandbox(clock=clock, account="tongban", secret="sms-secret"))
    return server.make_url("/")


@pytest.fixture
def client(centre: URL, session: ClientSession, clock: TurnedClock) -> SmsClient:
    return make_client(centre, session, clock)


def make_client(centre: URL, session: ClientSession, clock: TurnedClock, **more: Any) -> SmsClient:
    given = {"account": "tongban", "secret": "sms-secret", **more}
    return SmsClient(session, url=str(centre / "sms/send"), clock=clock, **given)


async def arrived(session: ClientSession, centre: URL, phone: str = PHONE) -> list[dict[str, Any]]:
    async with session.get(centre / "sandbox/sms", params={"phone": phone}) as response:
        return list((await response.json(content_type=None))["messages"])


async def switch(session: ClientSession, centre: URL, path: str, **body: Any) -> None:
    async with session.post(centre / path, data=orjson.dumps(body)) as response:
        assert response.status == 200, await response.text()


async def test_a_message_arrives_word_for_word(client: SmsClient, session: ClientSession, centre: URL) -> None:
    delivery = await client.send(phone=PHONE, text=TEXT, message_id="n-1")
    assert delivery.outcome is DeliveryOutcome.ACCEPTED
    [sms] = await arrived(session, centre)
    assert (sms["text"], sms["to"], sms["message_id"], sms["id"]) == (TEXT, PHONE, "n-1", delivery.provider_id)
    assert await arrived(session, centre, "13900000000") == []


async def test_a_message_sent_again_arrives_once(client: SmsClient, session: ClientSession, centre: URL) -> None:
    deliveries = await asyncio.gather(*(client.send(phone=PHONE, text=TEXT, message_id="n-1") for _ in range(10)))
    assert len(set(deliveries)) == 1
    assert len(await arrived(session, centre)) == 1
    await client.send(phone=PHONE, text=TEXT, message_id="n-2")
    assert len(await arrived(session, centre)) == 2


async def test_a_lost_answer_is_no_lost_and_no_doubled_message(
    client: SmsClient, session: ClientSession, centre: URL
) -> None:
    await switch(session, centre, "sandbox/faults", kind="drop", acts=True, times=1)
    assert (await client.send(phone=PHONE, text=TEXT, message_id="n-1")).outcome is DeliveryOutcome.RETRY_LATER
    assert (await client.send(phone=PHONE, text=TEXT, message_id="n-1")).outcome is DeliveryOutcome.ACCEPTED
    assert len(await arrived(session, centre)) == 1


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("number_unknown", DeliveryOutcome.NEXT_CHANNEL),
        ("blacklisted", DeliveryOutcome.NEXT_CHANNEL),
        ("text_refused", DeliveryOutcome.BROKEN),
    ],
)
async def test_a_refusal_has_its_outcome(
    client: SmsClient, session: ClientSession, centre: URL, reason: str, outcome: DeliveryOutcome
) -> None:
    await switch(session, centre, "sandbox/sms/numbers", phone=PHONE, reason=reason)
    assert await client.send(phone=PHONE, text=TEXT, message_id="n-1") == Delivery(outcome, error=reason)
    await switch(session, centre, "sandbox/sms/numbers", phone=PHONE, reason=None)
    assert (await client.send(phone=PHONE, text=TEXT, message_id="n-2")).outcome is DeliveryOutcome.ACCEPTED


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 429}, "http_429"),
        ({"kind": "status", "status": 500}, "http_500"),
        ({"kind": "html"}, "http_502"),
        ({"kind": "empty"}, "not_json"),
    ],
    ids=str,
)
async def test_a_centre_in_trouble_is_tried_later(
    client: SmsClient, session: ClientSession, centre: URL, fault: dict[str, Any], error: str
) -> None:
    await switch(session, centre, "sandbox/faults", **fault)
    assert await client.send(phone=PHONE, text=TEXT, message_id="n-1") == Delivery(
        DeliveryOutcome.RETRY_LATER, error=error
    )


async def test_a_slow_or_silent_centre_is_tried_later(
    centre: URL, session: ClientSession, impatient: ClientSession, clock: TurnedClock
) -> None:
    await switch(session, centre, "sandbox/faults", kind="slow", seconds=30)
    slow = await make_client(centre, impatient, clock).send(phone=PHONE, text=TEXT, message_id="n-1")
    assert slow.outcome is DeliveryOutcome.RETRY_LATER
    nobody = make_client(URL("http://127.0.0.1:9/"), session, clock)
    assert (await nobody.send(phone=PHONE, text=TEXT, message_id="n-1")).outcome is DeliveryOutcome.RETRY_LATER


@pytest.mark.parametrize(
    ("more", "error"), [({"secret": "wrong"}, "http_401"), ({"account": "other"}, "account_unknown")]
)
async def test_wrong_settings_need_a_person(
    centre: URL, session: ClientSession, clock: TurnedClock, more: dict[str, str], error: str
) -> None:
    client = make_client(centre, session, clock, **more)
    assert await client.send(phone=PHONE, text=TEXT, message_id="n-1") == Delivery(DeliveryOutcome.BROKEN, error=error)
    assert await arrived(session, centre) == []


async def test_a_signature_older_than_five_minutes_is_refused(
    centre: URL, session: ClientSession, clock: TurnedClock
) -> None:
    lagging = make_client(centre, session, TurnedClock(START))
    clock.turn(seconds=301)
    assert (await lagging.send(phone=PHONE, text=TEXT, message_id="n-1")).error == "stale"


async def test_the_signature_is_the_one_the_contract_describes(centre: URL, session: ClientSession) -> None:
    """Built by hand from the text of the contract, as a provider would."""
    stamp = int(START.timestamp())
    body = orjson.dumps({"account": "tongban", "to": PHONE, "text": TEXT, "message_id": "n-1", "timestamp": stamp})
    signed = hmac.digest(b"sms-secret", str(stamp).encode() + b"." + body, "sha256").hex()
    statuses = []
    for signature, sent in ((signed, body), (signed, body.replace(b"n-1", b"n-2")), ("签", body)):
        headers = {"X-Sms-Signature": signature.encode().decode("latin-1"), "Content-Type": "application/json"}
        async with session.post(centre / "sms/send", data=sent, headers=headers) as response:
            statuses.append(response.status)
    assert statuses == [200, 401, 401]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"to": 1}'])
async def test_a_malformed_request_is_refused(centre: URL, session: ClientSession, body: bytes) -> None:
    async with session.post(centre / "sms/send", data=body) as response:
        assert await response.json() == {"status": "refused", "reason": "malformed"}


async def test_an_answer_in_another_language_is_tried_later(
    session: ClientSession, clock: TurnedClock, aiohttp_server: Callable[..., Awaitable[TestServer]]
) -> None:
    for said in (b"[]", b"null", b'"accepted"', b'{"status":"accepted"}', b'{"status":"refused"}', b"{}", b"\xff"):
        application = web.Application()
        application.router.add_post("/sms/send", _saying(said))
        server = await aiohttp_server(application)
        client = make_client(server.make_url("/"), session, clock)
        assert (await client.send(phone=PHONE, text=TEXT, message_id="n-1")).outcome is DeliveryOutcome.RETRY_LATER


async def test_neither_number_nor_text_reach_the_log(client: SmsClient, session: ClientSession, centre: URL) -> None:
    await switch(session, centre, "sandbox/faults", kind="drop")
    with structlog.testing.capture_logs() as logs:
        await client.send(phone=PHONE, text=TEXT, message_id="n-1")
    assert [entry["event"] for entry in logs] == ["sms_not_accepted"]
    assert PHONE not in repr(logs)
    assert TEXT not in repr(logs)


async def test_the_centre_has_no_errcodes_to_fail_with(centre: URL, session: ClientSession) -> None:
    async with session.post(centre / "sandbox/faults", data=orjson.dumps({"kind": "errcode"})) as response:
        assert response.status == 400


def _saying(said: bytes) -> Any:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=said)

    return answer
