"""What the account answers: plainly, masked, bound by an explicit act, and once."""

import asyncio
import re
from datetime import date, timedelta

import pytest
from structlog.testing import capture_logs

from bot import access
from bot.answers import Answers
from bot.guesses import MOST, Guesses
from bot.menu import MENU
from bot.push import read_push
from bot.topic import Chat, Topic
from bot.topics import BUTTONS, TOPICS, WORDS
from casework.chat import binding_code
from casework.explain_policy import GuideQuestion, explain, general_guide
from casework.talk import Standing
from domain.refusal import Refusal
from domain.terms import ServiceItem
from models.account import Account, ChatBinding
from models.chat_talk import ChatTalk
from models.push import PushSeen, claim_push
from models.store import transaction
from templates.chat import chat_text
from tests.bot.pushing import FOLLOWER, RULEBOOK, TODAY, Pusher, event, message
from tests.workers.citizens import a_case, a_citizen


def is_told(source: str | None, text: str) -> bool:
    """Whether a source stands there: its document, and the passage; without the numbers of our rules."""
    document, _, passage = re.sub(r" \[[A-Z0-9 ]+\]", "", source or "").partition(" ")
    return document in text and passage in text


@pytest.mark.parametrize("word", ["指南", " 办理 ", "怎么办", "“指南”", "指南！", "办理指南"])
async def test_the_guide_begins_for_its_words(pusher: Pusher, word: str) -> None:
    assert await pusher.say(word) == pusher.guide


async def test_the_whole_guide_in_one_message_is_given_for_its_word(pusher: Pusher) -> None:
    facts = {**general_guide(RULEBOOK, TODAY), "link": pusher.guide_page}
    assert await pusher.say("概要") == chat_text("guide", facts)


@pytest.mark.parametrize(
    ("said", "item", "household", "residence"),
    [
        ("指南 赣州 深圳", ServiceItem.ID_CARD_FIRST_APPLICATION, "360700", "440300"),
        ("指南，赣州市、广东深圳", ServiceItem.ID_CARD_FIRST_APPLICATION, "360700", "440300"),
        ("首次申领 上海 苏州", ServiceItem.ID_CARD_FIRST_APPLICATION, "310000", "320500"),
        ("身份证　３６０７０２　南昌西湖区", ServiceItem.ID_CARD_FIRST_APPLICATION, "360702", "360103"),
        ("临时身份证 赣州 深圳", ServiceItem.TEMPORARY_ID_CARD, "360700", "440300"),
        ("户籍证明 赣州 深圳", ServiceItem.HOUSEHOLD_CERTIFICATE, "360700", "440300"),
    ],
)
async def test_two_places_are_answered_by_the_rulebook(
    pusher: Pusher, said: str, item: ServiceItem, household: str, residence: str
) -> None:
    """R195: the same answer as at every other door, for both ages, with its sources and the page that tells all."""
    told = await pusher.say(said)
    for born in (date(1996, 1, 1), date(2021, 1, 1)):
        view = explain(RULEBOOK, GuideQuestion(item, household, residence, born), TODAY)
        assert view.allowed
        assert all(paper.what in told for paper in view.materials)
        assert is_told(view.sources[0], told)
    assert "[R" not in told
    assert f"{pusher.guide_page}?item={item}&household={household}&residence={residence}" in told
    assert len(told.encode()) <= 2048


async def test_a_no_is_told_with_its_reason_and_what_to_do(pusher: Pusher) -> None:
    told = await pusher.say("指南 南昌西湖区 360103")
    question = GuideQuestion(ServiceItem.ID_CARD_FIRST_APPLICATION, "360103", "360103", date(1996, 1, 1))
    (reason,) = explain(RULEBOOK, question, TODAY).reasons
    assert reason.title in told
    assert reason.advice in told
    assert is_told(reason.source, told)


@pytest.mark.parametrize("said", ["指南 赣州", "指南 赣州 深圳 广州", "临时 赣州"])
async def test_without_two_places_the_way_to_ask_is_told(pusher: Pusher, said: str) -> None:
    told = await pusher.say(said)
    assert "户籍地 现居住地" in told
    assert pusher.guide_page in told


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("指南 赣州 纳尼亚", "没有找到“纳尼亚”"),
        ("指南 <a> 深圳", "没有找到“＜a＞”"),
        ("指南 鼓楼 深圳", "江苏省南京市鼓楼区"),
    ],
)
async def test_a_place_that_can_not_be_told_is_asked_for_again(pusher: Pusher, said: str, expected: str) -> None:
    told = await pusher.say(said)
    assert expected in told
    assert pusher.guide_page in told


