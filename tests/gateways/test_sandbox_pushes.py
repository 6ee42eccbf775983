"""The push engine against a bot that reads with wechatpy: a second reading of the same protocol."""

import asyncio
import hashlib
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
import xmltodict
from aiohttp import web
from aiohttp.test_utils import TestServer
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.utils import check_signature

from gateways.sandbox.apps import PushFormat, PushMode
from gateways.sandbox.cipher import decrypt, encrypt, signature_of
from gateways.sandbox.pushes import OUT_OF_SERVICE
from tests.gateways.conftest import MakeSandbox
from tests.gateways.outside import (
    ACCOUNT_ID,
    AES_KEY,
    MINIAPP_ID,
    PICKUP,
    PREVIOUS_AES_KEY,
    SECRET,
    Sandbox,
    miniapp,
    official_account,
)

TOKEN = "push-token"
TEXT_REPLY = (
    "<xml><ToUserName><![CDATA[{to}]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>"
    "<CreateTime>1772672400</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[{text}]]></Content></xml>"
)


@dataclass
class Got:
    """One request as it came."""

    query: dict[str, str]
    body: bytes
    content_type: str

    def opened(self, key: str = AES_KEY, appid: str = ACCOUNT_ID) -> dict[str, Any]:
        """Decrypt with wechatpy, which checks msg_signature and appid."""
        outer = orjson.loads(self.body) if self.body.startswith(b"{") else self.body
        crypto = WeChatCrypto(TOKEN, key, appid)
        text = crypto.decrypt_message(outer, self.query["msg_signature"], self.query["timestamp"], self.query["nonce"])
        return read(text.encode())

    @property
    def plain(self) -> dict[str, Any]:
        return read(self.body)


def read(body: bytes) -> dict[str, Any]:
    return dict(orjson.loads(body)) if body.startswith(b"{") else dict(xmltodict.parse(body)["xml"])


@dataclass
class Bot:
    """Answers with what the test puts in, one answer per request, the last one for ever."""

    answers: list[Any] = field(default_factory=lambda: ["success"])
    got: list[Got] = field(default_factory=list)
    url: str = ""

    async def push(self, request: web.Request) -> web.Response:
        self.got.append(Got(dict(request.query), await request.read(), request.content_type))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(self.got[-1])
        if isinstance(answer, int):
            return web.Response(status=answer)
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            return web.Response(text="success")
        return web.Response(text=str(answer))

    async def verify(self, request: web.Request) -> web.Response:
        query = request.query
        check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
        return web.Response(text=query["echostr"])


@pytest.fixture
async def bot(aiohttp_server: Callable[..., Awaitable[TestServer]]) -> Bot:
    bot = Bot()
    application = web.Application()
    application.router.add_post("/bot", bot.push)
    application.router.add_get("/bot", bot.verify)
    bot.url = str((await aiohttp_server(application)).make_url("/bot"))
    return bot


@pytest.fixture
def around(make_sandbox: MakeSandbox, bot: Bot) -> Callable[..., Awaitable[Sandbox]]:
    """A sandbox whose accounts push to the bot."""

    async def make(**more: Any) -> Sandbox:
        miniapp_more = {"push_format": more.pop("push_format", PushFormat.XML)}
        mode = {"push_mode": more.pop("push_mode", PushMode.SAFE), "push_url": bot.url}
        return await make_sandbox(apps=[miniapp(**mode, **miniapp_more), official_account(**mode)], **more)

    return make


Around = Callable[..., Awaitable[Sandbox]]


def text_to(got: dict[str, Any], text: str) -> str:
    return TEXT_REPLY.format(to=got["FromUserName"], sender=got["ToUserName"], text=text)


def sealed(got: Got, text: str, key: str = AES_KEY) -> str:
    """An encrypted reply made by wechatpy."""
    clear = text_to(got.opened(key), text)
    return str(WeChatCrypto(TOKEN, key, ACCOUNT_ID).encrypt_message(clear, got.query["nonce"], "1772672400"))


async def say(sandbox: Sandbox, user: str, text: str = "进度", **more: Any) -> dict[str, Any]:
    return await sandbox.post(f"/sandbox/users/{user}/say", appid=ACCOUNT_ID, text=text, **more)


@pytest.mark.parametrize("message", [b"", b"x", "进度".encode() * 500, bytes(range(256))])
def test_what_is_encrypted_can_be_decrypted_for_the_same_account_only(message: bytes) -> None:
    text = encrypt(AES_KEY, ACCOUNT_ID, message)
    assert decrypt(AES_KEY, ACCOUNT_ID, text) == message
    with pytest.raises(ValueError, match="appid"):
        decrypt(AES_KEY, MINIAPP_ID, text)
    with pytest.raises(ValueError, match=r"padding|appid"):
        decrypt(PREVIOUS_AES_KEY, ACCOUNT_ID, text)


