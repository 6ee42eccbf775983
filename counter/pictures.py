"""A form with one picture, read as a stream within bounds."""

import asyncio

from aiohttp import BodyPartReader, web

from counter.forms import Form
from counter.reading import BODY_SECONDS
from domain.refusal import Refusal

LARGEST_PICTURE = 10 * 1024 * 1024
_LARGEST_FIELD = 8 * 1024
_MOST_FIELDS = 8


async def read_picture_form(request: web.Request) -> tuple[Form, bytes]:
    """The fields and the one picture of a multipart form, read as a stream.

    Raises:
        Refusal: ``malformed``, ``picture_missing``, ``picture_too_large``, ``too_slow``.
    """
    if request.content_type != "multipart/form-data":
        raise Refusal("malformed", fields="表单格式")
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _parts(request)
    except TimeoutError:
        raise Refusal("too_slow") from None
    except ValueError:  # no boundary, a broken part, not UTF-8
        raise Refusal("malformed", fields="表单格式") from None


async def _parts(request: web.Request) -> tuple[Form, bytes]:
    pairs: list[tuple[str, str]] = []
    picture = b""
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or len(pairs) >= _MOST_FIELDS:
            raise Refusal("malformed", fields="表单格式")
        if part.filename is not None and part.name == "picture":
            picture = await _bytes_of(part, LARGEST_PICTURE, "picture_too_large")
        else:
            text = await _bytes_of(part, _LARGEST_FIELD, "too_large")
            pairs.append((part.name or "", text.decode("utf-8")))
    if not picture:
        raise Refusal("picture_missing")
    return Form(pairs), picture


async def _bytes_of(part: BodyPartReader, largest: int, code: str) -> bytes:
    body = bytearray()
    while chunk := await part.read_chunk():
        body += chunk
        if len(body) > largest:
            raise Refusal(code)
    return bytes(body)
