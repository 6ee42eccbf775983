"""The Official Account's own interfaces, against the sandbox over HTTP."""

from typing import Any

import pytest

from bot.menu import MENU
from domain.notice import Delivery, DeliveryOutcome
from gateways.wechat_errors import WeChatError
from tests.gateways.outside import ACCOUNT_ID, MINIAPP_ID, PICKUP, PICKUP_DATA, Sandbox

SEND = "/cgi-bin/message/template/send"


async def a_follower(sandbox: Sandbox) -> str:
    user = await sandbox.person()
    await sandbox.post(f"/sandbox/users/{user}/follow", appid=ACCOUNT_ID)
    return user


async def send(sandbox: Sandbox, user: str, **more: Any) -> Delivery:
    given: dict[str, Any] = {
        "openid": sandbox.openids[user][ACCOUNT_ID],
        "template_id": PICKUP,
        "data": PICKUP_DATA,
        **more,
    }
    return await sandbox.account().send_template_message(**given)


async def test_a_template_message_reaches_a_follower_and_opens_the_mini_program(sandbox: Sandbox) -> None:
    user = await a_follower(sandbox)
    delivery = await send(sandbox, user, page="pages/case", message_id="notice-1")
    assert delivery.outcome is DeliveryOutcome.ACCEPTED
    [message] = await sandbox.received(user, "template")
    assert (message["msgid"], message["data"], message["page"]) == (delivery.provider_id, PICKUP_DATA, "pages/case")


async def test_whoever_does_not_follow_is_reached_another_way(sandbox: Sandbox) -> None:
    user = await sandbox.person()
    assert await send(sandbox, user) == Delivery(DeliveryOutcome.NEXT_CHANNEL, error="43004")


async def test_a_repetition_of_one_message_arrives_once(sandbox: Sandbox) -> None:
    user = await a_follower(sandbox)
    long = "A" * 80
    first = await send(sandbox, user, message_id=long)
    await sandbox.fault("drop", path=SEND, acts=True, times=1)
    assert (await send(sandbox, user, message_id=long + "b")).outcome is DeliveryOutcome.RETRY_LATER
    again = await send(sandbox, user, message_id=long + "b")
    assert (await send(sandbox, user, message_id=long)).provider_id == first.provider_id != again.provider_id
    assert len(await sandbox.received(user, "template")) == 2


async def test_a_template_nobody_knows_is_our_mistake(sandbox: Sandbox) -> None:
    user = await a_follower(sandbox)
    assert await send(sandbox, user, template_id="t") == Delivery(DeliveryOutcome.BROKEN, error="40037")


async def test_a_subscription_notice_needs_what_the_person_agreed_to(sandbox: Sandbox) -> None:
    user = await a_follower(sandbox)
    asked: dict[str, Any] = {"openid": sandbox.openids[user][ACCOUNT_ID], "template_id": PICKUP, "data": PICKUP_DATA}
    assert (await sandbox.account().send_subscription_notice(**asked)).outcome is DeliveryOutcome.NEXT_CHANNEL
    await sandbox.post(f"/sandbox/users/{user}/subscribe", appid=ACCOUNT_ID, template_ids=[PICKUP])
    assert (await sandbox.account().send_subscription_notice(**asked)).outcome is DeliveryOutcome.ACCEPTED
    [message] = await sandbox.received(user, "subscription_notice")
    assert message["data"] == PICKUP_DATA


async def test_the_menu_is_put_read_and_taken_away(sandbox: Sandbox) -> None:
    account = sandbox.account()
    assert await account.menu() is None
    await account.put_menu(MENU)
    assert await account.menu() == MENU
    await account.delete_menu()
    assert await account.menu() is None


async def test_a_menu_wechat_would_refuse_is_an_error(sandbox: Sandbox) -> None:
    with pytest.raises(WeChatError, match="40018"):
        await sandbox.account().put_menu({"button": [{"type": "click", "name": "名字长过十六个字节", "key": "k"}]})


async def test_calls_of_a_day_are_counted_and_forgotten_at_chinas_midnight(sandbox: Sandbox) -> None:
    account = sandbox.account()
    for _ in range(3):
        await account.menu()
    assert account.counts.today() == {"/cgi-bin/menu/get": 3}
    sandbox.clock.turn(hours=15)
    assert account.counts.today() == {}


async def test_the_counts_at_wechat_are_told_and_cleared(sandbox: Sandbox) -> None:
    account, user = sandbox.account(), await a_follower(sandbox)
    await send(sandbox, user)
    assert await account.quota(SEND) == {"daily_limit": 100_000, "used": 1, "remain": 99_999}
    await account.clear_quota()
    assert (await account.quota(SEND))["used"] == 0
    for _ in range(9):
        await account.clear_quota()
    with pytest.raises(WeChatError, match="48006"):
        await account.clear_quota()
    assert (await sandbox.client(MINIAPP_ID).quota(SEND))["used"] == 0
