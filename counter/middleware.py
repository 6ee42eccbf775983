"""Around every request: an id, one line in the log, a refusal in place of every error, and headers that close doors."""

import secrets
from time import perf_counter
from traceback import extract_tb
from typing import Any

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from counter.access import SAFE_METHODS, recognise
from counter.keys import ACTOR, REFUSED, REQUEST_ID
from counter.refusals import STATION_API, answer
from counter.sessions import drop_session, session_token
from domain.refusal import Refusal

log = structlog.get_logger("counter")

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
HEADERS = {
    "Server": "tongban",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # not "no-referrer": browsers then call the origin of our own forms "null"
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_AS_REFUSALS = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}


@web.middleware
async def name_and_log(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id of our own and write one line: route, status, time, who; never path, query or body."""
    request[REQUEST_ID] = secrets.token_hex(8)
    started = perf_counter()
    response = await handler(request)
    log.info(
        "counter_request",
        request_id=request[REQUEST_ID],
        method=request.method,
        route=_route(request),
        status=response.status,
        refused=request.get(REFUSED),
        actor=request.get(ACTOR),
        ms=round((perf_counter() - started) * 1000, 1),
    )
    return response


@web.middleware
async def answer_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn a refusal, an error of the server and anything unforeseen into an answer that says what to do next."""
    try:
        return await _handled(request, handler)
    except Refusal as refusal:
        return _refused(request, refusal)
    except Exception as error:  # noqa: BLE001 - the last line of defence; what failed is logged
        trouble = _trouble(error)
        log.error("counter_failed", request_id=request[REQUEST_ID], route=_route(request), **trouble)  # noqa: TRY400
        return answer(request, Refusal("internal", trace=request[REQUEST_ID]))


async def _handled(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:  # no handler was reached: who is signed in is not known yet
        if not request.path.startswith(STATION_API):
            await recognise(request)
        return _http_error(request, error)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """The same headers on every answer, errors included (ASVS V3.4, V14.3.2)."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = HEADERS["Server"]  # where aiohttp has put its own name and version
    response.headers["X-Request-Id"] = request.get(REQUEST_ID, "")


def _refused(request: web.Request, refusal: Refusal) -> web.StreamResponse:
    if refusal.code == "account_unfinished" and request.method in SAFE_METHODS:
        request[REFUSED] = refusal.code
        return web.Response(status=303, headers={"Location": "/account"})
    if refusal.code != "staff_session_required" or request.path.startswith(STATION_API):
        return answer(request, refusal)
    request[REFUSED] = refusal.code
    if request.method in SAFE_METHODS:
        response: web.StreamResponse = web.Response(status=303, headers={"Location": "/login"})
    else:
        response = answer(request, refusal)
    if session_token(request) is not None:
        drop_session(response)
    return response


def _http_error(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    code = _AS_REFUSALS.get(error.status, "malformed" if error.status < 500 else "internal")
    response = answer(request, Refusal(code))
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def _route(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "none"


def _trouble(error: Exception) -> dict[str, Any]:
    """What failed and where; not the message, which may repeat what somebody typed."""
    frames = extract_tb(error.__traceback__)[-4:]
    return {"error": type(error).__name__, "where": [f"{frame.filename}:{frame.lineno}" for frame in frames]}
