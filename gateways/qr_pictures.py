"""QR codes in pictures: a photo of a phone, a screenshot, a scan."""

from io import BytesIO

import zxingcpp
from PIL import Image

from domain.refusal import Refusal

LARGEST_PICTURE = 10 * 1024 * 1024
_MOST_PIXELS = 50_000_000


def codes_in(picture: bytes) -> tuple[str, ...]:
    """The texts of all QR codes in a picture. Takes up to some hundred milliseconds: call it in a thread.

    Raises:
        Refusal: ``picture_unreadable``, ``picture_without_code``.
    """
    found = zxingcpp.read_barcodes(_opened(picture), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    texts = tuple(dict.fromkeys(code.text for code in found if code.text))
    if not texts:
        raise Refusal("picture_without_code")
    return texts


def _opened(picture: bytes) -> Image.Image:
    if len(picture) > LARGEST_PICTURE:
        raise Refusal("picture_unreadable")
    try:
        with Image.open(BytesIO(picture), formats=("PNG", "JPEG", "WEBP", "BMP", "GIF")) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise Refusal("picture_unreadable")
            return image.convert("L")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refusal("picture_unreadable") from None
