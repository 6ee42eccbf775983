"""Faults of the outside, over real HTTP: nothing is lost, and nothing comes twice that an id can prevent."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from casework.chat import bind_chat, binding_code
from casework.deps import Deps
from casework.message_consents import allow_messages
from casework.notify import deliver_due
from domain.terms import Channel, NoticeKind
from gateways.http import open_session
from gateways.official_account import OfficialAccountClient
from gateways.sandbox.faults import FAULTS, Fault, FaultKind
from gateways.sandbox.sms import CENTRE, make_sms_sandbox
from gateways.sandbox.wechat import make_wechat_sandbox
from gateways.sms import SmsClient
from gateways.wechat import WeChatClient
from models.account import Account
from models.credit import crooked_balances
from models.notice import Notice
from templates.notices import account_templates, subscribe_templates
from tests.casework.town import Town
from tests.casework.way import gone
from tests.gateways.outside import ACCOUNT_ID, MINIAPP_ID, SECRET, Sandbox, TurnedClock, miniapp, official_account

BOOKED = NoticeKind.BOOKING_CONFIRMED
FAILURES: dict[str, dict[str, Any]] = {
    "502 with HTML": {"kind": "html"},
    "500": {"kind": "status", "status": 500},
    "rate limited": {"kind": "status", "status": 429},
    "empty answer": {"kind": "empty"},
    "dropped before": {"kind": "drop"},
    "dropped after it was taken": {"kind": "drop", "acts": True},
    "too slow, and taken": {"kind": "slow", "seconds": 1.5, "acts": True},
}
OF_WECHAT = {
    **{name: failure for name, failure in FAILURES.items() if name != "rate limited"},
    "wrong content type": {"kind": "plain_text"},
    "busy": {"kind": "errcode", "errcode": -1},
    "quota used up": {"kind": "errcode", "errcode": 45009},
    "token revoked by another process": {"kind": "errcode", "errcode": 40001},
}
SEND = "/cgi-bin/message/template/send"
SUBSCRIBED = "/cgi-bin/message/subscribe/send"


@dataclass
class Outside:
    """An SMS centre and a WeChat, and what came to people's phones."""

    sms: TestServer
    wechat: TestServer
    hand: Sandbox

    def texts(self, number: str) -> int:
        return sum(number in sms.text for sms in self.sms.app[CENTRE].arrived)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session(total_seconds=0.5) as session:
        yield session


@pytest.fixture
async def outside(
    aiohttp_server: Callable[..., Awaitable[TestServer]], town: Town, session: aiohttp.ClientSession
) -> Outside:
    clock = town.clock.now
    sms = await aiohttp_server(make_sms_sandbox(clock=clock, account="a", secret="s"))
    ids = town.deps.settings.account_template_ids
    templates = {ids[kind]: fields for kind, fields in account_templates().items()}
    ids = town.deps.settings.template_ids
    templates |= {ids[kind]: fields for kind, fields in subscribe_templates().items()}
    wechat = await aiohttp_server(
        make_wechat_sandbox(clock=clock, apps=[miniapp(), official_account()], templates=templates)
    )
    return Outside(sms, wechat, Sandbox(wechat.make_url("/"), session, TurnedClock(clock())))


@pytest.fixture
def deps(town: Town, outside: Outside, session: aiohttp.ClientSession) -> Deps:
    clock = town.clock.now
    account = OfficialAccountClient(
        session, base_url=str(outside.hand.base).rstrip("/"), appid=ACCOUNT_ID, secret=SECRET, clock=clock,
        miniapp=MINIAPP_ID,
    )  # fmt: skip
    url = str(outside.sms.make_url("/sms/send"))
    sms = SmsClient(session, url=url, account="a", secret="s", clock=clock)
    mini_program = WeChatClient(
        session, base_url=str(outside.hand.base).rstrip("/"), appid=MINIAPP_ID, secret=SECRET, clock=clock
    )
    return replace(town.deps, sms=sms, official_account=account, mini_program=mini_program)


async def until_told(town: Town, deps: Deps, kind: NoticeKind) -> Notice:
    """The postman again and again, whenever the notice is due."""
    for _ in range(6):
        await deliver_due(deps)
        notice = await Notice.get(kind=kind)
        if notice.status != "owed":
            return notice
        town.clock.at = max(notice.due_at, town.clock.now())
    raise AssertionError("never told")


@pytest.mark.parametrize("failure", sorted(FAILURES))
async def test_an_sms_comes_once_whatever_goes_wrong_on_the_way(
    town: Town, deps: Deps, outside: Outside, failure: str
) -> None:
    """A repetition carries the same id, and the provider drops it."""
    outside.sms.app[FAULTS].switch_on(Fault(**FAILURES[failure], times=2))
    way = await gone(town, "open")
    notice = await until_told(town, deps, NoticeKind.CASE_OPENED)
    assert (notice.status, notice.channel) == ("sent", Channel.SMS)
    assert outside.texts(way.number) == 1


