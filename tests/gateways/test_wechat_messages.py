from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from domain.notice import Delivery, DeliveryOutcome
from gateways.wechat import WeChatClient
from tests.gateways.conftest import MakeSandbox
from tests.gateways.outside import (
    ACCOUNT_ID,
    MINIAPP_ID,
    PICKUP,
    PICKUP_DATA,
    SECRET,
    Sandbox,
    TurnedClock,
    official_account,
)

SEND = "/cgi-bin/message/subscribe/send"


async def send(sandbox: Sandbox, user: str, *, client: WeChatClient | None = None, **more: Any) -> Delivery:
    given: dict[str, Any] = {
        "openid": sandbox.openids[user][MINIAPP_ID],
        "template_id": PICKUP,
        "page": "pages/case?number=TB1",
        "data": PICKUP_DATA,
        **more,
    }
    return await (client or sandbox.client()).send_subscribe_message(**given)


async def test_a_message_arrives_as_it_was_sent(sandbox: Sandbox) -> None:
    user = await sandbox.person()
    await sandbox.consent(user)
    delivery = await send(sandbox, user)
    assert delivery.outcome is DeliveryOutcome.ACCEPTED
    [message] = await sandbox.received(user, "subscribe")
    assert message["msgid"] == delivery.provider_id
    assert message["data"] == PICKUP_DATA
    assert message["page"] == "pages/case?number=TB1"
    assert message["received_at"] == "2026-03-05T01:00:00+00:00"


async def test_one_consent_is_one_message(sandbox: Sandbox) -> None:
    user = await sandbox.person()
    assert await sandbox.consent(user) == {PICKUP: 1}
    assert await sandbox.consent(user) == {PICKUP: 2}
    outcomes = [(await send(sandbox, user)).outcome for _ in range(3)]
    assert outcomes == [DeliveryOutcome.ACCEPTED, DeliveryOutcome.ACCEPTED, DeliveryOutcome.NEXT_CHANNEL]
    assert len(await sandbox.received(user, "subscribe")) == 2


async def test_a_rejected_prompt_grants_nothing(sandbox: Sandbox) -> None:
    user = await sandbox.person()
    asked = {"appid": MINIAPP_ID, "template_ids": [PICKUP], "accept": False}
    assert (await sandbox.post(f"/sandbox/users/{user}/subscribe", **asked))["counts"] == {PICKUP: 0}
    assert await send(sandbox, user) == Delivery(DeliveryOutcome.NEXT_CHANNEL, error="43101")


async def test_switching_messages_off_takes_what_was_left(sandbox: Sandbox) -> None:
    user = await sandbox.person()
    await sandbox.consent(user)
    await sandbox.post(f"/sandbox/users/{user}/refuse", appid=MINIAPP_ID, template_ids=[PICKUP])
    assert (await send(sandbox, user)).outcome is DeliveryOutcome.NEXT_CHANNEL


async def test_a_long_term_consent_is_not_used_up(make_sandbox: MakeSandbox) -> None:
    sandbox = await make_sandbox(long_term_templates=[PICKUP])
    user = await sandbox.person()
    await sandbox.consent(user)
    assert {(await send(sandbox, user)).outcome for _ in range(3)} == {DeliveryOutcome.ACCEPTED}


async def test_a_consent_survives_a_message_that_was_refused(sandbox: Sandbox) -> None:
    user = await sandbox.person()
    await sandbox.consent(user)
    assert (await send(sandbox, user, data={**PICKUP_DATA, "thing1": "长" * 21})).outcome is DeliveryOutcome.BROKEN
    assert (await send(sandbox, user)).outcome is DeliveryOutcome.ACCEPTED