async def test_the_link_never_leads_where_a_header_that_is_no_host_says(pusher: Pusher) -> None:
    query, body = pusher.posting(message("概要"))
    told = await pusher.post(query, body, Host="tongban.example\\@elsewhere")
    assert "elsewhere" not in told.text
    assert told.text == chat_text("guide", general_guide(RULEBOOK, TODAY))
    query, body = pusher.posting(message("概要"))
    assert "https://tongban.example/guide" in (await pusher.post(query, body, Host="tongban.example")).text


async def test_the_guide_tells_the_condition_of_a_paper(pusher: Pusher) -> None:
    """R041: a paper that shows guardianship only where the booklet does not."""
    told = await pusher.say("概要")
    assert "出生医学证明等其他证明监护关系的材料（户口簿上已登记与监护人亲属关系的，不用带）" in told


@pytest.mark.parametrize("word", ["你好", "绑", "进度条", "", "   ", "绑定 签", pytest.param("🙂" * 900, id="long")])
async def test_anything_else_is_answered_with_the_words_there_are(pusher: Pusher, word: str) -> None:
    answer = await pusher.say(word)
    assert answer == chat_text("fallback", {})
    assert {"指南", "进度"} <= {word for word in WORDS if word in answer}


async def test_a_picture_is_answered_too(pusher: Pusher) -> None:
    picture = message("", MsgType="image", PicUrl="http://mmbiz.example/1", MediaId="m")
    assert (await pusher.push(picture)).text == chat_text("fallback", {})


async def test_nothing_is_told_before_the_chat_is_bound(pusher: Pusher) -> None:
    await a_case(pusher.deps, await a_citizen(pusher.deps), name="张三丰")
    assert await pusher.say("进度") == chat_text("not_bound", {})


async def test_binding_takes_the_code_from_the_mini_program_once(pusher: Pusher) -> None:
    citizen = await a_citizen(pusher.deps)
    code = (await binding_code(pusher.deps, citizen)).code
    assert await pusher.say(f"绑定 {code}") == chat_text("bound", {})
    assert await pusher.say(f"绑定 {code}") == chat_text("binding_failed", {})
    assert await pusher.say("进度") == chat_text("progress_none", {})


@pytest.mark.parametrize("typed", ["绑定{}", "绑定：{}", "“绑定　{}”。", "绑定:{}", "绑定\n{}", "{}", " {}。"])
async def test_the_code_may_be_typed_as_people_type(pusher: Pusher, typed: str) -> None:
    code = (await binding_code(pusher.deps, await a_citizen(pusher.deps))).code
    wide = code.translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    assert await pusher.say(typed.format(wide)) == chat_text("bound", {})


async def test_an_expired_or_wrong_code_binds_nobody(pusher: Pusher) -> None:
    code = (await binding_code(pusher.deps, await a_citizen(pusher.deps))).code
    pusher.clock.at += timedelta(minutes=10, seconds=1)
    assert await pusher.say(f"绑定 {code}") == chat_text("binding_failed", {})
    assert await pusher.say("绑定 ABCD2345") == chat_text("binding_failed", {})
    assert await ChatBinding.all().count() == 0


async def test_the_example_of_a_code_looks_like_a_code(pusher: Pusher) -> None:
    code = (await binding_code(pusher.deps, await a_citizen(pusher.deps))).code
    examples = re.findall(r"(?<![0-9])[0-9]{4,}(?![0-9])", chat_text("not_bound", {}))
    assert {len(example) for example in examples} == {len(code)}


async def test_after_five_codes_in_vain_a_follower_waits_ten_minutes(pusher: Pusher) -> None:
    """V6.6.3: nobody finds a code by trying."""
    citizen = await a_citizen(pusher.deps)
    code = (await binding_code(pusher.deps, citizen)).code
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    for _ in range(MOST):
        assert await pusher.say(wrong) == chat_text("binding_failed", {})
    assert await pusher.say(code) == chat_text("binding_wait", {})
    assert await ChatBinding.all().count() == 0
    pusher.clock.at += timedelta(minutes=10)
    fresh = (await binding_code(pusher.deps, citizen)).code
    assert await pusher.say(fresh) == chat_text("bound", {})


