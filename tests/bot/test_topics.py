"""The dialogue, topic by topic: over HTTP, on a phone in the sandbox, kept in a table."""

import asyncio
from datetime import date, timedelta

import pytest

from bot.dialogue import Dialogue
from bot.menu import MENU
from bot.push import Push, Sort
from bot.topics import WORDS
from casework.talk import TALK_LIFE, tidy_talks
from domain.terms import CaseState, ServiceItem
from models.case import Case
from models.chat_talk import ChatTalk
from models.place import AcceptancePoint, keep_point
from models.slot import Booking
from templates.chat import chat_text
from tests.bot.phone import Phone
from tests.workers.citizens import a_case

ALWAYS = {
    "openings": [{"weekday": day, "start": "00:00", "end": "23:59"} for day in range(7)],
    "slot_minutes": 30,
    "capacity": 20,
    "closed_on_rest_days": False,
    "hours_text": "每天全天",
}


@pytest.fixture
async def town(phone: Phone) -> Phone:
    """The demo's points, one of them in the city where the case is applied for."""
    for number, (name, division) in enumerate({"示范市民中心": "360102", "示范派出所": "360111"}.items(), 1):
        await keep_point(
            f"DEMO-NC-{number}", {ServiceItem.ID_CARD_FIRST_APPLICATION: date(2021, 1, 1)}, name=name,
            division=division, address=f"江西省南昌市示范路{number}号", phone="079100000000", schedule=ALWAYS,
            latitude=28.68 + number / 100, longitude=115.9,
        )  # fmt: skip
    return phone


async def with_a_case(phone: Phone) -> str:
    return await a_case(phone.deps, await phone.bound(), name="赵试试")


async def test_the_guide_asks_one_thing_after_the_other_and_ends_with_the_papers(phone: Phone) -> None:
    """R195, by question and answer: places by name, choices by number, the day in any spelling."""
    assert "您要办理哪一项" in await phone.say("指南")
    assert "户籍在哪里" in await phone.say("1")
    assert "现在住在哪里" in await phone.say("赣州章贡区")
    assert "出生日期" in await phone.say("南昌东湖区")
    assert "领取过居民身份证吗" in await phone.say("2007年6月1日")
    told = await phone.say("否")
    while "退出" in told:
        told = await phone.say("2" if "军人" in told else "1")
    assert "要带的原件" in told
    assert "居民户口簿" in told
    assert (await ChatTalk.get()).topic is None


async def test_an_answer_that_is_none_is_asked_for_again_with_the_question(phone: Phone) -> None:
    await phone.say("指南")
    assert "没有看懂" in await phone.say("也许")
    await phone.say("1")
    assert "没有找到这个地方" in await phone.say("纳尼亚")
    several = await phone.say("鼓楼区")
    assert "江苏省南京市鼓楼区" in several
    assert "现在住在哪里" in await phone.say(_number_of(several, "徐州"))
    await phone.say("南昌东湖区")
    for wrong in ("2007-13-45", "明天", "1800-01-01", "20991231"):
        assert "没有看懂" in await phone.say(wrong)


async def test_a_birth_day_in_eight_digits_is_no_binding_code(phone: Phone) -> None:
    for said in ("指南", "1", "赣州章贡区", "南昌东湖区"):
        await phone.say(said)
    assert "领取过" in await phone.say("20070601")


async def test_a_word_of_another_topic_leaves_the_question(phone: Phone) -> None:
    await phone.say("指南")
    assert await phone.say("进度") == chat_text("not_bound", {})
    await phone.say("指南")
    assert await phone.say("退出") == chat_text("stopped", {})
    assert await phone.say("1") == chat_text("fallback", {})


async def test_a_talk_outlives_the_process_and_ends_after_half_an_hour(phone: Phone) -> None:
    await phone.say("指南")
    fresh = Dialogue(phone.deps)
    push = Push(phone.appid, Sort.TEXT, phone.openid, "gh", "1", f"{phone.appid}:message:1", phone.clock.now())
    assert "户籍在哪里" in await fresh.answer(push, None)
    phone.clock.turn(minutes=31)
    assert await phone.say("赣州") == chat_text("fallback", {})
    phone.clock.turn(seconds=TALK_LIFE.total_seconds() * 3)
    assert await tidy_talks(phone.deps) >= 1
    assert await ChatTalk.all().count() == 0


async def test_what_a_talk_keeps_lies_sealed_and_names_nobody(town: Phone) -> None:
    number = await with_a_case(town)
    await town.say("预约")
    row = await ChatTalk.get()
    assert town.openid not in row.follower
    assert number in str(row.facts)


async def test_nothing_is_booked_or_listed_before_the_chat_is_bound(town: Phone) -> None:
    for word in ("预约", "进度", "领证"):
        assert await town.say(word) == chat_text("not_bound", {})


async def test_a_visit_is_booked_by_reply(town: Phone) -> None:
    """Offered, chosen, confirmed; nothing is booked before the confirmation."""
    number = await with_a_case(town)
    where = await town.say("预约")
    assert "去哪个受理点" in where
    times = await town.say(_number_of(where, "示范市民中心"))
    assert "请回复数字" in times
    confirm = await town.say("2")
    assert "赵**" in confirm
    assert "赵试试" not in confirm
    assert await Booking.all().count() == 0
    assert "预约成功" in await town.say("确认")
    booking = await Booking.get().select_related("case", "slot", "slot__point")
    assert (booking.case.number, booking.slot.point.code) == (number, "DEMO-NC-1")


