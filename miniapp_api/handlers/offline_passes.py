"""Hop 5 across the air gap: the offline pass, and the keys its readers trust."""

import asyncio
from base64 import b64encode

from aiohttp import web

from casework import issue_pass
from casework.callers import Citizen
from casework.deps import Deps
from miniapp_api.keys import GATE
from miniapp_api.pass_shapes import OfflinePassShape, PassPartShape
from miniapp_api.reading import Key
from miniapp_api.shapes import PathText
from templates.qr import qr_png


async def issue_offline_pass(
    request: web.Request, deps: Deps, citizen: Citizen, number: PathText, key: Key
) -> OfflinePassShape:
    """Get the case as an offline pass for a counter without a network: texts and pictures, good on the booked day."""
    request.app[GATE].passes.take(str(citizen.account_id), deps.clock.now())
    made = await issue_pass.issue_pass(deps, citizen, number, key)
    return OfflinePassShape(
        parts=tuple([await _part(text) for text in made.parts]),
        valid_from=made.valid_from,
        expires_at=made.expires_at,
        point=made.point,
    )


async def read_issuers(deps: Deps) -> web.Response:
    """The public keys offline passes are signed by, for the readers at the stations (``read-pass --issuers``)."""
    trust = deps.pass_issuer.trust if deps.pass_issuer else b""
    return web.Response(text=trust.decode(), content_type="application/x-pem-file", charset="utf-8")


async def _part(text: str) -> PassPartShape:
    picture = await asyncio.to_thread(qr_png, text)
    return PassPartShape(text=text, png_base64=b64encode(picture).decode())
