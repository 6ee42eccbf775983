"""投诉 and 建议 in the chat: a number, a day, what became of it; over HTTP, on a phone in the sandbox (R198)."""

from datetime import date

from domain.terms import ComplaintKind, ComplaintStatus
from models.case import Case
from models.chat_talk import ChatTalk
from models.complaint import Complaint, ComplaintWord
from models.place import AcceptancePoint, keep_point
from templates.chat import chat_text
from tests.bot.phone import Phone
from tests.workers.citizens import a_case

TEXT = "9月18日上午，窗口排队两个小时，没有人说明原因。<希望>增加窗口!"


async def test_a_complaint_is_taken_down_confirmed_and_given_a_number_and_a_day(phone: Phone) -> None:
    await phone.bound()
    assert "什么时间、在哪里" in await phone.say("投诉")
    confirm = await phone.say(TEXT)
    assert "窗口排队两个小时" in confirm
    assert "回复“确认”" in confirm
    assert await Complaint.all().count() == 0
    told = await phone.say("确认")
    opened = await Complaint.get()
    assert opened.number in told
    assert opened.due_on is not None
    assert f"{opened.due_on.month}月{opened.due_on.day}日" in told
    assert (opened.kind, opened.text) == (ComplaintKind.COMPLAINT, TEXT)


async def test_a_confirmation_said_often_and_at_once_opens_one(phone: Phone) -> None:
    await phone.bound()
    await phone.say("建议")
    await phone.say("希望周末也能办理")
    said = [{"MsgType": "text", "Content": "确认"} for _ in range(4)]
    await phone.sandbox.post(
        "/sandbox/push", appid=phone.appid, user=phone.user, messages=said, copies=2, order="at_once"
    )
    assert [one.kind for one in await Complaint.all()] == [ComplaintKind.SUGGESTION]


async def test_a_complaint_may_name_an_own_case_and_goes_to_its_station(phone: Phone) -> None:
    number = await a_case(phone.deps, await phone.bound(), name="赵试试")
    await keep_point(
        "DEMO-NC-1", {}, name="示范市民中心", division="360102", address="示范路1号", phone="079100000000",
        schedule={}, latitude=28.68, longitude=115.9,
    )  # fmt: skip
    point = await AcceptancePoint.get(code="DEMO-NC-1")
    await Case.filter(number=number).update(acceptance_point_id=point.id)
    which = await phone.say("投诉")
    assert "1 首次申领居民身份证（赵**" in which
    assert number not in which
    assert "都不是" in which
    await phone.say("1")
    await phone.say(TEXT)
    assert "示范市民中心" in await phone.say("确认")
    opened = await Complaint.get().select_related("case")
    assert (opened.case.number if opened.case else None, opened.point_id) == (number, point.id)


async def test_another_text_replaces_the_one_shown_and_leaving_opens_nothing(phone: Phone) -> None:
    await phone.bound()
    await phone.say("投诉")
    assert "内容写得太短" in await phone.say("差")
    await phone.say("窗口没有人，等了一个小时")
    assert "等了两个小时" in await phone.say("窗口没有人，等了两个小时")
    assert await phone.say("退出") == chat_text("stopped", {})
    assert await phone.say("确认") == chat_text("fallback", {})
    assert await Complaint.all().count() == 0
    assert (await ChatTalk.get()).facts == {}


async def test_who_is_not_bound_is_told_the_other_ways_and_nothing_is_kept(phone: Phone) -> None:
    told = await phone.say("投诉")
    assert "绑定" in told
    assert "拨打受理点电话" in told
    assert await phone.say(TEXT) == chat_text("fallback", {})
    assert await phone.say("我的投诉") == chat_text("not_bound", {})
    assert await Complaint.all().count() == 0


async def test_own_ones_are_told_with_what_became_of_them_and_never_their_words(phone: Phone) -> None:
    await phone.bound()
    assert await phone.say("我的投诉") == chat_text("complaint_none", {})
    await phone.say("投诉")
    await phone.say(TEXT)
    await phone.say("确认")
    waiting = await phone.say("我的投诉")
    assert "待处理" in waiting
    assert "最晚" in waiting
    now = phone.clock.now()
    await Complaint.all().update(status=ComplaintStatus.ANSWERED, answer="已经增加窗口", answered_at=now)
    answered = await phone.say("我的投诉")
    assert "已答复" in answered
    assert "排队" not in answered
    assert "增加窗口" not in answered


async def test_a_word_is_added_to_one_of_the_own_by_its_number_in_the_list(phone: Phone) -> None:
    await phone.bound()
    for text in ("窗口没有人，等了一个小时", "希望周末也能办理"):
        await phone.say("投诉")
        await phone.say(text)
        await phone.say("确认")
    await phone.say("我的投诉")
    older = await Complaint.all().order_by("id").first()
    assert older is not None
    assert older.number in await phone.say("2")
    assert older.number in await phone.say("当天是上午十点")
    assert [(word.complaint_id, word.text) for word in await ComplaintWord.all()] == [(older.id, "当天是上午十点")]


async def test_the_clock_starts_on_the_day_it_was_said_in_the_chat(phone: Phone) -> None:
    """Five working days from 29 September: National Day's week does not count, the Saturday worked for it does."""
    phone.clock.turn(days=7)
    await phone.bound()
    await phone.say("投诉")
    await phone.say(TEXT)
    await phone.say("确认")
    assert (await Complaint.get()).due_on == date(2026, 10, 12)
