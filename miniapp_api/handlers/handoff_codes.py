"""Hop 5: the code shown at the counter."""

import asyncio
from base64 import b64encode

from casework import hand_off
from casework.callers import Citizen
from casework.deps import Deps
from miniapp_api.reading import Key
from miniapp_api.shapes import HandoffShape, PathText
from templates.qr import qr_png


async def issue_handoff_code(deps: Deps, citizen: Citizen, number: PathText, key: Key) -> HandoffShape:
    """Get the code to show at the counter, as text and as a QR picture; it is good once and not for long."""
    code = await hand_off.issue_code(deps, citizen, number, key)
    picture = await asyncio.to_thread(qr_png, code.code)
    return HandoffShape(
        code=code.code,
        expires_at=code.expires_at,
        point=code.point,
        png_base64=b64encode(picture).decode(),
    )