async def test_a_time_that_has_begun_is_not_offered(town: Phone) -> None:
    """09:10: the visit from 09:00 to 09:30 could still be booked at the counter's own risk, not by reply."""
    await with_a_case(town)
    town.clock.turn(minutes=10)
    told = await town.say(_number_of(await town.say("预约"), "示范市民中心"))
    assert "9月22日 09:00" not in told
    assert "9月22日 09:30" in told


async def test_a_confirmation_said_often_and_at_once_books_once(town: Phone) -> None:
    await with_a_case(town)
    await town.say(_number_of(await town.say("预约"), "示范市民中心"))
    await town.say("1")
    said = [{"MsgType": "text", "Content": "确认"} for _ in range(4)]
    told = await town.sandbox.post(
        "/sandbox/push", appid=town.appid, user=town.user, messages=said, copies=2, order="at_once"
    )
    replies = {each["reply"]["Content"] for each in told["pushes"]}
    assert any("预约成功" in reply for reply in replies)
    assert await Booking.all().count() == 1


async def test_a_booking_is_moved_and_cancelled_by_reply(town: Phone) -> None:
    await with_a_case(town)
    await _book(town, "1")
    assert "已经预约" in await town.say("预约")
    await town.say(_number_of(await town.say("1"), "示范市民中心"))
    await town.say("3")
    assert "预约成功" in await town.say("确认")
    assert sorted([each.how_ended for each in await Booking.all()], key=str) == [None, "moved"]
    await town.say("预约")
    assert "确定取消" in await town.say("2")
    assert await town.say("确认") == chat_text("booking_cancelled", {})
    assert await Booking.filter(ended_at=None).count() == 0


async def test_a_place_gone_meanwhile_is_told_with_the_next_free_times(town: Phone) -> None:
    await with_a_case(town)
    await town.say(_number_of(await town.say("预约"), "示范市民中心"))
    await town.say("1")
    town.clock.turn(minutes=29)
    [talk] = await ChatTalk.all()
    facts = {**(talk.facts or {}), "at": (town.clock.now() - timedelta(days=1)).isoformat()}
    await ChatTalk.filter(id=talk.id).update(facts=facts)
    told = await town.say("确认")
    assert "请回复数字" in told or "时间" in told
    assert await Booking.all().count() == 0


async def test_messages_in_the_wrong_order_move_nothing(town: Phone) -> None:
    """The later message was answered first; the earlier one, coming late, books nothing and changes no question."""
    await with_a_case(town)
    await _book_to_confirm(town)
    said = [{"MsgType": "text", "Content": "确认"}, {"MsgType": "text", "Content": "退出"}]
    await town.sandbox.post("/sandbox/push", appid=town.appid, user=town.user, messages=said, order="reversed")
    assert await Booking.all().count() == 0
    assert (await ChatTalk.get()).topic is None


async def test_progress_says_the_step_that_is_really_next(town: Phone) -> None:
    """Not to come at the booked time where nothing is booked."""
    await with_a_case(town)
    assert "请预约受理点和时间" in await town.say("进度")
    await _book(town, "1")
    assert "签署告知承诺书" in await town.say("进度")


async def test_a_card_that_waits_is_told_with_its_place(town: Phone) -> None:
    number = await with_a_case(town)
    assert await town.say("领证") == chat_text("pickup_none", {})
    point = await AcceptancePoint.get(code="DEMO-NC-1")
    await Case.filter(number=number).update(state=CaseState.ARRIVED, acceptance_point_id=point.id)
    told = await town.say("领证")
    assert point.address in told
    assert "赵**" in told
    assert number not in told


async def test_papers_are_those_of_the_own_case_or_the_guide(town: Phone) -> None:
    assert "您要办理哪一项" in await town.say("材料")
    await with_a_case(town)
    told = await town.say("材料")
    assert "居民户口簿" in told
    assert "赵**" in told


async def test_whom_to_call_is_the_own_station_once_there_is_one(town: Phone) -> None:
    number = await with_a_case(town)
    assert await town.say("人工") == chat_text("human", {})
    point = await AcceptancePoint.get(code="DEMO-NC-1")
    await Case.filter(number=number).update(acceptance_point_id=point.id)
    assert point.phone in await town.say("人工")


async def test_a_place_sent_is_answered_with_the_nearest_stations(town: Phone) -> None:
    assert await town.say("附近") == chat_text("nearby", {})
    told = await town.locate(28.683, 115.902)
    assert "示范市民中心（0." in told
    assert "位置没有保存" in told


async def test_a_stations_code_on_a_poster_tells_of_it_and_leads_to_booking_there(town: Phone) -> None:
    await with_a_case(town)
    point = await AcceptancePoint.get(code="DEMO-NC-1")
    for told in (await town.follow("station:DEMO-NC-1"), await town.scan("DEMO-NC-1")):
        assert point.address in told
        assert "最早可约" in told
    assert f"{point.name}，可以约这些时间" in await town.say("预约")
    assert await town.scan("nowhere") == chat_text("welcome", {})


async def test_every_button_and_every_word_is_answered(town: Phone) -> None:

    keys = [inside["key"] for button in MENU["button"] for inside in button["sub_button"]]
    for key in keys:
        assert await town.click(key)
    answers = await asyncio.gather(*(town.say(word) for word in WORDS))
    assert chat_text("fallback", {}) not in answers


def _number_of(choices: str, text: str) -> str:
    return next(line.split()[0] for line in choices.split("\n") if text in line)


async def _book_to_confirm(town: Phone) -> None:
    await town.say(_number_of(await town.say("预约"), "示范市民中心"))
    await town.say("1")


async def _book(town: Phone, time: str) -> None:
    await town.say(_number_of(await town.say("预约"), "示范市民中心"))
    await town.say(time)
    assert "预约成功" in await town.say("确认")
