"""What the phone shows, the counter's scanner reads."""

from io import BytesIO

import pytest
import zxingcpp
from PIL import Image

from templates.qr import qr_png


def scan(picture: bytes, size: tuple[int, int] | None = None) -> str:
    image = Image.open(BytesIO(picture)).convert("L")
    found = zxingcpp.read_barcode(image.resize(size) if size else image)
    assert found is not None
    text: str = found.text
    return text


@pytest.mark.parametrize("text", ["TB-7K2M9-QX4TD-0HV3B-PZ8RN-W6YJC-E", "A", "预约凭证", "X" * 900])
def test_a_code_reads_back_as_it_was_written(text: str) -> None:
    assert scan(qr_png(text)) == text


def test_a_code_is_readable_at_the_size_of_a_phone() -> None:
    assert scan(qr_png("TB-7K2M9-QX4TD-0HV3B-PZ8RN-W6YJC-E"), (220, 220)).startswith("TB-7K2M9")


def test_the_same_text_always_makes_the_same_picture() -> None:
    assert qr_png("TB-1") == qr_png("TB-1") != qr_png("TB-2")


def test_a_quiet_zone_of_four_modules_stands_around_the_code() -> None:
    image = Image.open(BytesIO(qr_png("TB-1"))).convert("L")
    assert image.crop((0, 0, image.width, 40)).getextrema() == (255, 255)
    assert image.getpixel((40, 40)) == 0