async def test_codes_tried_at_once_are_counted_too(pusher: Pusher) -> None:
    told = await asyncio.gather(*(pusher.say(f"{number:08d}") for number in range(12)))
    assert told.count(chat_text("binding_failed", {})) == MOST
    assert told.count(chat_text("binding_wait", {})) == 12 - MOST


async def test_one_followers_tries_do_not_count_for_another_and_a_right_code_wipes_them(pusher: Pusher) -> None:
    citizen = await a_citizen(pusher.deps)
    for number in range(MOST - 1):
        await pusher.say(f"{number:08d}")
    await pusher.say((await binding_code(pusher.deps, citizen)).code)
    for number in range(MOST):
        assert await pusher.say(f"{number:08d}") == chat_text("binding_failed", {})
    other = message("00000001").replace(FOLLOWER, "oAnother00000000000000000002")
    assert (await pusher.push(other)).text == chat_text("binding_failed", {})


async def test_progress_is_told_masked(pusher: Pusher) -> None:
    citizen = await a_citizen(pusher.deps)
    number = await a_case(pusher.deps, citizen, name="张三丰")
    await pusher.say(f"绑定 {(await binding_code(pusher.deps, citizen)).code}")
    for told in (await pusher.say("进度"), (await pusher.push(event("CLICK", "progress"))).text):
        assert "首次申领居民身份证" in told
        assert "张三丰" not in told
        assert number not in told


@pytest.mark.parametrize("leaving", ["解绑", "unsubscribe"])
async def test_who_leaves_is_forgotten(pusher: Pusher, leaving: str) -> None:
    citizen = await a_citizen(pusher.deps)
    await pusher.say(f"绑定 {(await binding_code(pusher.deps, citizen)).code}")
    assert await ChatBinding.all().count() == 1
    if leaving == "unsubscribe":
        assert (await pusher.push(event("unsubscribe"))).body == "success"
    else:
        assert await pusher.say(leaving) == chat_text("unbound", {})
    assert await ChatBinding.all().count() == 0
    assert await Account.all().count() == 1


async def test_who_follows_is_welcomed(pusher: Pusher) -> None:
    for at, told in enumerate([event("subscribe"), event("subscribe", "qrscene_7", Ticket="t"), event("SCAN", "7")]):
        inner = told.replace("1790040000", str(1790040000 + at))
        assert (await pusher.push(inner)).text == chat_text("welcome", {})


async def test_a_repeated_push_gets_the_same_words_and_changes_nothing(pusher: Pusher) -> None:
    code = (await binding_code(pusher.deps, await a_citizen(pusher.deps))).code
    answers = await asyncio.gather(*(pusher.say(f"绑定 {code}", 77) for _ in range(8)))
    assert set(answers) == {chat_text("bound", {})}
    assert await pusher.say(f"绑定 {code}", 77) == chat_text("bound", {})
    assert await PushSeen.all().count() == 1


@pytest.mark.parametrize("topic", [topic for topic in TOPICS.values() if topic.to_anyone], ids=lambda topic: topic.name)
async def test_words_to_anyone_ask_nothing_and_are_about_nothing(pusher: Pusher, topic: Topic) -> None:
    """They are kept without a look at who asks: nothing else of an answer would be heard of."""
    push = read_push("appid", message(topic.words[0]))
    guesses = Guesses()
    answer = await topic.begin(Chat(pusher.deps, push, topic.words[0], Standing(), None, guesses, None))
    assert (answer.topic, answer.facts, answer.about) == (None, {}, ())
    assert not any((topic.once, topic.knows, topic.go_on))


async def test_words_to_anyone_end_what_was_asked_all_the_same(pusher: Pusher) -> None:
    assert await pusher.say("附近") == chat_text("nearby", {})
    assert await pusher.say("指南") == pusher.guide
    assert await pusher.say("附近") == chat_text("nearby", {})
    assert await pusher.say("1") == chat_text("fallback", {})
    assert await PushSeen.all().count() == 4
    assert (await ChatTalk.get()).topic is None


