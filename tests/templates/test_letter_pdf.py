"""The signed letter on paper: word for word, for the archive, and no name too rare to be signed."""

import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import typst
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from domain.terms import SignerCapacity
from templates.glyphs import FONTS, covered, missing_glyphs
from templates.letter_pdf import render_letter_pdf
from templates.letters import LetterText, letter_text
from templates.press import Paper

JIANGXI = letter_text("jiangxi-province-wide-id-card-first-v1")
VERIFY = "https://tongban.example.cn/verify/TB-20260919-000123-7"
NAME = [
    [[100 + 20 * n, 300 + 9 * n, 15 * n] for n in range(30)],
    [[400, 250 + 10 * n, 600 + 12 * n] for n in range(20)],
]
ENDLESS = [[[n % 1000, n * 7 % 1000, n] for n in range(20_000)]]
POPPLER = pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs poppler-utils")


def printed(**changes: Any) -> Paper:
    given: dict[str, Any] = {
        "letter": JIANGXI,
        "number": "TB-20260919-000123-7",
        "facts": {"申请人": "张小明", "现居住地住址": "江西省示范市示范路1号"},
        "signer": "张小明",
        "capacity": SignerCapacity.APPLICANT,
        "signed_at": datetime(2026, 9, 18, 16, 30, tzinfo=UTC),
        "digest": "0123456789abcdef" * 4,
        "strokes": NAME,
        "verify_text": VERIFY,
        **changes,
    }
    return render_letter_pdf(given.pop("letter"), **given)


def text_of(pdf: bytes) -> str:
    """All text of the file, without blanks."""
    read = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True).stdout
    return re.sub(r"\s", "", read.decode())


def page_of(pdf: bytes, number: int) -> Image.Image:
    page = ["-f", str(number), "-l", str(number), "-r", "100", "-png", "-singlefile"]
    drawn = subprocess.run(["pdftoppm", *page, "-"], input=pdf, capture_output=True, check=True).stdout
    return Image.open(BytesIO(drawn)).convert("L")


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_the_file_says_it_is_pdf_a_2b_on_a4_in_chinese_with_our_font_only() -> None:
    pdf = printed().pdf
    assert pdf.startswith(b"%PDF-1.7")
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in pdf
    assert pdf.count(b"/MediaBox[0 0 595.2756 841.8898]") == 2
    assert set(re.findall(rb"/BaseFont /\w+\+([\w-]+)", pdf)) <= {
        b"TongbanSong-Regular",
        b"TongbanSong-Regular-Identity-H",
    }


def test_the_same_letter_is_the_same_file_and_another_is_another() -> None:
    assert printed() == printed()
    assert printed().pdf != printed(digest="f" * 64).pdf


def test_letters_are_printed_side_by_side() -> None:
    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(lambda n: printed(number=f"TB-{n}").pdf, range(8)))) == 8


@POPPLER
def test_the_prescribed_text_is_there_word_for_word_with_its_blanks_filled() -> None:
    text = text_of(printed().pdf)
    *body, last = JIANGXI.paragraphs
    assert bare("".join((JIANGXI.title, *body))) in text
    assert last == "承诺人（签名）：＿＿＿＿ ＿＿年＿月＿日"
    assert "承诺人（签名）：2026年9月19日" in text  # the day in Shanghai
    assert "＿" not in text


@POPPLER
def test_a_letter_without_a_line_to_sign_on_keeps_all_its_words_and_gets_one() -> None:
    other = LetterText(
        "v9",
        "承诺书",
        ("本人承诺属实。", "特此承诺。"),
        "承诺书\n本人承诺属实。\n特此承诺。",
        "某文件",
        JIANGXI.first_day,
    )
    assert "承诺书本人承诺属实。特此承诺。签名：2026年9月19日" in text_of(printed(letter=other).pdf)


@POPPLER
def test_facts_record_digest_pages_and_the_mark_are_printed() -> None:
    text = text_of(printed().pdf)
    assert "申请人张小明" in text
    assert "现居住地住址江西省示范市示范路1号" in text
    assert "签名人张小明（申请人）" in text
    assert "签署时间2026年9月19日00:30（北京时间）" in text
    assert "0123456789abcdef" * 4 in text
    assert "（SHA-256）" in text
    assert "待窗口确认" in text
    assert "第1页共2页" in text
    assert VERIFY in text
    assert "已由窗口确认" in text_of(printed(confirmed=True).pdf)
    assert "（SM3）" in text_of(printed(digest_name="SM3").pdf)


@POPPLER
def test_the_digest_stands_in_groups_of_eight() -> None:
    read = subprocess.run(["pdftotext", "-raw", "-", "-"], input=printed().pdf, capture_output=True, check=True).stdout
    assert len(re.findall(r"\b(?:01234567|89abcdef)\b", read.decode())) == 8


@POPPLER
def test_a_guardian_signs_as_guardian_with_the_minor_s_name_printed() -> None:
    text = text_of(printed(capacity=SignerCapacity.GUARDIAN, signer="张大明", minor="张小明").pdf)
    assert "（监护人，为未满16周岁的申请人张小明签署）" in text
    assert "签名人张大明（监护人）" in text


@pytest.mark.parametrize(("capacity", "minor"), [(SignerCapacity.GUARDIAN, None), (SignerCapacity.APPLICANT, "张小明")])
def test_a_letter_that_does_not_say_for_whom_it_was_signed_is_not_printed(
    capacity: SignerCapacity, minor: str | None
) -> None:
    with pytest.raises(ValueError, match="guardian"):
        printed(capacity=capacity, minor=minor)


