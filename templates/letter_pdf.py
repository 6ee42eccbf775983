"""The signed commitment letter as a file for the archive: PDF/A-2b, A4, set by typst (``typst/letter.typ``).

The same input gives the same bytes on every machine: own font, no clock, no network, no system font. Sealing the file
is not done here. Setting takes some 10 ms: call it in a thread.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from math import isfinite
from pathlib import Path
from threading import Lock
from typing import Any

import qrcode
import typst
from qrcode.constants import ERROR_CORRECT_M

from domain.terms import SignerCapacity
from templates.glyphs import FONTS, missing_glyphs
from templates.labels import label
from templates.letters import LetterText, Stroke
from templates.shown import clean, day, when

_TEMPLATE = Path(__file__).parent / "typst" / "letter.typ"
_SIGNING_LINE = re.compile(r"(?P<lead>.*（签名）：)＿+\s*＿+年＿+月＿+日")
_HEADING = re.compile(r"[一二三四五六七八九十]+、.{1,20}")
_INK_WIDTH, _INK_HEIGHT = 46.0, 17.0  # mm on paper, at most
_BOX = 1000.0  # strokes come in a box of 0..1000 both ways
_MASK = 2  # fixed: trying all eight costs ten times the drawing, and scanners don't mind
_DIGEST_GROUP = 8


@dataclass(frozen=True)
class LetterPdf:
    """The file, and the characters it had to name by code point because no font at hand has a glyph for them.

    The file is whole and may be sealed all the same; an operator who sees ``unprinted`` adds a font.
    """

    pdf: bytes
    unprinted: frozenset[str]


def render_letter_pdf(
    letter: LetterText,
    *,
    number: str,
    facts: Mapping[str, str],
    signer: str,
    capacity: SignerCapacity,
    signed_at: datetime,
    digest: str,
    strokes: Sequence[Stroke],
    verify_text: str,
    letter_number: str | None = None,
    minor: str | None = None,
    confirmed: bool = False,
    digest_name: str = "SHA-256",
    font_paths: tuple[Path, ...] = (),
) -> LetterPdf:
    """The signed letter: the prescribed text word for word, its blanks for signature and day filled, then the facts.

    ``verify_text`` is what the QR code says and stands printed beneath it: an address, never personal data (B74).
    ``font_paths`` are the operator's folders of fonts for characters ours lacks; a character no font has is printed as
    ``□〔U+20BB7〕`` and told in ``unprinted``. A guardian's letter names the minor, an applicant's does not (D6):
    anything else is a ValueError. Until the counter confirms it, the letter is marked 待窗口确认 (D8).
    """
    if (capacity is SignerCapacity.GUARDIAN) != (minor is not None):
        raise ValueError("a guardian's letter names the minor, an applicant's does not")
    content = {
        **_letter_part(letter, number, signed_at, _capacity_line(capacity, minor), confirmed=confirmed),
        "facts": list(facts.items()),
        "record": [
            *([("承诺书编号", letter_number)] if letter_number else ()),
            *_record(letter, signer, capacity, signed_at, digest_name, digest),
        ],
        "notes": _notes(verify_text),
    }
    drawn = {"ink": _ink(strokes), "qr": _qr(verify_text)}
    try:
        return _set(content, drawn, signed_at, font_paths)
    except typst.TypstError:
        if not font_paths:
            raise
        return _set(content, drawn, signed_at, ())  # a font of the operator's that PDF/A can't take in


_UNPRINTED_NOTE = "说明：方框及其后〔U+…〕表示字库中没有字形的字，括号内是该字的国际统一编码，以电子记录为准。"


def _letter_part(
    letter: LetterText, number: str, signed_at: datetime, capacity: str | None, *, confirmed: bool
) -> dict[str, Any]:
    *body, last = letter.paragraphs
    line = _SIGNING_LINE.fullmatch(last)
    return {
        "title": letter.title,
        "number": number,
        "number_name": "预登记编号",
        "kind": "电子签署件",
        "paragraphs": [_paragraph(n, text) for n, text in enumerate(body if line else letter.paragraphs)],
        "signing": {"lead": line["lead"] if line else "签名：", "day": day(signed_at), "capacity": capacity},
        "mark": "已由窗口确认" if confirmed else "待窗口确认",
        "facts_name": "申请信息（与承诺书一并签署）",
        "record_name": "电子签名记录",
        "qr_name": "扫码核验真伪",
    }


def _paragraph(position: int, text: str) -> dict[str, str]:
    if position == 0 and text.endswith("："):
        return {"kind": "salutation", "text": text}
    return {"kind": "heading" if _HEADING.fullmatch(text) else "text", "text": text}


def _capacity_line(capacity: SignerCapacity, minor: str | None) -> str | None:
    return f"（{label(capacity)}，为未满16周岁的申请人{minor}签署）" if minor is not None else None


def _record(
    letter: LetterText, signer: str, capacity: SignerCapacity, signed_at: datetime, digest_name: str, digest: str
) -> list[tuple[str, str]]:
    return [
        ("签名人", f"{signer}（{label(capacity)}）"),
        ("签署时间", f"{when(signed_at)}（北京时间）"),
        ("文本来源", letter.source),
        ("文本版本", letter.version),
        (f"内容摘要（{digest_name}）", " ".join(_groups(digest))),
    ]


def _groups(digest: str) -> Iterator[str]:
    return (digest[start : start + _DIGEST_GROUP] for start in range(0, len(digest), _DIGEST_GROUP))


def _notes(verify_text: str) -> list[str]:
    return [
        "内容摘要由承诺书文本和上列申请信息算出，其中改动任何一个字，摘要就会不同。",
        "本文件带有平台的数字签名，改动文件中的任何内容都可以查出。打印件请扫码或登录下列网址核验：",
        verify_text,
    ]


def _strings(content: Any) -> Iterator[str]:
    match content:
        case str():
            yield clean(content)
        case Mapping():
            for value in content.values():
                yield from _strings(value)
        case list() | tuple():
            for value in content:
                yield from _strings(value)


def _printable(content: Any, lacking: frozenset[str]) -> Any:
    """The content with nothing invisible in it, and every character without a glyph named by its code point."""
    match content:
        case str():
            return "".join(f"□〔U+{ord(c):04X}〕" if c in lacking else c for c in clean(content))
        case Mapping():
            return {name: _printable(value, lacking) for name, value in content.items()}
        case list() | tuple():
            return [_printable(value, lacking) for value in content]
    return content


def _ink(strokes: Sequence[Stroke]) -> dict[str, Any]:
    """The handwriting as lines in mm, as written, scaled into the space the form has for it."""
    lines = [line for line in map(_line, strokes) if line]
    points = [point for line in lines for point in line] or [(0.0, 0.0)]
    left, top = (min(axis) for axis in zip(*points, strict=True))
    width, height = max(p[0] for p in points) - left, max(p[1] for p in points) - top
    scale = min(_INK_WIDTH / max(width, 1.0), _INK_HEIGHT / max(height, 1.0))
    paths = [[(round((x - left) * scale, 2), round((y - top) * scale, 2)) for x, y in line] for line in lines]
    dotted = [path * 2 if len(path) == 1 else path for path in paths]  # a dot: a line of no length with round ends
    return {"width": width * scale, "height": height * scale, "paths": dotted}


def _line(stroke: Stroke) -> list[tuple[float, float]]:
    pairs = ((float(point[0]), float(point[1])) for point in stroke if len(point) >= 2)
    return [(_inside(x), _inside(y)) for x, y in pairs if isfinite(x) and isfinite(y)]


def _inside(value: float) -> float:
    return min(max(value, 0.0), _BOX)


def _qr(text: str) -> dict[str, Any]:
    """The dark runs of the code: column, row, length, in modules without the quiet zone."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=_MASK)
    code.add_data(text)
    code.make(fit=True)
    matrix = code.get_matrix()
    return {"size": len(matrix), "runs": [run for row, line in enumerate(matrix) for run in _runs(row, line)]}


