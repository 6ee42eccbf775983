"""QR pictures to be read off a phone by a counter's scanner."""

from io import BytesIO

import qrcode
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathImage

_QUIET_ZONE = 4  # modules; ISO/IEC 18004 asks for four
_PIXELS_PER_MODULE = 10
_MASK = 2  # fixed: trying all eight costs ten times the drawing, and scanners don't mind


def qr_png(text: str) -> bytes:
    """The text as a black-and-white PNG, error level M. Takes a few milliseconds: call it in a thread, keep the answer.

    Never put personal data into it in clear (B74): a code is photographed, forwarded and left on screens.
    """
    code = qrcode.QRCode(
        error_correction=ERROR_CORRECT_M, box_size=_PIXELS_PER_MODULE, border=_QUIET_ZONE, mask_pattern=_MASK
    )
    code.add_data(text)
    code.make(fit=True)
    picture = BytesIO()
    code.make_image().save(picture)
    return picture.getvalue()


def qr_svg(text: str) -> bytes:
    """The text as an SVG picture."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=_QUIET_ZONE, mask_pattern=_MASK)
    code.add_data(text)
    code.make(fit=True)
    picture: bytes = code.make_image(image_factory=SvgPathImage).to_string()
    return picture