async def test_a_plain_push_is_signed_and_readable(around: Around, bot: Bot) -> None:
    sandbox = await around(push_mode=PushMode.PLAIN)
    bot.answers = [lambda got: text_to(got.plain, "共有 1 件")]
    user = await sandbox.person()
    told = await say(sandbox, user)
    assert told["outcome"] == "replied"
    assert told["reply"]["Content"] == "共有 1 件"
    [got] = bot.got
    check_signature(TOKEN, got.query["signature"], got.query["timestamp"], got.query["nonce"])
    assert "encrypt_type" not in got.query
    assert got.plain["Content"] == "进度"
    assert got.plain["FromUserName"] == got.query["openid"] == sandbox.openids[user][ACCOUNT_ID]
    assert [each["text"] for each in await sandbox.received(user, "reply")] == ["共有 1 件"]


async def test_a_safe_push_shows_nothing_in_clear_and_takes_encrypted_replies_only(around: Around, bot: Bot) -> None:
    sandbox = await around(push_mode=PushMode.SAFE)
    bot.answers = [lambda got: sealed(got, "共有 1 件"), lambda got: text_to(got.opened(), "明文")]
    user = await sandbox.person()
    assert (await say(sandbox, user))["reply"]["Content"] == "共有 1 件"
    [got] = bot.got
    assert set(got.plain) == {"ToUserName", "Encrypt"}
    assert got.query["encrypt_type"] == "aes"
    assert got.opened()["Content"] == "进度"
    assert (await say(sandbox, user))["outcome"] == "unavailable"


async def test_a_compatible_push_has_both_and_takes_either(around: Around, bot: Bot) -> None:
    sandbox = await around(push_mode=PushMode.COMPATIBLE)
    bot.answers = [lambda got: text_to(got.plain, "明文"), lambda got: sealed(got, "密文")]
    user = await sandbox.person()
    replies = [(await say(sandbox, user))["reply"]["Content"] for _ in range(2)]
    assert replies == ["明文", "密文"]
    got = bot.got[0]
    assert got.plain["Content"] == got.opened()["Content"] == "进度"


async def test_the_mode_can_be_another_for_one_push(around: Around, bot: Bot) -> None:
    sandbox = await around(push_mode=PushMode.SAFE)
    await say(sandbox, await sandbox.person(), mode="plain")
    assert bot.got[0].plain["Content"] == "进度"


@pytest.mark.parametrize("mode", [PushMode.PLAIN, PushMode.SAFE, PushMode.COMPATIBLE])
async def test_json_pushes_are_labelled_xml_and_list_one_row_as_an_object(
    around: Around, bot: Bot, mode: PushMode
) -> None:
    sandbox = await around(push_mode=mode, push_format=PushFormat.JSON)
    user = await sandbox.person()
    await sandbox.consent(user)
    await sandbox.consent(user, PICKUP, PICKUP)
    one, two = bot.got
    assert one.content_type == "text/xml"
    first, second = (each.plain if mode is PushMode.PLAIN else each.opened(appid=MINIAPP_ID) for each in (one, two))
    assert first["Event"] == "subscribe_msg_popup_event"
    assert first["List"] == {"TemplateId": PICKUP, "SubscribeStatusString": "accept", "PopupScene": "2"}
    assert isinstance(second["List"], list)
    assert first["CreateTime"] == "1772672400"


async def test_xml_subscription_events_nest_their_rows(around: Around, bot: Bot) -> None:
    sandbox = await around()
    user = await sandbox.person()
    await sandbox.consent(user, PICKUP, PICKUP)
    rows = bot.got[0].opened(appid=MINIAPP_ID)["SubscribeMsgPopupEvent"]["List"]
    assert [row["SubscribeStatusString"] for row in rows] == ["accept", "accept"]
    await sandbox.post(f"/sandbox/users/{user}/refuse", appid=MINIAPP_ID, template_ids=[PICKUP])
    changed = bot.got[1].opened(appid=MINIAPP_ID)
    assert changed["Event"] == "subscribe_msg_change_event"
    assert changed["SubscribeMsgChangeEvent"]["List"]["SubscribeStatusString"] == "reject"


async def test_a_sent_message_is_reported_by_a_push(around: Around, bot: Bot) -> None:
    sandbox = await around()
    user = await sandbox.person()
    await sandbox.consent(user)
    delivery = await sandbox.client().send_subscribe_message(
        openid=sandbox.openids[user][MINIAPP_ID],
        template_id=PICKUP,
        page="pages/case",
        data={
            "thing1": "居民身份证",
            "character_string2": "TB1",
            "time3": "2026年3月5日 09:00",
            "phrase4": "可以领取",
        },
    )
    await sandbox.post("/sandbox/settle")
    event = bot.got[-1].opened(appid=MINIAPP_ID)
    assert event["Event"] == "subscribe_msg_sent_event"
    row = event["SubscribeMsgSentEvent"]["List"]
    assert (row["MsgID"], row["ErrorCode"], row["ErrorStatus"]) == (delivery.provider_id, "0", "success")


