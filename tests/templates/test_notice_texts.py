"""Notices keep WeChat's limits, say what to do, and never break on what a person typed."""

import re
import tomllib
from pathlib import Path

import pytest

from domain.terms import NoticeKind
from templates.fields import clip, field_problem
from templates.notices import check_notices, facts_needed, render_notice, subscribe_templates

FOLDER = Path(__file__).parents[2] / "templates/notices"


def example(kind: NoticeKind) -> dict[str, str]:
    table: dict[str, str] = tomllib.loads((FOLDER / kind / "notice.toml").read_text(encoding="utf-8"))["example"]
    return table


def test_the_start_check_finds_nothing() -> None:
    assert check_notices() == []


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_renders_its_example_within_the_limits_of_wechat(kind: NoticeKind) -> None:
    text = render_notice(kind, example(kind))
    assert {key: field_problem(key, value) for key, value in text.subscribe.items()} == dict.fromkeys(text.subscribe)
    assert not any("…" in value for value in text.subscribe.values())
    assert len(text.subscribe) in range(3, 6)
    assert text.title
    assert text.page in {
        "pages/case/case?number=TB20260918-00421-7",
        "pages/complaint/complaint?number=TS260918-4839-2064",
    }
    assert not re.search(r"[{}]|\[\[", text.sms)


@pytest.mark.parametrize("kind", NoticeKind)
def test_an_sms_is_signed_and_holds_a_masked_name_and_no_identity_number(kind: NoticeKind) -> None:
    sms = render_notice(kind, example(kind)).sms
    assert sms.startswith("【通办】")
    assert "张*" in sms
    assert not re.search(r"\d{17}[\dX]", sms)


@pytest.mark.parametrize("kind", NoticeKind)
def test_facts_far_too_long_never_make_wechat_refuse_the_notice(kind: NoticeKind) -> None:
    times = {"time", "due", "collector", "number"}
    facts = {name: value if name in times else "𠅤很长的名字" * 99 for name, value in example(kind).items()}
    text = render_notice(kind, facts)
    assert {key: field_problem(key, value) for key, value in text.subscribe.items()} == dict.fromkeys(text.subscribe)
    assert len(text.sms) <= 300


@pytest.mark.parametrize("kind", NoticeKind)
def test_a_notice_owed_is_sent_even_when_facts_are_missing(kind: NoticeKind) -> None:
    text = render_notice(kind, {})
    assert text.sms.startswith("【通办】")
    assert all(
        value for key, value in text.subscribe.items() if key.startswith(("thing", "phrase", "character_string"))
    )


@pytest.mark.parametrize("kind", NoticeKind)
def test_the_facts_needed_are_all_in_the_example(kind: NoticeKind) -> None:
    assert {"number", "name"} <= facts_needed(kind) <= example(kind).keys()


def test_the_pickup_notice_says_where_when_and_with_what() -> None:
    sms = render_notice(NoticeKind.READY_FOR_PICKUP, example(NoticeKind.READY_FOR_PICKUP)).sms
    for said in ("示范派出所异地受理点", "示范路1号", "周一至周五", "领证回执", "亲属须带本人居民身份证"):
        assert said in sms


def test_the_refusal_notice_is_kind_and_sends_to_the_household_place() -> None:
    text = render_notice(NoticeKind.ISSUANCE_REFUSED, example(NoticeKind.ISSUANCE_REFUSED))
    assert "很抱歉" in text.sms
    assert "回常住户口所在地公安机关办理" in text.sms
    assert text.subscribe["phrase3"] == "未予签发"


def test_a_fact_can_not_forge_a_signature_a_placeholder_or_a_second_page() -> None:
    facts = {**example(NoticeKind.DECLINED), "reason": "【银行】{name}\n转账", "number": "1&to=/x?y"}
    text = render_notice(NoticeKind.DECLINED, facts)
    assert "[银行]{name} 转账" in text.sms
    assert text.sms.count("【") == 1
    assert text.page == "pages/case/case?number=1%26to%3D%2Fx%3Fy"


def test_a_field_is_clipped_by_wechats_count_and_never_inside_a_character() -> None:
    assert clip("thing1", "一" * 20) == "一" * 20
    assert clip("thing1", "一" * 21) == "一" * 19 + "…"
    assert clip("thing1", "𠅤" * 11) == "𠅤" * 9 + "…"
    assert clip("phrase1", "一二三四五六") == "一二三四五"
    assert clip("thing1", "") == "见小程序"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", "一" * 21),
        ("thing1", ""),
        ("phrase1", "abc"),
        ("character_string1", "编号1"),
        ("time1", "明天上午"),
        ("number1", "12a"),
        ("thing", "没有序号"),
        ("colour1", "红"),
    ],
)
def test_the_check_sees_what_wechat_would_refuse(key: str, value: str) -> None:
    assert field_problem(key, value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("time1", "2026年9月18日 09:30"),
        ("time1", "15:01"),
        ("date1", "2026年9月18日"),
        ("time1", "2026年9月18日 09:30~10:00"),
        ("amount1", "¥10.00元"),
    ],
)
def test_the_check_lets_pass_what_wechat_takes(key: str, value: str) -> None:
    assert field_problem(key, value) is None


def test_there_is_one_subscribe_template_per_kind() -> None:
    templates = subscribe_templates()
    assert templates.keys() == set(NoticeKind)
    assert templates["ready_for_pickup"]["thing3"] == "示范派出所异地受理点"
