"""Who may come in. Every route says so; the caller is found out here and nowhere else."""

import re
from enum import StrEnum
from typing import NewType

import structlog
from aiohttp import hdrs, web

from casework.callers import Citizen
from casework.sign_in import who_is
from domain.refusal import Refusal
from miniapp_api.keys import ACCOUNT_ID, DEPS, GATE, REQUEST_ID

_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/=-]{16,200})")

Token = NewType("Token", str)
"""A citizen's session token, as a handler may ask for it."""


class Access(StrEnum):
    """Who a route is for. Consent, ownership and age are asked by the acts, which know them."""

    PUBLIC = "public"
    CITIZEN = "citizen"


async def admit(request: web.Request, access: Access) -> Citizen | None:
    """The caller, or None on a public route.

    Raises Refusal ``not_signed_in``, ``session_expired``, or ``too_many_requests`` for a writing request too many.
    """
    writing = request.method not in (hdrs.METH_GET, hdrs.METH_HEAD)
    deps, gate = request.app[DEPS], request.app[GATE]
    if access is Access.PUBLIC:
        if writing:
            gate.logins.take(request.remote or "", deps.clock.now())
        return None
    citizen = await who_is(deps, bearer_token(request), request[REQUEST_ID])
    request[ACCOUNT_ID] = citizen.account_id
    structlog.contextvars.bind_contextvars(account=citizen.account_id)
    if writing:
        gate.writes.take(str(citizen.account_id), deps.clock.now())
    return citizen


def bearer_token(request: web.Request) -> Token:
    """The token of the one ``Authorization: Bearer`` header; raises Refusal ``not_signed_in``."""
    given = request.headers.getall(hdrs.AUTHORIZATION, [])
    match = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
    if match is None:
        raise Refusal("not_signed_in")
    return Token(match[1])