@POPPLER
def test_markup_in_a_fact_is_only_text() -> None:
    typed = "#panic(1) *粗* $x$ `c` \\u{41} #sys.inputs @ref <l> // = 一"
    assert bare(typed) in text_of(printed(facts={"申请人": typed}).pdf)


@POPPLER
def test_the_code_can_be_read_off_the_paper() -> None:
    assert [code.text for code in zxingcpp.read_barcodes(page_of(printed().pdf, 2))] == [VERIFY]


@POPPLER
def test_the_handwriting_is_drawn_as_it_was_written_wherever_on_the_canvas() -> None:
    first = page_of(printed().pdf, 1)
    moved = [[[x + 50, y - 30, at] for x, y, at in stroke] for stroke in NAME]
    mirrored = [[[1000 - x, y, at] for x, y, at in stroke] for stroke in NAME]
    blank = page_of(printed(strokes=[]).pdf, 1)
    assert page_of(printed(strokes=moved).pdf, 1).tobytes() == first.tobytes()
    assert page_of(printed(strokes=mirrored).pdf, 1).tobytes() != first.tobytes()
    dark = [sum(pixel < 128 for pixel in page.tobytes()) for page in (first, blank)]
    assert dark[0] > dark[1] + 300


@pytest.mark.parametrize(
    "strokes",
    [[], [[]], [[[500, 500, 0]]], [[[float("nan"), 1, 0], [-5e9, 1e300, 1]]], [[[1.0]]], ENDLESS],
    ids=["none", "an empty stroke", "a dot", "no numbers", "half a point", "very many"],
)  # fmt: skip
def test_no_handwriting_keeps_the_letter_from_being_printed(strokes: Any) -> None:
    assert printed(strokes=strokes).pdf.startswith(b"%PDF-1.7")


def test_the_font_prints_what_fonttools_says_it_prints() -> None:
    codes = ",".join(str(code) for code in sorted(map(ord, covered(FONTS))))
    assert sha256(codes.encode()).hexdigest() == "768e527e7917e799c80940f9b281562685c34a08a9535b2295e04a4d57fa20c4"


def archived(text: str) -> bytes:
    """The text set by typst as PDF/A, which refuses a character without a glyph."""
    press = typst.Compiler(font_paths=[FONTS], ignore_system_fonts=True)
    template = b'#set text(font: "Tongban Song", fallback: false)\n#sys.inputs.text'
    made = press.compile(template, sys_inputs={"text": text}, format="pdf", pdf_standards=["a-2b"])
    assert isinstance(made, bytes)
    return made


def test_typst_prints_every_character_the_font_is_said_to_print_and_no_other() -> None:
    assert archived("".join(sorted(covered(FONTS))))
    for lacking in ("𠮷", "\ue863", "ب", "😀"):
        assert missing_glyphs(lacking) == {lacking}
        with pytest.raises(typst.TypstError):
            archived(lacking)


def test_every_character_of_gb_2312_and_the_rare_ones_of_names_can_be_printed() -> None:
    level = (bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    hanzi = "".join(two.decode("gb2312", "ignore") for two in level)
    assert len(hanzi) == 6763
    assert missing_glyphs(hanzi + "㐂䶮𬭎𫍽喆堃甡昇珺玥暘翀晞旻邨祎赟旸烨") == frozenset()
    assert missing_glyphs(JIANGXI.title + "".join(JIANGXI.paragraphs)) == frozenset()


@POPPLER
def test_a_name_without_a_glyph_is_printed_by_its_code_point_and_the_caller_is_told() -> None:
    rare = printed(signer="吉𠮷", facts={"申请人": "吉𠮷"})
    assert rare.unprinted == {"𠮷"}
    text = text_of(rare.pdf)
    assert "签名人吉□〔U+20BB7〕（申请人）" in text
    assert "说明：方框及其后" in text
    assert "说明：方框及其后" not in text_of(printed().pdf)


def test_a_variation_selector_chooses_a_form_and_lacks_nothing() -> None:
    assert printed(signer="葛\U000e0100").unprinted == frozenset()


@settings(max_examples=25, deadline=None)
@given(name=st.text(max_size=40), fact=st.text(max_size=80))
def test_no_name_keeps_a_letter_from_being_printed(name: str, fact: str) -> None:
    assert printed(signer=name, facts={name: fact}).pdf.startswith(b"%PDF-1.7")


def _system_font() -> Path | None:
    """A folder of fonts of this machine that have the character, if there is one."""
    if shutil.which("fc-list") is None:
        return None
    listed = subprocess.run(["fc-list", ":charset=20bb7", "file"], capture_output=True, text=True, check=False).stdout
    folders = {Path(line.rstrip(": ")).parent for line in listed.splitlines() if line}
    return min(folders, default=None)


def test_an_operator_s_font_prints_what_ours_lacks() -> None:
    folder = _system_font()
    if folder is None:
        pytest.skip("this machine has no font with a rare character")
    assert printed(signer="吉𠮷", font_paths=(folder,)).unprinted == frozenset()


def test_a_folder_without_fonts_or_with_broken_ones_does_no_harm(tmp_path: Path) -> None:
    for name, data in {
        "a.ttf": b"",
        "b.otf": b"\x00\x01\x00\x00\xff\xff",
        "c.ttc": b"ttcf" + bytes(3),
        "d.txt": b"x",
    }.items():
        (tmp_path / name).write_bytes(data)
    assert printed(signer="吉𠮷", font_paths=(tmp_path, tmp_path / "nowhere")).unprinted == {"𠮷"}
