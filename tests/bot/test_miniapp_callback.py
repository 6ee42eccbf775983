"""The mini-program's callback: XML or JSON, in every mode, told and not asked."""

import asyncio
from typing import Any

import orjson
import pytest

from bot.push import read_push
from models.account import Account, ChatBinding, ConsentWithdrawal
from models.chat_talk import ChatTalk
from models.push import PushSeen
from tests.bot.conftest import MakePhone
from tests.bot.phone import Phone
from tests.bot.pushing import Pusher
from tests.workers.citizens import PHONE, a_case

FORMATS = [(mode, written) for mode in ("plain", "compatible", "safe") for written in ("json", "xml")]
REVOKED = {"MsgType": "event", "Event": "user_authorization_revoke", "RevokeInfo": "1"}


async def pushed(phone: Phone, *messages: dict[str, str], **more: Any) -> list[dict[str, Any]]:
    asked = {"appid": phone.deps.settings.miniapp.appid, "user": phone.user, "messages": list(messages), **more}
    return list((await phone.sandbox.post("/sandbox/push", **asked))["pushes"])


@pytest.mark.parametrize(("mode", "written"), FORMATS)
async def test_an_event_is_taken_and_a_message_handed_on_in_each_mode_and_format(
    make_phone: MakePhone, mode: str, written: str
) -> None:
    phone = await make_phone(TONGBAN_MINIAPP_PUSH_MODE=mode, TONGBAN_MINIAPP_PUSH_FORMAT=written)
    appid = phone.deps.settings.miniapp.appid
    assert (await phone.sandbox.post("/sandbox/verify", appid=appid))["passed"]
    [event] = await pushed(phone, REVOKED)
    assert (event["outcome"], len(event["tries"])) == ("acknowledged", 1)
    [message] = await pushed(phone, {"MsgType": "text", "Content": "在吗"})
    assert (message["outcome"], message["reply"]["MsgType"]) == ("replied", "transfer_customer_service")


@pytest.mark.parametrize(
    ("defect", "outcome"),
    [("bad_signature", "unavailable"), ("stale", "unavailable"), ("wrong_appid", "unavailable"),
     ("foreign_key", "unavailable"), ("old_key", "acknowledged")],
)  # fmt: skip
async def test_a_push_with_a_defect_ends_as_it_should(make_phone: MakePhone, defect: str, outcome: str) -> None:
    phone = await make_phone(TONGBAN_MINIAPP_AES_KEY_PREVIOUS="ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210zyxwvuA")
    [push] = await pushed(phone, REVOKED, defect=defect)
    assert push["outcome"] == outcome


async def test_a_push_for_the_other_app_is_refused(make_phone: MakePhone) -> None:
    """The same key would open it; the app id inside must be ours."""
    phone = await make_phone()
    pusher = Pusher(phone.sandbox.session, f"http://127.0.0.1:{phone.port}/bot/miniapp", phone.deps, phone.clock)
    assert (await pusher.push("<xml/>")).status == 403


MALFORMED = [
    "", "{", "[]", "{}", "null", "{\"MsgType\":1}", '{"MsgType":"event"}', '{"MsgType":"event","Event":{}}',
    '{"MsgType":"text","FromUserName":[],"ToUserName":"gh","CreateTime":1,"MsgId":1}',
    '{"MsgType":"text","FromUserName":"o1","ToUserName":"gh","CreateTime":1e400,"MsgId":1}',
    '{"MsgType":"text","FromUserName":"o1","ToUserName":"gh","CreateTime":-1,"MsgId":1}',
    '{"MsgType":"event","Event":"subscribe_msg_sent_event","FromUserName":"o1","ToUserName":"gh","CreateTime":1,"List":1}',
    '{"MsgType":"event","Event":"subscribe_msg_popup_event","FromUserName":"o","ToUserName":"g","CreateTime":1,"List":[[]]}',
    '{"MsgType":"event","Event":"user_authorization_revoke","FromUserName":"o","ToUserName":"g","CreateTime":1,"AppID":"x"}',
    "[" * 5_000, '{"a":' * 5_000, "\ud7ff{}",
]  # fmt: skip


@pytest.mark.parametrize("mode", ["plain", "safe"])
async def test_a_malformed_push_is_refused_as_such(make_phone: MakePhone, mode: str) -> None:
    phone = await make_phone(TONGBAN_MINIAPP_PUSH_MODE=mode)
    for raw in MALFORMED:
        [push] = await pushed(phone, raw=raw)
        assert {each.get("status") for each in push["tries"]} <= {400, 403}, raw[:200]


async def test_who_takes_back_what_we_may_know_is_known_no_longer(make_phone: MakePhone) -> None:
    """B50: sessions and binding end, the phone number goes, the notice must be agreed to anew; twice too."""
    phone = await make_phone()
    await phone.bound()
    await asyncio.gather(*(pushed(phone, {**REVOKED, "OpenID": phone.mini_openid}, copies=3) for _ in range(2)))
    assert await ChatBinding.all().count() == 0
    assert (await Account.get()).phone is None
    assert await ConsentWithdrawal.filter(answered_at=None).count() >= 1
    await phone.sandbox.post(f"/sandbox/users/{phone.user}/follow", appid=phone.appid)
    assert "绑定" in await phone.say("进度")


async def test_a_case_under_way_keeps_the_number_it_must_be_told_at(make_phone: MakePhone) -> None:
    """R106: the law asks us to reach the person; the rest ends all the same."""
    phone = await make_phone()
    await a_case(phone.deps, await phone.bound(), name="赵试试")
    await phone.sandbox.post(f"/sandbox/users/{phone.user}/revoke-consent", appid=phone.deps.settings.miniapp.appid)
    assert (await Account.get()).phone == PHONE
    assert "绑定" in await phone.say("进度")


async def test_who_leaves_the_account_leaves_no_word_behind(make_phone: MakePhone) -> None:
    phone = await make_phone()
    await phone.bound()
    await phone.say("指南")
    phone.clock.turn(seconds=1)
    await phone.unfollow()
    assert await ChatBinding.all().count() == 0
    assert await ChatTalk.all().count() == 0
    assert {reply or "" for reply in await PushSeen.all().values_list("reply", flat=True)} == {""}


async def test_a_leaving_that_arrives_late_does_not_take_a_newer_binding(make_phone: MakePhone) -> None:
    phone = await make_phone()
    left = str(int(phone.clock.now().timestamp()))
    phone.clock.turn(seconds=30)
    await phone.bound()
    late = {"MsgType": "event", "Event": "unsubscribe", "EventKey": "", "CreateTime": left}
    await phone.sandbox.post("/sandbox/push", appid=phone.appid, user=phone.user, messages=[late])
    assert await ChatBinding.all().count() == 1


def test_two_rows_and_one_row_are_read_alike() -> None:
    head = {"MsgType": "event", "FromUserName": "o1", "ToUserName": "gh", "CreateTime": "1610969440"}
    row = {"TemplateId": "t", "SubscribeStatusString": "accept", "PopupScene": "0"}
    for inside, count in (
        ({"List": row}, 1), ({"List": [row, row]}, 2), ({"SubscribeMsgPopupEvent": {"List": row}}, 1), (row, 1)
    ):  # fmt: skip
        body = orjson.dumps({**head, "Event": "subscribe_msg_popup_event", **inside}).decode()
        rows = read_push("wx", body).facts["rows"]
        assert [each["SubscribeStatusString"] for each in rows] == ["accept"] * count