async def test_three_tries_have_one_msgid_and_createtime_and_new_nonces(around: Around, bot: Bot) -> None:
    sandbox = await around()
    bot.answers = [500, 404, lambda got: sealed(got, "第三次")]
    user = await sandbox.person()
    told = await say(sandbox, user)
    assert [each["status"] for each in told["tries"]] == [500, 404, 200]
    assert told["reply"]["Content"] == "第三次"
    opened = [got.opened() for got in bot.got]
    assert len({each["MsgId"] for each in opened}) == len({each["CreateTime"] for each in opened}) == 1
    assert len({got.query["nonce"] for got in bot.got}) == 3


async def test_after_three_silent_tries_the_person_sees_that_the_account_is_out_of_service(
    around: Around, bot: Bot
) -> None:
    sandbox = await around(push_timeout_seconds=0.1)
    never = asyncio.Event()
    bot.answers = [never]
    user = await sandbox.person()
    told = await say(sandbox, user)
    never.set()
    assert told["outcome"] == "unavailable"
    assert len(told["tries"]) == 3
    assert all("Timeout" in each["error"] for each in told["tries"])
    assert [each["text"] for each in await sandbox.received(user, "system")] == [OUT_OF_SERVICE]


@pytest.mark.parametrize(
    "answer",
    [
        '{"errcode":0}',
        "<xml>",
        "<html>502</html>",
        "<xml><MsgType>text</MsgType></xml>",
        '<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>',
        lambda got: text_to(got.plain, ""),
        lambda got: text_to(got.plain, "字" * 683),
        lambda got: text_to({**got.plain, "FromUserName": "somebody"}, "给别人"),
    ],
)
async def test_a_reply_that_is_none_is_not_tried_again_and_shown_as_out_of_service(
    around: Around, bot: Bot, answer: Any
) -> None:
    sandbox = await around(push_mode=PushMode.PLAIN)
    bot.answers = [answer]
    user = await sandbox.person()
    told = await say(sandbox, user)
    assert told["outcome"] == "unavailable"
    assert len(bot.got) == 1
    assert await sandbox.received(user, "system")


@pytest.mark.parametrize("answer", ["", "success", " success\n"])
async def test_success_or_nothing_is_enough_in_every_mode(around: Around, bot: Bot, answer: str) -> None:
    sandbox = await around()
    bot.answers = [answer]
    told = await say(sandbox, await sandbox.person())
    assert (told["outcome"], told["reply"]) == ("acknowledged", None)


async def test_a_reply_with_a_wrong_signature_is_none(around: Around, bot: Bot) -> None:
    sandbox = await around()
    bot.answers = [lambda got: sealed(got, "您好").replace("<MsgSignature><![CDATA[", "<MsgSignature><![CDATA[0")]
    assert (await say(sandbox, await sandbox.person()))["outcome"] == "unavailable"


async def test_text_cant_break_out_of_its_element(around: Around, bot: Bot) -> None:
    sandbox = await around(push_mode=PushMode.PLAIN)
    nasty = "]]></Content><MsgType><![CDATA[event]]></MsgType><Content><![CDATA["
    await say(sandbox, await sandbox.person(), text=nasty)
    assert bot.got[0].plain["Content"] == nasty
    assert bot.got[0].plain["MsgType"] == "text"


async def test_following_scanning_clicking_and_leaving_are_pushed(around: Around, bot: Bot) -> None:
    sandbox = await around()
    user = await sandbox.person()
    at = f"/sandbox/users/{user}"
    await sandbox.post(f"{at}/follow", appid=ACCOUNT_ID, scene="station-1")
    await sandbox.post(f"{at}/scan", appid=ACCOUNT_ID, scene="station-1")
    await sandbox.post(f"{at}/click", appid=ACCOUNT_ID, key="progress")
    await sandbox.post(f"{at}/unfollow", appid=ACCOUNT_ID)
    events = [got.opened() for got in bot.got]
    assert [(event["Event"], event.get("EventKey")) for event in events] == [
        ("subscribe", "qrscene_station-1"),
        ("SCAN", "station-1"),
        ("CLICK", "progress"),
        ("unsubscribe", None),
    ]
    assert all("MsgId" not in event for event in events)


async def test_the_url_is_verified_with_an_echo(around: Around) -> None:
    sandbox = await around()
    assert (await sandbox.post("/sandbox/verify", appid=ACCOUNT_ID))["passed"] is True


