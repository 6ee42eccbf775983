"""Pictures as people take them are read; whatever else they send is refused."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageFilter

from gateways.qr_pictures import LARGEST_PICTURE, codes_in
from templates.qr import qr_png
from tests.casework.refused import refused
from tests.passes import a_text

TEXT = a_text()


def drawn() -> Image.Image:
    return Image.open(BytesIO(qr_png(TEXT))).convert("L")


def as_png(image: Image.Image, **how: Any) -> bytes:
    written = BytesIO()
    image.save(written, **({"format": "PNG"} | how))
    return written.getvalue()


def on_a_dark_screen(code: Image.Image) -> Image.Image:
    screen = Image.new("L", (code.width + 600, code.height + 900), 18)
    screen.paste(code.point(lambda light: 25 + light // 4), (300, 450))
    return screen


def at_an_angle(code: Image.Image) -> Image.Image:
    """As photographed from the left: the far side is shorter."""
    wide, high = code.size
    corners = ((0, 0), (0, high), (wide, high), (wide, 0))
    seen = ((60, 20), (20, high - 30), (wide - 110, high - 130), (wide - 90, 150))
    coefficients = _perspective(seen, corners)
    return code.transform(code.size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BICUBIC, fillcolor=255)


def _perspective(seen: Any, corners: Any) -> list[float]:
    """The eight numbers that take each seen corner to its place in the picture, by elimination."""
    rows = []
    for (x, y), (u, v) in zip(seen, corners, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    matrix = [[float(value) for value in row] for row in rows]
    for at in range(8):
        best = max(range(at, 8), key=lambda row: abs(matrix[row][at]))
        matrix[at], matrix[best] = matrix[best], matrix[at]
        matrix[at] = [value / matrix[at][at] for value in matrix[at]]
        for row in range(8):
            if row != at:
                factor = matrix[row][at]
                matrix[row] = [a - factor * b for a, b in zip(matrix[row], matrix[at], strict=True)]
    return [row[8] for row in matrix]


TAKEN: dict[str, Callable[[Image.Image], Image.Image]] = {
    "as drawn": lambda code: code,
    "rotated": lambda code: code.rotate(11, expand=True, fillcolor=255),
    "upside down": lambda code: code.rotate(180),
    "blurred": lambda code: code.filter(ImageFilter.GaussianBlur(3)),
    "small": lambda code: code.resize((330, 330), Image.Resampling.LANCZOS),
    "on a dark screen": on_a_dark_screen,
    "at an angle": at_an_angle,
    "at an angle, rotated and blurred": lambda code: (
        at_an_angle(code).rotate(-7, expand=True, fillcolor=255).filter(ImageFilter.GaussianBlur(1.5))
    ),
}


@pytest.mark.parametrize("how", TAKEN)
def test_a_pass_is_read_from_a_picture(how: str) -> None:
    assert codes_in(as_png(TAKEN[how](drawn()))) == (TEXT,)


def test_a_photo_in_colour_as_jpeg_is_read() -> None:
    photo = on_a_dark_screen(drawn()).convert("RGB")
    assert codes_in(as_png(photo, format="JPEG", quality=60)) == (TEXT,)


def test_several_codes_in_one_picture_are_all_read() -> None:
    two = [Image.open(BytesIO(qr_png(text))).convert("L") for text in ("TB1:AAA", "TB1:BBB")]
    sheet = Image.new("L", (two[0].width * 2, two[0].height), 255)
    for place, code in enumerate(two):
        sheet.paste(code, (place * code.width, 0))
    assert set(codes_in(as_png(sheet))) == {"TB1:AAA", "TB1:BBB"}


def test_a_picture_without_a_code_is_told_so() -> None:
    with refused("picture_without_code"):
        codes_in(as_png(Image.new("L", (200, 200), 128)))


@pytest.mark.parametrize(
    "file",
    [b"", b"TB1:AAA", b"%PDF-1.7", as_png(Image.new("L", (9, 9)))[:40], b"\x89PNG\r\n\x1a\n" + bytes(99),
     b"x" * (LARGEST_PICTURE + 1)],
    ids=["nothing", "text", "pdf", "half", "broken", "too large"],
)  # fmt: skip
def test_what_is_no_picture_is_told_so(file: bytes) -> None:
    with refused("picture_unreadable"):
        codes_in(file)


def test_a_small_file_that_unfolds_into_a_huge_picture_is_refused() -> None:
    bomb = as_png(Image.new("1", (12_000, 12_000)))
    assert len(bomb) < 100_000
    with refused("picture_unreadable"):
        codes_in(bomb)