async def test_a_provider_that_is_down_for_an_hour_loses_nothing(town: Town, deps: Deps, outside: Outside) -> None:
    outside.sms.app[FAULTS].switch_on(Fault(kind=FaultKind.DROP))
    way = await gone(town, "open")
    for _ in range(8):
        await deliver_due(deps)
        town.clock.turn(minutes=8)
    assert outside.texts(way.number) == 0
    outside.sms.app[FAULTS].clear()
    assert (await until_told(town, deps, NoticeKind.CASE_OPENED)).status == "sent"
    assert outside.texts(way.number) == 1


@pytest.mark.parametrize("failure", sorted(OF_WECHAT))
async def test_a_message_in_wechat_comes_once_whatever_goes_wrong_on_the_way(
    town: Town, deps: Deps, outside: Outside, failure: str
) -> None:
    """A repetition carries the same id, and WeChat drops it; nothing comes by SMS as well."""
    way = await gone(town, "open")
    user = await outside.hand.person()
    await outside.hand.post(f"/sandbox/users/{user}/follow", appid=ACCOUNT_ID)
    code = (await binding_code(deps, way.citizen)).code
    openid = outside.hand.openids[user][ACCOUNT_ID]
    assert await bind_chat(deps, appid=deps.settings.official_account.appid, openid=openid, code=code)
    await deliver_due(deps)
    outside.sms.app[CENTRE].arrived.clear()
    before = len(await outside.hand.received(user, "template"))
    outside.wechat.app[FAULTS].switch_on(Fault(path=SEND, times=2, **OF_WECHAT[failure]))
    await way.book()
    notice = await until_told(town, deps, BOOKED)
    assert (notice.status, notice.channel) == ("sent", Channel.ACCOUNT_TEMPLATE)
    assert len(await outside.hand.received(user, "template")) == before + 1
    assert outside.texts(way.number) == 0


@pytest.mark.parametrize("failure", sorted(OF_WECHAT))
async def test_a_subscription_message_is_lost_by_nothing_and_doubled_only_where_wechat_has_no_id_for_it(
    town: Town, deps: Deps, outside: Outside, failure: str
) -> None:
    """WeChat took it and its answer was lost: it cannot be asked again by an id, so an SMS goes as well."""
    way = await gone(town, "open")
    user = await outside.hand.person()
    await Account.filter(id=way.citizen.account_id).update(openid=outside.hand.openids[user][MINIAPP_ID])
    await outside.hand.consent(user, deps.settings.template_ids[BOOKED])
    await allow_messages(deps, way.citizen, [BOOKED])
    await deliver_due(deps)
    outside.sms.app[CENTRE].arrived.clear()
    outside.wechat.app[FAULTS].switch_on(Fault(path=SUBSCRIBED, times=1, **OF_WECHAT[failure]))
    await way.book()
    notice = await until_told(town, deps, BOOKED)
    taken = OF_WECHAT[failure].get("acts", False)
    assert (notice.status, notice.channel) == ("sent", Channel.SMS if taken else Channel.SUBSCRIBE_MESSAGE)
    assert len(await outside.hand.received(user, "subscribe")) == 1
    assert len(outside.sms.app[CENTRE].arrived) == (1 if taken else 0)
    assert await crooked_balances() == []


async def test_a_wechat_that_is_down_delays_a_subscription_message_and_nobody_else_s(
    town: Town, deps: Deps, outside: Outside
) -> None:
    """While WeChat gives no answer, an SMS owed at the same moment goes at once."""
    subscribed, other = await gone(town, "open"), await gone(town, "open")
    user = await outside.hand.person()
    await Account.filter(id=subscribed.citizen.account_id).update(openid=outside.hand.openids[user][MINIAPP_ID])
    await outside.hand.consent(user, deps.settings.template_ids[BOOKED])
    await allow_messages(deps, subscribed.citizen, [BOOKED])
    await deliver_due(deps)
    outside.sms.app[CENTRE].arrived.clear()
    outside.wechat.app[FAULTS].switch_on(Fault(kind=FaultKind.DROP))
    await subscribed.book()
    await other.book()
    await deliver_due(deps)
    statuses = {notice.case_id: notice.status for notice in await Notice.filter(kind=BOOKED).order_by("id")}
    assert sorted(statuses.values()) == ["owed", "sent"]
    assert len(outside.sms.app[CENTRE].arrived) == 1
    outside.wechat.app[FAULTS].clear()
    town.clock.turn(minutes=1)
    await deliver_due(deps)
    assert len(await outside.hand.received(user, "subscribe")) == 1
