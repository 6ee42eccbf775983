"""Papers as PDF/A-2b on A4, set by typst: one press for all of them.

The same input gives the same bytes on every machine: own font, no clock, no network, no system font. Setting takes some
10 ms: call it in a thread.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any

import qrcode
import typst
from qrcode.constants import ERROR_CORRECT_M

from templates.glyphs import FONTS, missing_glyphs
from templates.shown import clean

_FOLDER = Path(__file__).parent / "typst"
_MASK = 2  # fixed: trying all eight costs ten times the drawing, and scanners don't mind
_UNPRINTED_NOTE = "说明：方框及其后〔U+…〕表示字库中没有字形的字，括号内是该字的国际统一编码，以电子记录为准。"


@dataclass(frozen=True)
class Paper:
    """The file, and the characters it had to name by code point because no font at hand has a glyph for them.

    The file is whole and may be sealed all the same; an operator who sees ``unprinted`` adds a font.
    """

    pdf: bytes
    unprinted: frozenset[str]


def print_paper(
    template: str, content: Mapping[str, Any], drawn: Mapping[str, Any], moment: datetime, font_paths: tuple[Path, ...]
) -> Paper:
    """Set ``content`` (texts, with ``notes``) and what is ``drawn`` beside it into a template of ``typst/``.

    ``font_paths`` are the operator's folders of fonts for characters ours lacks; a character no font has is printed as
    ``□〔U+20BB7〕`` and told in ``unprinted``.
    """
    try:
        return _set(template, content, drawn, moment, font_paths)
    except typst.TypstError:
        if not font_paths:
            raise
        return _set(template, content, drawn, moment, ())  # a font of the operator's that PDF/A can't take in


def qr_runs(text: str) -> dict[str, Any]:
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


class _Press:
    """A typst compiler with its fonts: made once, and one page at a time, for it refuses a second thread."""

    def __init__(self, font_paths: tuple[Path, ...]) -> None:
        self._lock = Lock()
        self._compiler = typst.Compiler(root=_FOLDER, font_paths=[FONTS, *font_paths], ignore_system_fonts=True)

    def run(self, template: str, content: Mapping[str, Any], moment: datetime) -> bytes:
        given = {"paper": json.dumps(content, ensure_ascii=False, allow_nan=False)}
        with self._lock:
            made = self._compiler.compile(
                _FOLDER / template,
                sys_inputs=given,
                format="pdf",
                pdf_standards=["a-2b"],
                timestamp=int(moment.timestamp()),
            )
        assert isinstance(made, bytes)
        return made


@cache
def _press(font_paths: tuple[Path, ...]) -> _Press:
    return _Press(font_paths)


def _set(
    template: str, content: Mapping[str, Any], drawn: Mapping[str, Any], moment: datetime, font_paths: tuple[Path, ...]
) -> Paper:
    lacking = missing_glyphs("".join(_strings(content)), font_paths)
    notes = [*content["notes"], _UNPRINTED_NOTE] if lacking else content["notes"]
    shown = {**_printable({**content, "notes": notes}, lacking), **drawn}
    return Paper(_press(font_paths).run(template, shown, moment), lacking)
