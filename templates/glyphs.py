"""Which characters a font can print, read from the font itself (OpenType ``cmap``, formats 4 and 12).

The letter's font is a subset (``fonts/README.md``), and a name may hold any character of Unicode: a character without
a glyph would vanish from the paper without a word.
"""

import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

FONTS = Path(__file__).parent / "fonts"
_SUFFIXES = frozenset({".ttf", ".otf", ".ttc", ".otc"})
_VARIANTS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))  # choose a form, print nothing
_UNICODE = frozenset({(0, 3), (0, 4), (0, 6), (3, 1), (3, 10)})  # platform and encoding


def missing_glyphs(text: str, font_paths: tuple[Path, ...] = ()) -> frozenset[str]:
    """The characters of the text that neither our own font nor a font in the operator's folders can print."""
    lacking = frozenset(text) - covered(FONTS) - _VARIANTS
    for folder in font_paths if lacking else ():
        lacking -= covered(folder)
    return lacking


@cache
def covered(folder: Path) -> frozenset[str]:
    """Every character that some font file of the folder has a glyph for. Read once; a file that is no font is none."""
    return frozenset(
        character for file in sorted(folder.rglob("*")) if file.suffix.lower() in _SUFFIXES for character in _of(file)
    )


def _of(file: Path) -> frozenset[str]:
    try:
        data = file.read_bytes()
        return frozenset(chr(code) for font in _fonts(data) for code in _codes(data, font) if code <= 0x10FFFF)
    except (OSError, struct.error):
        return frozenset()


def _fonts(data: bytes) -> tuple[int, ...]:
    """Where the fonts of the file begin: several in a collection."""
    if data[:4] != b"ttcf":
        return (0,)
    (count,) = struct.unpack_from(">L", data, 8)
    return struct.unpack_from(f">{min(count, 64)}L", data, 12)


def _codes(data: bytes, font: int) -> Iterator[int]:
    (tables,) = struct.unpack_from(">H", data, font + 4)
    for number in range(tables):
        tag, _, offset, _ = struct.unpack_from(">4s3L", data, font + 12 + 16 * number)
        if tag == b"cmap":
            yield from _mapped(data, offset)


def _mapped(data: bytes, cmap: int) -> Iterator[int]:
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHL", data, cmap + 4 + 8 * number)
        if (platform, encoding) in _UNICODE:
            (kind,) = struct.unpack_from(">H", data, cmap + offset)
            yield from {4: _format_4, 12: _format_12}.get(kind, _none)(data, cmap + offset)


def _none(_data: bytes, _at: int) -> Iterator[int]:
    return iter(())


def _format_12(data: bytes, at: int) -> Iterator[int]:
    (groups,) = struct.unpack_from(">L", data, at + 12)
    for number in range(groups):
        first, last, glyph = struct.unpack_from(">3L", data, at + 16 + 12 * number)
        yield from (code for code in range(first, min(last, 0x10FFFF) + 1) if glyph + code - first)


def _format_4(data: bytes, at: int) -> Iterator[int]:
    (doubled,) = struct.unpack_from(">H", data, at + 6)
    count = doubled // 2
    ends, starts, deltas, ranges = (at + 14 + column * doubled + (2 if column else 0) for column in range(4))
    for number in range(count):
        first, last, delta, skip = (
            struct.unpack_from(">H", data, column + 2 * number)[0] for column in (starts, ends, deltas, ranges)
        )
        for code in range(first, last + 1):
            where = ranges + 2 * number + skip + 2 * (code - first)
            glyph = struct.unpack_from(">H", data, where)[0] if skip else code
            if code != 0xFFFF and glyph and (glyph + delta) % 0x10000:
                yield code
