"""What happens around every request: an id, one line in the log, one shape of error, and the security headers."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from aiohttp import hdrs, web

from domain.refusal import Refusal
from miniapp_api.headers import SECURITY_HEADERS
from miniapp_api.keys import DEPS, REFUSED, REQUEST_ID
from miniapp_api.refusals import problem_response

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = structlog.get_logger(__name__)

_CODE_OF_STATUS = {
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "content_type_unsupported",
    429: "too_many_requests",
    503: "service_unavailable",
}


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal before an answer goes out, also for answers aiohttp makes by itself and for sub-applications."""
    if response.headers.get(hdrs.SERVER) == "tongban":
        return  # a door mounted beside this one brings its own, all of them
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "tongban"
    if REQUEST_ID in request:
        response.headers["X-Request-Id"] = request[REQUEST_ID]


@web.middleware
async def identify(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the request an id of our own making and write one line about it: no path, no query, no body."""
    if _is_beside(request):
        return await handler(request)
    before = structlog.contextvars.bind_contextvars(request_id=_name_of(request), account=None)
    clock = asyncio.get_running_loop().time
    began, status = clock(), 499  # the client left before there was an answer
    try:
        response = await handler(request)
        status = response.status
        return response
    finally:
        took = round((clock() - began) * 1000, 1)
        told = {"refused": request[REFUSED]} if REFUSED in request else {}
        _log.info("request", method=request.method, route=_route_name(request), status=status, ms=took, **told)
        structlog.contextvars.reset_contextvars(**before)


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever goes wrong into one problem shape; nothing of an unexpected error is told (V16.5.1)."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return _refused(request, refusal)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _web_error(request, error)
    except ConnectionResetError:
        return _refused(request, Refusal("bad_request"))  # the client left in mid-request: nobody reads this
    except Exception as error:  # noqa: BLE001 - the last door: everything else is ours to mend
        return _failed(request, error)


def _name_of(request: web.Request) -> str:
    """The id of the request, drawn when it is first asked for."""
    if REQUEST_ID not in request:
        request[REQUEST_ID] = request.config_dict[DEPS].random.token(12).hex()
    name: str = request[REQUEST_ID]
    return name


def _is_beside(request: web.Request) -> bool:
    """Whether a door mounted beside this one answers: it tells and logs its own troubles; what escapes it is ours."""
    return len(request.match_info.apps) > 1


def _refused(request: web.Request, refusal: Refusal) -> web.Response:
    request[REFUSED] = refusal.code  # one line tells it all
    return problem_response(refusal, _name_of(request))


def _web_error(request: web.Request, error: web.HTTPException) -> web.Response:
    general = "bad_request" if error.status < 500 else "internal"
    answer = _refused(request, Refusal(_CODE_OF_STATUS.get(error.status, general)))
    if hdrs.ALLOW in error.headers:
        answer.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
    return answer


def _failed(request: web.Request, error: Exception) -> web.Response:
    """Something we need is out of reach (worth trying again), or we made a mistake."""
    out_of_reach = isinstance(error, OSError | TimeoutError)
    _log.error("request_failed", error=type(error).__name__, where=_where(error))
    code = "service_unavailable" if out_of_reach else "internal"
    return problem_response(Refusal(code, trace=_name_of(request)), _name_of(request))


def _route_name(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unmatched"


def _where(error: BaseException) -> list[str]:
    """The way to the error without its message: a message may quote what a citizen typed."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-8:]]
