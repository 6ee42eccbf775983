"""A code in a picture that a clerk has: a photo somebody sent, or a frame of the camera. Never kept."""

import asyncio

from casework.deps import Deps
from domain.refusal import Refusal

_ONE_AT_A_TIME = asyncio.Semaphore(1)  # a picture takes a core for a moment; scans by hand go on meanwhile


async def code_in_picture(deps: Deps, picture: bytes) -> str:
    """The text of the one QR code in a picture, whichever way it is turned.

    Raises:
        Refusal: ``picture_unreadable``, ``picture_without_code``, ``picture_several_codes``.
    """
    assert deps.codes_in is not None
    async with _ONE_AT_A_TIME:
        texts = await asyncio.to_thread(deps.codes_in, picture)
    if len(texts) > 1:
        raise Refusal("picture_several_codes")
    return texts[0]