async def test_a_url_that_gives_no_echo_is_not_verified(make_sandbox: MakeSandbox, bot: Bot) -> None:
    for url in (bot.url + "/elsewhere", "http://127.0.0.1:9/bot"):
        sandbox = await make_sandbox(apps=[official_account(push_url=url)])
        assert (await sandbox.post("/sandbox/verify", appid=ACCOUNT_ID))["passed"] is False


async def by_hand(sandbox: Sandbox, user: str, **more: Any) -> list[dict[str, Any]]:
    given = {"messages": [{"MsgType": "text", "Content": "进度"}], **more}
    told = await sandbox.post("/sandbox/push", appid=ACCOUNT_ID, user=user, **given)
    return list(told["pushes"])


@pytest.mark.parametrize(
    ("defect", "error"),
    [
        ("bad_signature", InvalidSignatureException),
        ("no_signature", KeyError),
        ("wrong_appid", InvalidAppIdException),
        ("foreign_key", (InvalidAppIdException, ValueError, struct.error)),
        ("old_key", (InvalidAppIdException, ValueError, struct.error)),
    ],
)
async def test_a_spoiled_push_cant_be_opened(
    around: Around, bot: Bot, defect: str, error: type[Exception] | tuple[type[Exception], ...]
) -> None:
    sandbox = await around()
    await by_hand(sandbox, await sandbox.person(), defect=defect)
    with pytest.raises(error):
        bot.got[0].opened()


async def test_a_push_with_the_old_key_opens_with_the_old_key_and_takes_it_back(around: Around, bot: Bot) -> None:
    sandbox = await around()
    bot.answers = [lambda got: sealed(got, "旧钥匙", PREVIOUS_AES_KEY)]
    [record] = await by_hand(sandbox, await sandbox.person(), defect="old_key")
    assert record["reply"]["Content"] == "旧钥匙"


async def test_a_stale_push_is_rightly_signed_an_hour_ago(around: Around, bot: Bot) -> None:
    sandbox = await around()
    await by_hand(sandbox, await sandbox.person(), defect="stale")
    assert int(bot.got[0].query["timestamp"]) == 1772672400 - 3600
    assert bot.got[0].opened()["Content"] == "进度"


async def test_a_duplicate_has_the_same_msgid_and_a_replay_the_same_bytes(around: Around, bot: Bot) -> None:
    sandbox = await around()
    first, second = await by_hand(sandbox, await sandbox.person(), copies=2)
    assert first["message"] == second["message"]
    assert bot.got[0].body != bot.got[1].body
    told = await sandbox.post(f"/sandbox/pushes/{second['push']}/replay")
    assert told["answer"] == {"status": 200, "body": "success"}
    assert (bot.got[2].query, bot.got[2].body) == (bot.got[1].query, bot.got[1].body)


async def test_out_of_order_the_later_message_comes_first(around: Around, bot: Bot) -> None:
    sandbox = await around()
    messages = [{"MsgType": "text", "Content": "一"}, {"MsgType": "text", "Content": "二"}]
    await by_hand(sandbox, await sandbox.person(), messages=messages, order="reversed")
    later, earlier = (got.opened() for got in bot.got)
    assert (later["Content"], earlier["Content"]) == ("二", "一")
    assert int(later["CreateTime"]) - int(earlier["CreateTime"]) == 1


async def test_nonsense_can_be_pushed_under_a_good_signature(around: Around, bot: Bot) -> None:
    sandbox = await around()
    await by_hand(sandbox, await sandbox.person(), messages=[], raw="<xml/>")
    got = bot.got[0]
    crypto = WeChatCrypto(TOKEN, AES_KEY, ACCOUNT_ID)
    query = got.query
    assert crypto.decrypt_message(got.body, query["msg_signature"], query["timestamp"], query["nonce"]) == "<xml/>"


async def test_pushes_at_once_all_arrive(around: Around, bot: Bot) -> None:
    sandbox = await around()
    records = await by_hand(sandbox, await sandbox.person(), copies=20, order="at_once")
    assert {record["outcome"] for record in records} == {"acknowledged"}
    assert len(bot.got) == 20


async def test_without_a_push_url_nothing_is_pushed(sandbox: Sandbox) -> None:
    assert (await say(sandbox, await sandbox.person()))["outcome"] == "not_set_up"


def test_the_query_signature_is_sha1_over_the_sorted_parts() -> None:
    assert signature_of("b", "1", "a") == hashlib.sha1(b"1ab").hexdigest()


def test_an_account_prints_none_of_its_secrets() -> None:
    printed = repr(official_account())
    assert ACCOUNT_ID in printed
    assert not any(secret in printed for secret in (SECRET, TOKEN, AES_KEY, PREVIOUS_AES_KEY))
