"""The signed commitment letter as a file for the archive: PDF/A-2b, A4, set by typst (``typst/letter.typ``).

The same input gives the same bytes on every machine: own font, no clock, no network, no system font. Sealing the file
is not done here. Setting takes some 10 ms: call it in a thread.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from math import isfinite
from pathlib import Path
from typing import Any

from domain.terms import SignerCapacity
from templates.labels import label
from templates.letters import LetterText, Stroke
from templates.press import Paper, print_paper, qr_runs
from templates.shown import day, when

_SIGNING_LINE = re.compile(r"(?P<lead>.*（签名）：)＿+\s*＿+年＿+月＿+日")
_HEADING = re.compile(r"[一二三四五六七八九十]+、.{1,20}")
_INK_WIDTH, _INK_HEIGHT = 46.0, 17.0  # mm on paper, at most
_BOX = 1000.0  # strokes come in a box of 0..1000 both ways
_DIGEST_GROUP = 8


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
) -> Paper:
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
    drawn = {"ink": _ink(strokes), "qr": qr_runs(verify_text)}
    return print_paper("letter.typ", content, drawn, signed_at, font_paths)


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
