"""The chat answers plainly, says the next step, and shows nothing as a link that a person typed."""

import pytest

from templates.chat import chat_text, known_answers

CASE = {"item": "首次申领居民身份证", "name": "张*", "number": "TB-1", "state": "under_review", "updated": "9月22日"}


@pytest.mark.parametrize("key", sorted(known_answers()))
def test_every_answer_stands_without_facts_and_within_wechats_limit(key: str) -> None:
    text = chat_text(key, {})
    assert text
    assert not set("{}[]") & set(text)
    assert len(text.encode()) <= 2048


def test_the_answers_the_bot_needs_are_there() -> None:
    assert {
        "welcome",
        "guide",
        "progress",
        "progress_none",
        "not_bound",
        "bound",
        "unbound",
        "fallback",
    } <= known_answers()


def test_progress_lists_each_case_with_its_state_in_plain_words() -> None:
    text = chat_text("progress", {"lines": [CASE, {**CASE, "number": "TB-2", "state": "arrived", "updated": None}]})
    assert "编号：TB-1\n  进度：户籍地公安机关审核中（9月22日更新）" in text
    assert "编号：TB-2\n  进度：证件已到受理点，可以领取\n" in text


def test_many_long_cases_are_cut_to_what_wechat_takes() -> None:
    text = chat_text("progress", {"lines": [{**CASE, "item": "很" * 5000}] * 40})
    assert len(text.encode()) <= 2048
    short = chat_text("progress", {"lines": [CASE] * 7})
    assert short.count("编号：") == 5
    assert "共有7件" in short


def test_a_fact_never_becomes_a_link_or_a_placeholder() -> None:
    text = chat_text("progress", {"lines": [{**CASE, "name": '<a href="http://x">{number}</a>'}]})
    assert "<" not in text
    assert "{number}" in text


def test_not_bound_says_how_to_bind_and_the_guide_says_the_next_step() -> None:
    assert "绑定码" in chat_text("not_bound", {})
    assert "下一步" in chat_text("guide", {})


def test_an_answer_nobody_wrote_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        chat_text("../refusals", {})
