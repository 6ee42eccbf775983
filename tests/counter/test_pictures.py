"""A code in a picture: turned, blurred, on a dark screen, at an angle; and pictures that are none."""

from io import BytesIO

import pytest
import qrcode
from aiohttp import FormData
from PIL import Image, ImageFilter, ImageOps

from casework.deps import Deps
from counter.pictures import LARGEST_PICTURE
from models.case import CaseEvent
from tests.counter.conftest import OpenConsole
from tests.counter.console import Console, Page
from tests.counter.people import adult, code_of


def drawn(text: str) -> Image.Image:
    picture: Image.Image = qrcode.make(text, box_size=8, border=4).get_image()
    return picture.convert("L")


def at_an_angle(image: Image.Image) -> Image.Image:
    """Photographed from the side: the far edge is shorter."""
    w, h = image.size
    corners = (-0.06 * w, -0.1 * h, 0.02 * w, 1.1 * h, 1.04 * w, 1.0 * h, 1.0 * w, 0.0)
    return image.transform((w, h), Image.Transform.QUAD, corners, Image.Resampling.BICUBIC, fillcolor=255)


LOOKS = {
    "straight": lambda image: image,
    "turned": lambda image: image.rotate(23, expand=True, fillcolor=255),
    "upside down": lambda image: image.rotate(180),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(2)),
    "dark screen": ImageOps.invert,
    "dim": lambda image: image.point(lambda value: 20 + value // 4),
    "angle": at_an_angle,
}


def saved(image: Image.Image, form: str = "PNG") -> bytes:
    out = BytesIO()
    image.save(out, form)
    return out.getvalue()


async def send(console: Console, picture: bytes, name: str = "photo.jpg") -> Page:
    form = FormData()
    form.add_field("csrf_token", await console.csrf_token())
    form.add_field("picture", BytesIO(picture), filename=name, content_type="image/jpeg")
    async with console.client.post("/scan/picture", data=form, allow_redirects=False) as response:
        return Page(response.status, response.headers, await response.text())


@pytest.mark.parametrize("look", list(LOOKS))
async def test_a_photo_of_the_code_checks_the_person_in(look: str, at_desk: OpenConsole, deps: Deps) -> None:
    walker, console = await adult(deps), await at_desk()
    code = await code_of(deps, walker)
    photo = saved(LOOKS[look](drawn(code)), "JPEG")
    went = await send(console, photo)
    assert (went.status, went.location) == (303, f"/cases/{walker.number}?done=scan"), went.text
    assert (await send(console, photo)).refused == "code_used"
    assert await CaseEvent.filter(case__number=walker.number, kind="checked_in").count() == 1


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (b"", "picture_missing"),
        (b"GIF89a" + b"\0" * 100, "picture_unreadable"),
        (b"%PDF-1.7", "picture_unreadable"),
        (saved(Image.new("L", (300, 300), 255)), "picture_without_code"),
        (saved(drawn("https://example.com/pay")), "scan_not_ours"),
        (saved(Image.new("1", (9000, 9000))), "picture_unreadable"),
        (saved(drawn("TB-1"))[:300], "picture_unreadable"),
        (b"\xff" * (LARGEST_PICTURE + 1), "picture_too_large"),
    ],
    ids=["nothing", "gif", "pdf", "blank", "another vendor's", "81 megapixels", "cut off", "11 MB"],
)
async def test_a_picture_that_is_none_of_ours_is_told_kindly(picture: bytes, code: str, at_desk: OpenConsole) -> None:
    page = await send(await at_desk(), picture)
    assert page.refused == code
    assert page.status in {413, 422}
    assert page.offers("/scan")


async def test_two_codes_in_one_picture_are_not_guessed_at(at_desk: OpenConsole) -> None:
    sheet = Image.new("L", (900, 420), 255)
    sheet.paste(drawn("TB-A").resize((380, 380)), (10, 10))
    sheet.paste(drawn("TB-B").resize((380, 380)), (470, 10))
    assert (await send(await at_desk(), saved(sheet))).refused == "picture_several_codes"


async def test_a_picture_from_another_site_is_refused(at_desk: OpenConsole) -> None:
    console = await at_desk()
    form = FormData()
    form.add_field("csrf_token", "wrong")
    form.add_field("picture", saved(drawn("x")), filename="x.png", content_type="image/png")
    async with console.client.post("/scan/picture", data=form, allow_redirects=False) as response:
        assert response.status == 403