async def test_a_replayed_request_changes_nothing_and_dies_with_its_address(pusher: Pusher) -> None:
    code = (await binding_code(pusher.deps, await a_citizen(pusher.deps))).code
    query, body = pusher.posting(message(f"绑定 {code}"))
    first, again = [await pusher.post(query, body) for _ in range(2)]
    assert (first.text, again.text) == (chat_text("bound", {}), chat_text("bound", {}))
    pusher.clock.at += timedelta(seconds=301)
    assert (await pusher.post(query, body)).status == 403


async def test_two_events_of_one_second_are_two(pusher: Pusher) -> None:
    assert (await pusher.push(event("CLICK", "guide"))).text == pusher.guide
    assert (await pusher.push(event("CLICK", "how_to_bind"))).text == chat_text("not_bound", {})
    assert (await pusher.push(event("subscribe"))).text == chat_text("welcome", {})


async def test_a_message_without_a_number_is_known_by_sender_and_second(pusher: Pusher) -> None:
    unnumbered = message("指南").replace("MsgId", "Unknown")
    for _ in range(2):
        assert (await pusher.push(unnumbered)).text == pusher.guide
    assert await PushSeen.all().count() == 1


async def test_what_is_kept_of_a_push_names_nobody(pusher: Pusher) -> None:
    await pusher.push(event("CLICK", "guide"))
    await pusher.say("指南")
    rows = await PushSeen.all().values_list("dedupe_key", flat=True)
    assert len(rows) == 2
    assert not any("oFollower" in str(row) for row in rows)


async def test_a_slow_database_costs_the_reply_and_not_the_answer(
    pusher: Pusher, monkeypatch: pytest.MonkeyPatch, on_postgres: bool
) -> None:
    """SQLite, locked as a whole, cannot even take down that an answer is owed: WeChat is asked to come again."""
    monkeypatch.setattr(access, "ALL_SECONDS", 0.3)
    held, release = asyncio.Event(), asyncio.Event()

    async def hold_the_row() -> None:
        async with transaction():
            await claim_push(f"{pusher.deps.settings.official_account.appid}:message:77", pusher.clock.now())
            held.set()
            await release.wait()
            raise Refusal("malformed")

    holder = asyncio.create_task(hold_the_row())
    await held.wait()
    with capture_logs() as logs:
        assert (await pusher.push(message("指南", 77))).status == (200 if on_postgres else 503)
    assert logs[0]["event"] == "reply_too_late"
    release.set()
    with pytest.raises(Refusal):
        await holder
    assert await pusher.say("指南", 77) == pusher.guide
    assert await PushSeen.all().count() == 1


async def test_a_late_answer_is_not_waited_for_and_not_lost() -> None:
    answers, go, asked = Answers(), asyncio.Event(), 0

    async def slow() -> str:
        nonlocal asked
        asked += 1
        await go.wait()
        return "有了"

    assert await answers.within(0.01, "push-1", slow) is None
    waiting = asyncio.create_task(answers.within(5, "push-1", slow))
    await asyncio.sleep(0)
    go.set()
    assert await waiting == "有了"
    assert asked == 1
    await answers.close()


async def test_a_failed_answer_is_told_to_all_who_wait_and_asked_anew_later() -> None:
    answers = Answers()

    async def broken() -> str:
        raise RuntimeError("x")

    async def mended() -> str:
        return "好"

    with pytest.raises(RuntimeError):
        await answers.within(1, "push-1", broken)
    assert await answers.within(1, "push-1", mended) == "好"


def test_the_menu_is_within_wechats_limits_and_each_button_is_answered() -> None:
    assert 1 <= len(MENU["button"]) <= 3
    for button in MENU["button"]:
        assert len(button["name"].encode()) <= 16
        assert 1 <= len(button["sub_button"]) <= 5
        for inside in button["sub_button"]:
            assert len(inside["name"].encode()) <= 60
            assert inside["key"] in BUTTONS


async def test_a_button_of_an_old_menu_is_answered_with_the_words(pusher: Pusher) -> None:
    assert (await pusher.push(event("CLICK", "gone"))).text == chat_text("fallback", {})
