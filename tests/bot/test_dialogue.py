"""What the account answers: plainly, masked, bound by an explicit act, and once."""

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot import access
from bot.answers import Answers
from bot.dialogue import WORDS
from bot.menu import MENU
from casework.chat import binding_code
from domain.refusal import Refusal
from models.account import Account, ChatBinding
from models.push import PushSeen, claim_push
from models.store import transaction
from templates.chat import chat_text
from tests.bot.pushing import GUIDE, Pusher, event, message
from tests.workers.citizens import a_case, a_citizen


@pytest.mark.parametrize("word", ["指南", " 办理 ", "帮助", "“指南”", "指南！", "办理指南"])
async def test_the_guide_is_given_for_its_words(pusher: Pusher, word: str) -> None:
    assert await pusher.say(word) == GUIDE


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


@pytest.mark.parametrize("typed", ["绑定{}", "绑定：{}", "“绑定　{}”。", "绑定:{}", "绑定\n{}"])
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


async def test_a_replayed_request_changes_nothing_and_dies_with_its_address(pusher: Pusher) -> None:
    code = (await binding_code(pusher.deps, await a_citizen(pusher.deps))).code
    query, body = pusher.posting(message(f"绑定 {code}"))
    first, again = [await pusher.post(query, body) for _ in range(2)]
    assert (first.text, again.text) == (chat_text("bound", {}), chat_text("bound", {}))
    pusher.clock.at += timedelta(seconds=301)
    assert (await pusher.post(query, body)).status == 403


async def test_two_events_of_one_second_are_two(pusher: Pusher) -> None:
    assert (await pusher.push(event("CLICK", "guide"))).text == GUIDE
    assert (await pusher.push(event("CLICK", "how_to_bind"))).text == chat_text("not_bound", {})
    assert (await pusher.push(event("subscribe"))).text == chat_text("welcome", {})


async def test_a_message_without_a_number_is_known_by_sender_and_second(pusher: Pusher) -> None:
    unnumbered = message("指南").replace("MsgId", "Unknown")
    for _ in range(2):
        assert (await pusher.push(unnumbered)).text == GUIDE
    assert await PushSeen.all().count() == 1


async def test_what_is_kept_of_a_push_names_nobody(pusher: Pusher) -> None:
    await pusher.push(event("CLICK", "guide"))
    await pusher.say("指南")
    rows = await PushSeen.all().values_list("dedupe_key", flat=True)
    assert len(rows) == 2
    assert not any("oFollower" in str(row) for row in rows)


async def test_a_slow_database_costs_the_reply_and_not_the_answer(
    pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
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
        assert (await pusher.push(message("指南", 77))).body == "success"
    assert [each["event"] for each in logs] == ["reply_too_late"]
    release.set()
    with pytest.raises(Refusal):
        await holder
    assert await pusher.say("指南", 77) == GUIDE
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
        assert len(button["key"].encode()) <= 128
        assert button["name"] in WORDS or button["key"] == "how_to_bind"


async def test_a_button_of_an_old_menu_is_answered_with_the_words(pusher: Pusher) -> None:
    assert (await pusher.push(event("CLICK", "gone"))).text == chat_text("fallback", {})
