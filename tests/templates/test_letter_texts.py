"""The commitment letter is the published one, and a signed letter shows exactly what was signed."""

import re
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import pytest

from domain.refusal import Refusal
from domain.terms import SignerCapacity
from templates.letters import check_letters, known_letters, letter_text, render_signed_letter, signed_letter_policy

JIANGXI = "jiangxi-province-wide-id-card-first-v1"
STROKES = [[[100, 200, 0], [150.5, 240, 16], [210, 260, 33]], [[300, 300, 90]]]


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def signed(**changes: Any) -> str:
    given: dict[str, Any] = {
        "facts": {"申请人": "张小明", "现居住地住址": "江西省示范市示范路1号"},
        "signer": "张小明",
        "capacity": SignerCapacity.APPLICANT,
        "signed_at": datetime(2026, 9, 18, 16, 30, tzinfo=UTC),
        "digest": "ab" * 32,
        "strokes": STROKES,
    }
    return render_signed_letter(letter_text(JIANGXI), **{**given, **changes})


def test_the_jiangxi_letter_is_word_for_word_the_published_one() -> None:
    letter = letter_text(JIANGXI)
    assert (
        sha256(letter.text.encode()).hexdigest() == "042a2e36e4c0a19fea24db512fa5b8c0f3ea094a12e1cdf329b6b5471970c420"
    )
    assert letter.title == "首次申领居民身份证“全省通办”告知承诺书（式样）"
    assert letter.text == "\n".join((letter.title, *letter.paragraphs))
    assert len(letter.paragraphs) == 11
    for sentence in (
        "本人承诺从未申领过居民身份证，所提交的材料真实、准确、有效，若违反承诺或者作出不实承诺，愿意承担相应的法律责任。",
        "如证件不予签发，请您回常住户口所在地公安机关办理居民身份证首次申领手续。",
        "未满16周岁公民申请办证，受理地公安机关将拍照留存与监护人同框的图像信息。",
        "常住户口所在地公安机关可能会对申请人身份信息进一步核实确认，请您积极予以配合。",
        "承诺人（签名）：＿＿＿＿ ＿＿年＿月＿日",
    ):
        assert sentence in letter.text


def test_no_letter_was_changed_by_hand() -> None:
    assert known_letters() == {JIANGXI}
    assert check_letters() == []


@pytest.mark.parametrize("version", ["", "..", "../refusals.toml", JIANGXI + "/", "guangdong-v1", "\x00", "."])
def test_a_version_nobody_published_is_refused(version: str) -> None:
    with pytest.raises(Refusal) as refused:
        letter_text(version)
    assert refused.value.code == "letter_version_unknown"


def test_a_signed_letter_holds_the_whole_prescribed_text_unaltered() -> None:
    words = [word for word in read(signed()).words if word.strip()]
    letter = letter_text(JIANGXI)
    start = words.index(letter.title, 1)
    assert "\n".join(words[start : start + 12]) == letter.text


def test_a_signed_letter_says_who_when_and_what_in_shanghai_time() -> None:
    words = "".join(read(signed()).words)
    for said in ("张小明（申请人）", "2026年9月19日 00:30", "ab" * 32, JIANGXI, "江西省示范市示范路1号", "待窗口确认"):
        assert said in words


def test_a_guardian_signs_as_guardian_with_the_minors_name_printed() -> None:
    words = "".join(read(signed(signer="张大山", capacity=SignerCapacity.GUARDIAN, minor="张小明")).words)
    assert "张大山（监护人）" in words
    assert "为未满16周岁的申请人张小明签署" in words


@pytest.mark.parametrize(("capacity", "minor"), [(SignerCapacity.GUARDIAN, None), (SignerCapacity.APPLICANT, "张小明")])
def test_a_letter_never_leaves_open_for_whom_it_is_signed(capacity: SignerCapacity, minor: str | None) -> None:
    with pytest.raises(ValueError, match="minor"):
        signed(capacity=capacity, minor=minor)


def test_a_confirmed_letter_no_longer_waits_for_the_counter() -> None:
    words = "".join(read(signed(confirmed=True)).words)
    assert "已由窗口确认" in words
    assert "待窗口确认" not in words


def test_strokes_are_drawn_as_written_a_dot_too() -> None:
    paths = [attrs["d"] for tag, attrs in read(signed()).tags if tag == "path"]
    assert paths == ["M100 200 L150.5 240 L210 260", "M300 300 L300 300"]


def test_absurd_points_never_leave_the_box_or_the_attribute() -> None:
    nan, infinite = float("nan"), float("inf")
    strokes = [[[-5e9, 1e300, 0], [nan, 1, 1], [infinite, 2, 2], [500, 500, 3]], [], [[nan, nan, 0]], [[1.0]]]
    paths = [attrs["d"] for tag, attrs in read(signed(strokes=strokes)).tags if tag == "path"]
    assert paths == ["M0 1000 L500 500"]


@pytest.mark.parametrize("typed", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7*7 }}", "</p>&"])
def test_what_a_person_typed_stays_text_in_the_letter(typed: str) -> None:
    html = signed(signer=typed, minor=typed, capacity=SignerCapacity.GUARDIAN, facts={typed: typed}, digest=typed)
    page = read(html)
    assert {"script", "img"}.isdisjoint(tag for tag, _ in page.tags)
    assert "".join(page.words).count(typed) == 5
    assert [attrs["aria-label"] for tag, attrs in page.tags if tag == "svg"] == [f"{typed}的手写签名"]


def test_a_signed_letter_asks_nothing_from_outside_and_its_policy_allows_only_its_own_style() -> None:
    html = signed()
    page = read(html)
    assert not any(attrs.keys() & {"src", "href", "style", "onclick"} for _, attrs in page.tags)
    assert {"script", "link", "iframe"}.isdisjoint(tag for tag, _ in page.tags)
    assert not re.search(r"@import|url\(", html)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    fingerprint = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{fingerprint}'" in signed_letter_policy()
    assert [attrs["content"] for tag, attrs in page.tags if "http-equiv" in attrs] == [signed_letter_policy()]
