"""The offline pass as the mini-program gets it."""

from dataclasses import dataclass
from datetime import datetime

from casework.views import PointView


@dataclass(frozen=True)
class PassPartShape:
    """One QR code of an offline pass: its text, for a wedge scanner or to paste, and the picture of it."""

    text: str
    png_base64: str


@dataclass(frozen=True)
class OfflinePassShape:
    """An offline pass, in one code or in several to be scanned one after the other. Encrypted to the station."""

    parts: tuple[PassPartShape, ...]
    valid_from: datetime
    expires_at: datetime
    point: PointView
