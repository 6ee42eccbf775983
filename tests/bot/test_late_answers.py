"""An answer that takes longer than WeChat waits comes as a message of its own, once."""

import asyncio

import pytest

from bot import access
from bot.dialogue import Dialogue
from bot.push import Push, Sort
from casework.late_answers import answer_late, owe_answer
from models.chat_talk import OwedReply
from tests.bot.phone import Phone

pytestmark = pytest.mark.usefixtures("database")


def a_push(phone: Phone, text: str) -> Push:
    return Push(phone.appid, Sort.TEXT, phone.openid, "gh_1", text, f"{phone.appid}:message:7", phone.clock.now())


async def owe(phone: Phone, text: str) -> None:
    """The person wrote something, and WeChat hung up before there was an answer."""
    await phone.sandbox.post(f"/sandbox/users/{phone.user}/say", appid=phone.appid, text="…")
    push = a_push(phone, text)
    await owe_answer(phone.deps, push.dedupe_key, appid=push.appid, openid=push.openid, push=push.as_json())


async def test_a_late_answer_is_brought_by_a_worker(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "ALL_SECONDS", -1)
    await phone.say("指南")
    assert await phone.received("reply") == []
    assert await answer_late(phone.deps) == 1
    [brought] = await phone.received("customer")
    assert brought["text"].startswith("您要办理哪一项？")
    assert await answer_late(phone.deps) == 0
    assert (await OwedReply.get()).status == "sent"


async def test_two_workers_bring_it_once(phone: Phone) -> None:
    await owe(phone, "指南")
    assert sum(await asyncio.gather(answer_late(phone.deps), answer_late(phone.deps))) == 1
    assert len(await phone.received("customer")) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "html"},
        {"kind": "empty"},
        {"kind": "drop"},
        {"kind": "errcode", "errcode": -1},
        {"kind": "errcode", "errcode": 45009},
        {"kind": "errcode", "errcode": 45011},
    ],
)
async def test_wechat_in_trouble_is_asked_again_later(phone: Phone, fault: dict[str, str]) -> None:
    await owe(phone, "指南")
    await phone.sandbox.fault(**fault, path="/cgi-bin/message/custom/send", times=1)
    await answer_late(phone.deps)
    assert (await OwedReply.get()).status == "owed"
    phone.clock.turn(seconds=10)
    await answer_late(phone.deps)
    assert (await OwedReply.get()).status == "sent"
    assert len(await phone.received("customer")) == 1


async def test_a_token_taken_back_by_somebody_else_costs_nothing(phone: Phone) -> None:
    await owe(phone, "指南")
    await phone.sandbox.post("/sandbox/revoke-tokens", appid=phone.deps.settings.official_account.appid)
    await answer_late(phone.deps)
    assert len(await phone.received("customer")) == 1


async def test_whoever_can_no_longer_be_written_to_is_left_alone(phone: Phone) -> None:
    await owe(phone, "指南")
    phone.clock.turn(hours=49)
    await answer_late(phone.deps)
    assert (await OwedReply.get()).status == "lost"


async def test_a_push_answered_meanwhile_is_brought_with_the_same_words(phone: Phone) -> None:
    push = a_push(phone, "指南")
    said = await Dialogue(phone.deps).answer(push, None)
    await owe(phone, "指南")
    await answer_late(phone.deps)
    assert [each["text"] for each in await phone.received("customer")] == [said]
