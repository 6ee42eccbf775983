import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from domain.notice import Delivery, DeliveryOutcome
from gateways.trouble import GatewayError
from gateways.wechat import WeChatClient
from gateways.wechat_errors import WeChatError
from tests.gateways.outside import MINIAPP_ID, PICKUP, PICKUP_DATA, SECRET, START, Sandbox, TurnedClock

Serve = Callable[..., Awaitable[TestServer]]


async def send(client: WeChatClient, openid: str = "o") -> Delivery:
    return await client.send_subscribe_message(openid=openid, template_id=PICKUP, page="pages/case", data=PICKUP_DATA)


class CountingWeChat:
    """A server that counts, holds token answers back until told, and says what the test wants to messages."""

    def __init__(self, *, says: dict[str, Any], expires_in: object = 7200) -> None:
        self.says = says
        self.expires_in = expires_in
        self.token_requests: list[dict[str, Any]] = []
        self.sends = 0
        self.asked = asyncio.Event()
        self.hold = asyncio.Event()
        self.hold.set()
        self.first_came = asyncio.Event()
        self.first_answered = asyncio.Event()
        self.first_answered.set()

    async def token(self, request: web.Request) -> web.Response:
        self.token_requests.append(await request.json())
        self.asked.set()
        await self.hold.wait()
        return web.json_response({"access_token": f"T{len(self.token_requests)}", "expires_in": self.expires_in})

    async def send(self, request: web.Request) -> web.Response:
        self.sends += 1
        if self.sends == 1:
            self.first_came.set()
            await self.first_answered.wait()
        return web.json_response(self.says)

    async def serve(self, aiohttp_server: Serve, session: ClientSession, clock: TurnedClock) -> WeChatClient:
        application = web.Application()
        application.router.add_post("/cgi-bin/stable_token", self.token)
        application.router.add_post("/cgi-bin/message/subscribe/send", self.send)
        server = await aiohttp_server(application)
        return WeChatClient(session, base_url=str(server.make_url("/")), appid=MINIAPP_ID, secret=SECRET, clock=clock)


async def test_fifty_sends_at_once_fetch_one_token(
    aiohttp_server: Serve, session: ClientSession, clock: TurnedClock
) -> None:
    wechat = CountingWeChat(says={"errcode": 0, "msgid": 7})
    client = await wechat.serve(aiohttp_server, session, clock)
    wechat.hold.clear()
    sends = [asyncio.create_task(send(client)) for _ in range(50)]
    await wechat.asked.wait()
    wechat.hold.set()
    deliveries = await asyncio.gather(*sends)
    assert {delivery.outcome for delivery in deliveries} == {DeliveryOutcome.ACCEPTED}
    assert deliveries[0].provider_id == "7"
    assert len(wechat.token_requests) == 1
    assert wechat.sends == 50


async def test_a_token_refused_for_ever_is_fetched_twice_and_then_believed(
    aiohttp_server: Serve, session: ClientSession, clock: TurnedClock
) -> None:
    for errcode in (40001, 40014, 42001):
        wechat = CountingWeChat(says={"errcode": errcode, "errmsg": "no"})
        client = await wechat.serve(aiohttp_server, session, clock)
        assert await send(client) == Delivery(DeliveryOutcome.RETRY_LATER, error=str(errcode))
        assert len(wechat.token_requests) == 2
        assert wechat.sends == 2


async def test_fifty_sends_refused_at_once_share_the_refetch(
    aiohttp_server: Serve, session: ClientSession, clock: TurnedClock
) -> None:
    wechat = CountingWeChat(says={"errcode": 40001, "errmsg": "no"})
    client = await wechat.serve(aiohttp_server, session, clock)
    await client.ping()
    await asyncio.gather(*(send(client) for _ in range(50)))
    assert len(wechat.token_requests) == 2
    assert wechat.sends == 100


async def test_a_refusal_that_comes_late_doesnt_throw_the_fresh_token_away(
    aiohttp_server: Serve, session: ClientSession, clock: TurnedClock
) -> None:
    wechat = CountingWeChat(says={"errcode": 40001, "errmsg": "no"})
    client = await wechat.serve(aiohttp_server, session, clock)
    wechat.first_answered.clear()
    late = asyncio.create_task(send(client))
    await wechat.first_came.wait()
    await send(client)
    wechat.first_answered.set()
    await late
    assert len(wechat.token_requests) == 2
    assert wechat.sends == 4


async def test_a_refresh_is_never_forced(aiohttp_server: Serve, session: ClientSession, clock: TurnedClock) -> None:
    wechat = CountingWeChat(says={"errcode": 40001})
    client = await wechat.serve(aiohttp_server, session, clock)
    await send(client)
    assert all(not request.get("force_refresh") for request in wechat.token_requests)


async def test_an_error_other_than_the_tokens_is_not_tried_again(
    aiohttp_server: Serve, session: ClientSession, clock: TurnedClock
) -> None:
    wechat = CountingWeChat(says={"errcode": 43101})
    client = await wechat.serve(aiohttp_server, session, clock)
    await send(client)
    assert wechat.sends == 1


async def test_the_token_is_asked_for_again_five_minutes_before_its_end(
    aiohttp_server: Serve, session: ClientSession, clock: TurnedClock
) -> None:
    wechat = CountingWeChat(says={"errcode": 0})
    client = await wechat.serve(aiohttp_server, session, clock)
    await send(client)
    clock.turn(seconds=6899)
    await send(client)
    assert len(wechat.token_requests) == 1
    clock.turn(seconds=1)
    await send(client)
    assert len(wechat.token_requests) == 2