def _runs(row: int, line: Sequence[bool | None]) -> Iterator[tuple[int, int, int]]:
    column = 0
    for dark, modules in groupby(line, bool):
        length = len(list(modules))
        if dark:
            yield column, row, length
        column += length


class _Press:
    """A typst compiler with its fonts: made once, and one page at a time, for it refuses a second thread."""

    def __init__(self, font_paths: tuple[Path, ...]) -> None:
        self._lock = Lock()
        self._compiler = typst.Compiler(
            root=_TEMPLATE.parent, font_paths=[FONTS, *font_paths], ignore_system_fonts=True
        )  # fmt: skip

    def run(self, content: Mapping[str, Any], moment: datetime) -> bytes:
        given = {"letter": json.dumps(content, ensure_ascii=False, allow_nan=False)}
        with self._lock:
            made = self._compiler.compile(
                _TEMPLATE, sys_inputs=given, format="pdf", pdf_standards=["a-2b"], timestamp=int(moment.timestamp())
            )
        assert isinstance(made, bytes)
        return made


@cache
def _press(font_paths: tuple[Path, ...]) -> _Press:
    return _Press(font_paths)


def _set(
    content: Mapping[str, Any], drawn: Mapping[str, Any], moment: datetime, font_paths: tuple[Path, ...]
) -> LetterPdf:
    lacking = missing_glyphs("".join(_strings(content)), font_paths)
    notes = [*content["notes"], _UNPRINTED_NOTE] if lacking else content["notes"]
    shown = {**_printable({**content, "notes": notes}, lacking), **drawn}
    return LetterPdf(_press(font_paths).run(shown, moment), lacking)
