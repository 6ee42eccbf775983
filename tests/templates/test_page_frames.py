"""Pages escape what they show, carry no inline code, and read well."""

import re
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path

import pytest
from jinja2 import UndefinedError

import domain.notice
import domain.terms
from domain.collection import required_checks
from domain.policy.loader import load_rulebook
from domain.refusal import Refusal
from domain.terms import CaseState, CollectorKind, DeliveryMode, FingerprintOutcome, SignerCapacity, Whose
from templates.labels import label
from templates.pages import _environment, render_page, static_file
from templates.refusals import RefusalText
from templates.shown import day, when, yuan

PAGES = Path(__file__).parents[2] / "templates/pages"
EVIL = "<script>alert(1)</script>"
ENUMERATIONS = [
    kind
    for module in (domain.terms, domain.notice)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum
]


@pytest.mark.parametrize("member", [member for kind in ENUMERATIONS for member in kind], ids=repr)
def test_every_word_of_the_field_has_a_chinese_name(member: StrEnum) -> None:
    assert re.search("[\u4e00-\u9fff]", label(member))


def test_there_are_words_to_name() -> None:
    assert len(ENUMERATIONS) > 20


def test_a_word_is_named_by_its_own_table() -> None:
    assert label(CaseState.UNDER_REVIEW) == "户籍地公安机关审核中"
    assert label("under_review") == "户籍地公安机关审核中"
    assert label("accepted", "CaseEventKind") == "窗口受理"
    assert label(SignerCapacity.GUARDIAN) == label(Whose.GUARDIAN) == "监护人"
    assert label(DeliveryMode.POST) == "邮寄到家"
    assert label(FingerprintOutcome.ENROL_FAILED) == "注册失败"
    assert label("never_heard_of") == "never_heard_of"


def test_times_are_shown_in_shanghai_and_a_naive_one_is_refused() -> None:
    assert when(datetime(2025, 12, 31, 16, 5, tzinfo=UTC)) == "2026年1月1日 00:05"
    assert day(datetime(2025, 12, 31, 16, 5, tzinfo=UTC)) == "2026年1月1日"
    assert day(date(2026, 9, 18)) == "2026年9月18日"
    with pytest.raises(ValueError, match="time zone"):
        when(datetime(2026, 1, 1))  # noqa: DTZ001


def test_money_is_integer_fen_and_nothing_to_pay_reads_free() -> None:
    assert [yuan(0), yuan(1000), yuan(1705)] == ["免费", "10.00元", "17.05元"]


def test_the_frame_shows_a_refusal_escaped() -> None:
    page = render_page("base.html", problem=RefusalText(code=EVIL, title=EVIL, detail=EVIL, advice=EVIL), done=EVIL)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 5


def test_the_frame_speaks_chinese_and_can_be_skipped_by_keyboard() -> None:
    page = render_page("base.html")
    assert '<html lang="zh-CN">' in page
    assert '<a class="skip" href="#content">' in page
    assert '<main id="content"' in page
    assert "<title>窗口工作台 · 通办</title>" in page


def test_a_page_that_lacks_something_fails_loudly() -> None:
    with pytest.raises(UndefinedError):
        render_page("letter/signed.html")


# the offline reader is one file with its code inside, allowed by hash: tests/commands/test_read_page.py
@pytest.mark.parametrize(
    "path",
    sorted(set(PAGES.rglob("*.html")) - {PAGES / "pass/reader.html"}),
    ids=lambda path: path.relative_to(PAGES).as_posix(),
)
def test_no_page_carries_inline_code_or_asks_anything_from_outside(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son[a-z]+=|\sstyle=|javascript:", source, re.IGNORECASE)
    assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", source)
    assert "|safe" not in source.replace(" ", "")
    assert "<style" not in source or path.name in {"signed.html", "slip.html"}  # sent with the style's own digest


def test_the_static_style_is_served_with_its_type() -> None:
    body, kind = static_file("console.css")
    assert b":focus-visible" in body
    assert b"url(" not in body
    assert kind == "text/css; charset=utf-8"


@pytest.mark.parametrize(
    "name", ["", ".", "../pages.py", "/etc/passwd", "console.css/..", "nothing.js", "console.css\x00"]
)
def test_nothing_but_the_static_files_is_served(name: str) -> None:
    with pytest.raises(Refusal) as refused:
        static_file(name)
    assert refused.value.code == "not_found"


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_colours_of_the_console_meet_wcag_aa() -> None:
    names = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", static_file("console.css")[0].decode()))
    text = [("ink", "ground"), ("quiet", "ground"), ("link", "ground"), ("good", "good-ground"), ("bad", "bad-ground")]
    for ink, ground in [*text, ("warn", "warn-ground"), ("paper", "brand"), ("paper", "link"), ("paper", "bad")]:
        assert contrast(names[ink], names[ground]) >= 4.5, (ink, ground)
    for edge, ground in [("edge", "paper"), ("focus", "ground"), ("focus", "paper")]:
        assert contrast(names[edge], names[ground]) >= 3, (edge, ground)


PARTS = (
    '{% from "parts.html" import csrf_field, field, textarea, checkbox, choice, facts, state with context %}'
    "{{ csrf_field(evil) }}{{ field('a', evil, evil, hint=evil, autofocus=true) }}{{ textarea('b', evil, evil) }}"
    "{{ checkbox('c', evil, evil) }}{{ choice('d', evil, [(evil, evil)]) }}{{ facts([(evil, evil), ('x', none)]) }}"
    "{{ state(evil) }}"
)


def test_the_pieces_of_a_page_escape_what_they_are_given() -> None:
    page = _environment().from_string(PARTS).render(evil=EVIL)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 12
    assert "<dd>—</dd>" in page


def test_a_choice_takes_the_members_of_an_enumeration_and_keeps_the_chosen_one() -> None:
    source = '{% from "parts.html" import choice %}{{ choice("m", "方式", kinds, chosen) }}'
    page = _environment().from_string(source).render(kinds=list(DeliveryMode), chosen=DeliveryMode.POST)
    assert '<option value="station">到受理点领取</option>' in page
    assert '<option value="post" selected>邮寄到家</option>' in page


def rule_words(pattern: str, files: str = "*.yaml") -> set[str]:
    rules = (PAGES.parents[1] / "domain/policy/rules").glob(files)
    return {word for path in rules for word in re.findall(pattern, path.read_text(encoding="utf-8"))}


def test_papers_notes_and_checks_of_the_rules_are_named() -> None:
    papers = rule_words(r"for: \{paper: (\w+)")
    notes = rule_words(r"\bnote: (\w+_\w+)") | rule_words(r"\bcode: (\w+_\w+)", "note.yaml")
    rules = load_rulebook().on(date(2026, 11, 20))
    outcomes = (None, *FingerprintOutcome)
    checks = {check for kind in CollectorKind for one in outcomes for check in required_checks(rules, kind, one)}
    assert papers
    assert notes
    assert {word for word in papers | notes | checks if label(word) == word} == set()


def test_a_plain_word_for_a_paper_is_not_taken_for_another_word() -> None:
    assert label("birth_certificate") == "出生医学证明"