@pytest.mark.parametrize(
    ("errcode", "outcome"),
    [
        (-1, DeliveryOutcome.RETRY_LATER),
        (45009, DeliveryOutcome.RETRY_LATER),
        (45011, DeliveryOutcome.RETRY_LATER),
        (40003, DeliveryOutcome.NEXT_CHANNEL),
        (43101, DeliveryOutcome.NEXT_CHANNEL),
        (50002, DeliveryOutcome.NEXT_CHANNEL),
        (40037, DeliveryOutcome.BROKEN),
        (41030, DeliveryOutcome.BROKEN),
        (47003, DeliveryOutcome.BROKEN),
        (48001, DeliveryOutcome.BROKEN),
        (99999, DeliveryOutcome.BROKEN),
    ],
)
async def test_every_errcode_has_its_outcome(sandbox: Sandbox, errcode: int, outcome: DeliveryOutcome) -> None:
    user = await sandbox.person()
    await sandbox.fault("errcode", errcode=errcode, path=SEND)
    assert await send(sandbox, user) == Delivery(outcome, error=str(errcode))


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"openid": "nobody"}, "40003"),
        ({"template_id": "tb-unknown"}, "40037"),
        ({"page": "/pages/case"}, "41030"),
        ({"data": {**PICKUP_DATA, "phrase4": "可以来领取啦"}}, "47003 phrase4"),
        ({"data": {**PICKUP_DATA, "character_string2": "编号1"}}, "47003 character_string2"),
        ({"data": {key: text for key, text in PICKUP_DATA.items() if key != "time3"}}, "47003 time3"),
        ({"data": {**PICKUP_DATA, "thing9": "多余"}}, "47003 thing9"),
    ],
)
async def test_what_is_wrong_with_a_message_is_told(sandbox: Sandbox, more: dict[str, Any], error: str) -> None:
    user = await sandbox.person()
    await sandbox.consent(user)
    assert (await send(sandbox, user, **more)).error == error
    assert await sandbox.received(user, "subscribe") == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "empty"}, "not_json"),
        ({"kind": "html"}, "http_502"),
        ({"kind": "status", "status": 429}, "http_429"),
        ({"kind": "drop"}, "ServerDisconnectedError"),
    ],
    ids=str,
)
async def test_a_message_without_a_usable_answer_waits(sandbox: Sandbox, fault: dict[str, Any], error: str) -> None:
    user = await sandbox.person()
    await sandbox.post("/sandbox/faults", path=SEND, **fault)
    delivery = await send(sandbox, user)
    assert delivery.outcome is DeliveryOutcome.RETRY_LATER
    assert delivery.error in {error, "ClientOSError"}


async def test_a_slow_answer_is_not_waited_for_and_may_have_been_a_delivery(
    sandbox: Sandbox, impatient: ClientSession
) -> None:
    user = await sandbox.person()
    await sandbox.consent(user)
    client = WeChatClient(impatient, base_url=str(sandbox.base), appid=MINIAPP_ID, secret=SECRET, clock=sandbox.clock)
    await sandbox.fault("slow", path=SEND, seconds=30)
    delivery = await send(sandbox, user, client=client)
    assert delivery.outcome is DeliveryOutcome.RETRY_LATER
    assert "Timeout" in str(delivery.error)
    assert len(await sandbox.received(user, "subscribe")) == 1


async def test_json_labelled_as_text_is_read(sandbox: Sandbox) -> None:
    user = await sandbox.person()
    await sandbox.consent(user)
    await sandbox.fault("plain_text", path=SEND)
    assert (await send(sandbox, user)).outcome is DeliveryOutcome.ACCEPTED


async def test_nobody_listening_is_not_an_exception(session: ClientSession, sandbox: Sandbox) -> None:
    client = WeChatClient(session, base_url="http://127.0.0.1:9", appid=MINIAPP_ID, secret=SECRET, clock=sandbox.clock)
    user = await sandbox.person()
    assert (await send(sandbox, user, client=client)).outcome is DeliveryOutcome.RETRY_LATER


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (web.Response(body=b'{"errcode":"0","errmsg":"ok","msgid":"m1"}'), "accepted m1"),
        (web.Response(body=b'{"errcode":0}'), "accepted None"),
        (web.Response(body=b'{"errcode":"43101"}'), "next_channel 43101"),
        (web.Response(body=b"[]"), "retry_later not_json"),
        (web.Response(body=b"null"), "retry_later not_json"),
        (web.Response(body=b'"ok"'), "retry_later not_json"),
        (web.Response(body=b'{"errcode":"many"}'), "retry_later not_json"),
        (web.Response(body=b'{"errcode":[1]}'), "retry_later not_json"),
        (web.Response(body=b"\xff\xfe"), "retry_later not_json"),
        (web.Response(body=b" " * (2 << 20)), "retry_later answer_too_long"),
        (web.Response(status=302, headers={"Location": "/cgi-bin/stable_token"}), "retry_later http_302"),
    ],
)
async def test_odd_answers_are_read_with_care(
    aiohttp_server: Callable[..., Awaitable[TestServer]],
    session: ClientSession,
    clock: TurnedClock,
    said: web.Response,
    expected: str,
) -> None:
    client = await _client_of_a_wechat_that_says(said, aiohttp_server, session, clock)
    delivery = await client.send_subscribe_message(openid="o", template_id=PICKUP, page="p", data=PICKUP_DATA)
    assert f"{delivery.outcome} {delivery.provider_id or delivery.error}" == expected