async def test_a_token_in_its_last_minutes_is_still_kept_for_one(
    aiohttp_server: Serve, session: ClientSession, clock: TurnedClock
) -> None:
    wechat = CountingWeChat(says={"errcode": 0}, expires_in=300)
    client = await wechat.serve(aiohttp_server, session, clock)
    await send(client)
    clock.turn(seconds=59)
    await send(client)
    assert len(wechat.token_requests) == 1


@pytest.mark.parametrize("expires_in", [None, "soon"])
async def test_a_token_answer_without_sense_is_no_token(
    aiohttp_server: Serve, session: ClientSession, clock: TurnedClock, expires_in: object
) -> None:
    client = await CountingWeChat(says={}, expires_in=expires_in).serve(aiohttp_server, session, clock)
    assert await send(client) == Delivery(DeliveryOutcome.RETRY_LATER, error="token_malformed")


async def test_who_gives_up_waiting_doesnt_take_the_token_from_the_others(
    aiohttp_server: Serve, session: ClientSession, clock: TurnedClock
) -> None:
    wechat = CountingWeChat(says={"errcode": 0})
    client = await wechat.serve(aiohttp_server, session, clock)
    wechat.hold.clear()
    first, second = asyncio.create_task(send(client)), asyncio.create_task(send(client))
    await wechat.asked.wait()
    first.cancel()
    wechat.hold.set()
    assert (await second).outcome is DeliveryOutcome.ACCEPTED
    assert len(wechat.token_requests) == 1


async def test_a_failed_fetch_doesnt_poison_the_next(sandbox: Sandbox) -> None:
    client = sandbox.client()
    await sandbox.fault("empty", path="/cgi-bin/stable_token", times=1)
    assert (await send(client)).outcome is DeliveryOutcome.RETRY_LATER
    assert (await send(client)).error == "40003"


async def test_a_token_revoked_by_somebody_else_costs_one_refetch(sandbox: Sandbox) -> None:
    user, client = await sandbox.person(), sandbox.client()
    await sandbox.consent(user)
    await client.ping()
    await sandbox.post("/sandbox/revoke-tokens", appid=MINIAPP_ID)
    assert (await send(client, sandbox.openids[user][MINIAPP_ID])).outcome is DeliveryOutcome.ACCEPTED
    assert len(await sandbox.received(user, "subscribe")) == 1


async def test_a_token_that_expired_unseen_costs_one_refetch(sandbox: Sandbox) -> None:
    client = sandbox.client()
    await client.ping()
    sandbox.clock.turn(seconds=7200)
    lagging = TurnedClock(START)
    slow_clock = WeChatClient(
        sandbox.session, base_url=str(sandbox.base), appid=MINIAPP_ID, secret=SECRET, clock=lagging
    )
    await slow_clock.ping()
    sandbox.clock.turn(seconds=7200)
    assert (await send(slow_clock)).error == "40003"


async def test_ping_tells_operators_what_is_wrong(sandbox: Sandbox) -> None:
    await sandbox.client().ping()
    with pytest.raises(WeChatError, match=r"40125.*AppSecret"):
        await sandbox.client(secret="wrong").ping()
    with pytest.raises(WeChatError, match=r"40013.*AppID"):
        await sandbox.client("wx9999999999999999").ping()
    await sandbox.fault("html")
    with pytest.raises(GatewayError, match="http_502"):
        await sandbox.client().ping()


async def test_stable_tokens_stay_the_same_and_overlap_at_the_end(sandbox: Sandbox) -> None:
    first = await sandbox.token()
    assert first["expires_in"] == 7200
    sandbox.clock.turn(seconds=6899)
    again = await sandbox.token()
    assert again == {"access_token": first["access_token"], "expires_in": 301}
    sandbox.clock.turn(seconds=1)
    fresh = await sandbox.token()
    assert fresh["access_token"] != first["access_token"]
    for text in (first["access_token"], fresh["access_token"]):
        assert (await _menu(sandbox, text))["errcode"] == 48001
    sandbox.clock.turn(seconds=300)
    assert (await _menu(sandbox, first["access_token"]))["errcode"] == 42001
    assert (await _menu(sandbox, fresh["access_token"]))["errcode"] == 48001


async def test_the_old_token_interface_kills_its_own_tokens_only(sandbox: Sandbox) -> None:
    stable = (await sandbox.token())["access_token"]
    query = {"grant_type": "client_credential", "appid": MINIAPP_ID, "secret": SECRET}
    first = (await sandbox.get("/cgi-bin/token", **query))["access_token"]
    second = (await sandbox.get("/cgi-bin/token", **query))["access_token"]
    codes = [(await _menu(sandbox, text))["errcode"] for text in (stable, first, second, "", "made-up")]
    assert codes == [48001, 40001, 48001, 41001, 40001]


async def test_forcing_is_rationed(sandbox: Sandbox) -> None:
    first = (await sandbox.token())["access_token"]
    second = (await sandbox.token(force=True))["access_token"]
    assert second != first
    assert (await _menu(sandbox, first))["errcode"] == 40001
    sandbox.clock.turn(seconds=29)
    assert (await sandbox.token(force=True))["access_token"] == second
    for _ in range(19):
        sandbox.clock.turn(seconds=30)
        await sandbox.token(force=True)
    sandbox.clock.turn(seconds=30)
    assert (await sandbox.token(force=True))["errcode"] == 45009


async def _menu(sandbox: Sandbox, token: str) -> dict[str, Any]:
    """A call a mini-program has no right to: 48001 says that its token was good."""
    return await sandbox.get("/cgi-bin/menu/get", access_token=token)
