"""``run.py guide`` answers from the rules alone: no settings, no database, no file written."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from casework.explain_policy import GuideQuestion, explain, general_guide
from domain.policy.loader import load_rulebook
from domain.terms import GuardianshipCase, ServiceItem
from templates.chat import chat_text
from templates.guide import guide_in_words

HOME = Path(__file__).parents[2]
JIANGXI = ["--item", "first-id-card", "--household", "360702", "--residence", "360103", "--on", "2026-11-20"]
PROMISED = {
    "allowed", "scope", "reasons", "materials", "who_must_come", "letter", "review", "fee", "validity", "sources",
}  # fmt: skip


def run(*arguments: str, cwd: Path = HOME) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with nothing set."""
    command = [sys.executable, str(HOME / "run.py"), "guide", *arguments]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TONGBAN_")}
    return subprocess.run(command, cwd=cwd, env=kept, capture_output=True, text=True, timeout=60, check=False)


def answer(*arguments: str) -> dict[str, Any]:
    """The JSON of an answered question."""
    ran = run(*arguments, "--json")
    assert ran.returncode == 0, ran.stderr
    told: dict[str, Any] = json.loads(ran.stdout)
    assert told.keys() >= PROMISED
    return told


def test_the_json_holds_what_is_promised() -> None:
    told = answer(*JIANGXI, "--birth", "2010-11-21", "--relation", "other")
    assert told["allowed"] is True
    assert told["scope"] == "province-wide"
    assert [paper["what"] for paper in told["materials"]] == [
        "申请人居民户口簿",
        "出生医学证明",
        "父（母）结婚证或收养登记证",
        "监护人居民身份证",
        "监护人合法稳定就业、居住或者申请人合法稳定就学的其中一种证明材料",
    ]
    assert all(paper.keys() >= {"what", "whose", "alternatives", "source"} for paper in told["materials"])
    assert told["who_must_come"] == ["applicant", "guardian"]
    assert told["letter"] | {"source": ""} == {
        "required": True, "version": "jiangxi-province-wide-id-card-first-v1", "source": "",
    }  # fmt: skip
    review = told["review"]
    assert (review["days"], review["kind"], review["due_if_received_on"]) == (5, "calendar", "2026-11-25")
    assert told["fee"] == 0
    assert told["sources"]


def test_a_refusal_is_an_answer_with_every_reason() -> None:
    told = answer(*JIANGXI, "--birth", "2007-03-04", "--held-card", "--soldier")
    assert told["allowed"] is False
    assert [reason["code"] for reason in told["reasons"]] == ["held_card_already", "active_soldier"]
    assert all(reason["source"] and reason["detail"] and reason["advice"] for reason in told["reasons"])
    assert told["materials"] == []


@pytest.mark.parametrize(
    ("household", "residence", "scope", "allowed"),
    [
        ("36", "44", "cross-province", True),
        ("3607", "4403", "cross-province", True),
        ("360000", "440300", "cross-province", True),
        ("360103", "360103", None, False),
    ],
)
def test_codes_of_every_level_are_taken(household: str, residence: str, scope: str | None, allowed: bool) -> None:
    places = ["--household", household, "--residence", residence]
    told = answer("--item", "first-id-card", *places, "--birth", "2007-03-04", "--on", "2026-11-20")
    assert (told["scope"], told["allowed"]) == (scope, allowed)


@pytest.mark.parametrize(
    ("proof", "allowed"),
    [("--guardian-proof=employment", True), ("--guardian-proof=schooling", False), ("--own-proof=schooling", True)],
)
def test_whose_proof_counts_can_be_asked(proof: str, allowed: bool) -> None:
    assert answer(*JIANGXI, "--birth", "2017-03-04", "--relation", "same-household", proof)["allowed"] is allowed


def test_a_guardian_who_is_no_parent_is_for_the_counter_to_decide() -> None:
    told = answer(*JIANGXI, "--birth", "2017-03-04", "--guardian-relation", "other")
    assert "其他证明监护关系的材料" in [paper["what"] for paper in told["materials"]]


def test_beyond_the_known_calendar_the_missing_notice_is_named() -> None:
    question = ["--household", "441402", "--residence", "440304", "--birth", "2007-03-04", "--on", "2026-12-30"]
    told = answer("--item", "first-id-card", *question)
    assert (told["review"]["due_if_received_on"], told["review"]["calendar_missing"]) == (None, 2027)
    assert "2027年的放假安排通知还没有收录" in run("--item", "first-id-card", *question).stdout


def test_a_day_before_the_first_rule_is_told_kindly() -> None:
    told = answer(*JIANGXI[:-1], "2020-12-31", "--birth", "2000-01-01")
    assert (told["allowed"], told["reasons"][0]["code"]) == (False, "before_first_rule")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (["--household", "999999"], "请从列表里选择"),
        (["--birth", "2010-02-30"], "请写成 2026-11-20 这样"),
        (["--on", "today"], "请写成 2026-11-20 这样"),
    ],
)
def test_what_can_not_be_used_is_refused_with_a_sentence(wrong: list[str], says: str) -> None:
    ran = run(*JIANGXI, "--birth", "2007-03-04", *wrong)
    assert ran.returncode == 2
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr


def test_it_writes_nothing_and_needs_no_home(tmp_path: Path) -> None:
    ran = run(*JIANGXI, "--birth", "2007-03-04", cwd=tmp_path)
    assert ran.returncode == 0
    assert "可以在现居住地办理" in ran.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_answer_loads_no_database_no_server_and_no_queue() -> None:
    """Well under a second: what isn't needed isn't loaded."""
    heavy = {"tortoise", "aiohttp", "pydantic", "arq", "wechatpy", "redis"}
    code = f"import sys, casework.explain_policy; print(sorted({heavy!r} & sys.modules.keys()))"
    ran = subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize("item", ServiceItem)
@pytest.mark.parametrize(("household", "residence"), [("360702", "440304"), ("11", "310115"), ("360103", "360103")])
@pytest.mark.parametrize("birth", [date(2017, 1, 1), date(1950, 1, 1), date(2030, 1, 1)])
def test_every_answer_has_plain_words(item: ServiceItem, household: str, residence: str, birth: date) -> None:
    question = GuideQuestion(item, household, residence, birth, relation=GuardianshipCase.SAME_HOUSEHOLD)
    view = explain(load_rulebook(), question, date(2026, 11, 20))
    words = guide_in_words(view, item=item, household="甲地", residence="乙地")
    assert all(reason.advice in words and reason.source in words for reason in view.reasons)
    assert all(material.what in words for material in view.materials)
    assert all(source in words for source in view.sources)
    assert not {"_", "None", "{{"} & set(words.split())


def test_the_brief_for_the_chat_says_what_the_rules_say_and_fits_one_message() -> None:
    book, day = load_rulebook(), date(2026, 11, 20)
    brief = chat_text("guide", general_guide(book, day))
    assert not brief.endswith("…")
    assert "免费" in brief
    assert "30个工作日内" in brief
    assert "粤居码" in brief
    assert all(paper in brief for paper in general_guide(book, day)["minor"])