async def _client_of_a_wechat_that_says(
    said: web.Response,
    aiohttp_server: Callable[..., Awaitable[TestServer]],
    session: ClientSession,
    clock: TurnedClock,
) -> WeChatClient:
    async def token(request: web.Request) -> web.Response:
        return web.json_response({"access_token": "T", "expires_in": 7200})

    async def send(request: web.Request) -> web.Response:
        return said

    application = web.Application()
    application.router.add_post("/cgi-bin/stable_token", token)
    application.router.add_post(SEND, send)
    base = str((await aiohttp_server(application)).make_url("/"))
    return WeChatClient(session, base_url=base, appid=MINIAPP_ID, secret=SECRET, clock=clock)


async def test_an_official_account_may_answer_five_times_in_two_days(sandbox: Sandbox) -> None:
    user = await sandbox.person()
    client, openid = sandbox.client(ACCOUNT_ID), sandbox.openids[user][ACCOUNT_ID]
    assert await client.send_customer_text(openid=openid, text="您好") == Delivery(
        DeliveryOutcome.NEXT_CHANNEL, error="45015"
    )
    await sandbox.post(f"/sandbox/users/{user}/say", appid=ACCOUNT_ID, text="进度")
    outcomes = [await client.send_customer_text(openid=openid, text=f"第{n}条") for n in range(6)]
    assert [each.error for each in outcomes] == [None, None, None, None, None, "45047"]
    assert [each["text"] for each in await sandbox.received(user, "customer")][:2] == ["第0条", "第1条"]


async def test_the_window_of_a_message_closes_after_two_days_and_of_a_click_after_a_minute(sandbox: Sandbox) -> None:
    user = await sandbox.person()
    client, openid = sandbox.client(ACCOUNT_ID), sandbox.openids[user][ACCOUNT_ID]
    await sandbox.post(f"/sandbox/users/{user}/click", appid=ACCOUNT_ID, key="progress")
    assert (await client.send_customer_text(openid=openid, text="您好")).outcome is DeliveryOutcome.ACCEPTED
    sandbox.clock.turn(minutes=1)
    assert (await client.send_customer_text(openid=openid, text="您好")).error == "45015"
    await sandbox.post(f"/sandbox/users/{user}/say", appid=ACCOUNT_ID, text="进度")
    sandbox.clock.turn(hours=47)
    assert (await client.send_customer_text(openid=openid, text="您好")).outcome is DeliveryOutcome.ACCEPTED
    sandbox.clock.turn(hours=1)
    assert (await client.send_customer_text(openid=openid, text="您好")).error == "45015"


async def test_chinese_travels_unescaped(sandbox: Sandbox) -> None:
    """WeChat refuses unicode escapes (40033); so does the sandbox, and the client never sends any."""
    token = (await sandbox.token(ACCOUNT_ID))["access_token"]
    escaped = rb'{"touser":"o","msgtype":"text","text":{"content":"\u60a8"}}'
    told = await sandbox.told("POST", "/cgi-bin/message/custom/send", params={"access_token": token}, data=escaped)
    assert told["errcode"] == 40033


async def test_a_template_message_needs_a_follower(make_sandbox: MakeSandbox) -> None:
    sandbox = await make_sandbox(apps=[official_account()])
    user = await sandbox.person()
    body = {"touser": sandbox.openids[user][ACCOUNT_ID], "template_id": PICKUP, "data": _wrapped(PICKUP_DATA)}
    assert (await sandbox.call("/cgi-bin/message/template/send", ACCOUNT_ID, **body))["errcode"] == 43004
    await sandbox.post(f"/sandbox/users/{user}/follow", appid=ACCOUNT_ID)
    told = await sandbox.call("/cgi-bin/message/template/send", ACCOUNT_ID, **body)
    [message] = await sandbox.received(user, "template")
    assert message["msgid"] == str(told["msgid"])
    await sandbox.post("/sandbox/settle")
    last = (await sandbox.get("/sandbox/pushes"))["pushes"][-1]["message"]
    assert (last["Event"], last["MsgID"], last["Status"]) == ("TEMPLATESENDJOBFINISH", message["msgid"], "success")


def _wrapped(data: dict[str, str]) -> dict[str, dict[str, str]]:
    return {key: {"value": text} for key, text in data.items()}
