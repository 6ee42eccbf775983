"""Switches that make a sandbox fail the way the real thing does."""

import asyncio
from collections.abc import Awaitable, Callable
from enum import StrEnum

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from gateways.sandbox.answers import WireError, ok
from gateways.sandbox.shapes import parsed

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"


class FaultKind(StrEnum):
    """What goes wrong."""

    ERRCODE = "errcode"  # an errcode instead of the answer
    STATUS = "status"  # an HTTP status instead of the answer
    SLOW = "slow"  # the right answer, late
    DROP = "drop"  # the connection closes without an answer
    EMPTY = "empty"  # HTTP 200 and no body
    HTML = "html"  # a proxy's 502 page
    PLAIN_TEXT = "plain_text"  # the right answer labelled text/plain


class Fault(BaseModel):
    """One switched-on fault: for one path or ``*``, a number of times or until cleared (None).

    ``acts``: whether the interface does its work before it fails, as when an answer is lost on the way back.
    """

    model_config = ConfigDict(extra="forbid")

    path: str = "*"
    kind: FaultKind
    errcode: int = -1
    status: int = Field(default=500, ge=400, le=599)
    seconds: float = Field(default=6.0, ge=0, le=120)
    acts: bool = False
    times: int | None = Field(default=None, ge=1)


class Faults:
    """The faults now switched on; the first that fits is taken."""

    def __init__(self, without: frozenset[FaultKind] = frozenset()) -> None:
        self._without = without
        self._on: list[Fault] = []

    def switch_on(self, fault: Fault) -> None:
        """Add a fault; raise ValueError for one this server has no use for."""
        if fault.kind in self._without:
            raise ValueError(f"no fault of kind {fault.kind} here")
        self._on.append(fault)

    def clear(self) -> None:
        """Switch all off."""
        self._on.clear()

    def told(self) -> list[dict[str, object]]:
        """Return what is on, as JSON values."""
        return [fault.model_dump(mode="json") for fault in self._on]

    def take(self, path: str) -> Fault | None:
        """Return the fault a call runs into and count it."""
        fault = next((fault for fault in self._on if fault.path in {"*", path}), None)
        if fault is not None and fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                self._on.remove(fault)
        return fault


FAULTS = web.AppKey("faults", Faults)


@web.middleware
async def failing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a call outside ``/sandbox/`` run into its fault."""
    fault = None if request.path.startswith(("/sandbox/", "/phone")) else request.app[FAULTS].take(request.path)
    if fault is None:
        return await handler(request)
    if fault.kind is FaultKind.ERRCODE:
        raise WireError(fault.errcode)
    if fault.kind is FaultKind.PLAIN_TEXT:
        response = await handler(request)
        response.headers["Content-Type"] = "text/plain"
        return response
    if fault.kind is FaultKind.SLOW:
        response = await handler(request)
        await asyncio.sleep(fault.seconds)
        return response
    if fault.acts:
        await handler(request)
    return _broken(request, fault)


def _broken(request: web.Request, fault: Fault) -> web.Response:
    if fault.kind is FaultKind.DROP and request.transport is not None:
        request.transport.abort()
    if fault.kind is FaultKind.HTML:
        return web.Response(status=502, text=_GATEWAY_PAGE, content_type="text/html")
    return web.Response(status=fault.status if fault.kind is FaultKind.STATUS else 200)


async def switch_on(request: web.Request) -> web.Response:
    """``POST /sandbox/faults``."""
    try:
        request.app[FAULTS].switch_on(await parsed(request, Fault))
    except ValueError as trouble:
        raise web.HTTPBadRequest(text=str(trouble)) from None
    return await show(request)


async def show(request: web.Request) -> web.Response:
    """``GET /sandbox/faults``."""
    return ok(faults=request.app[FAULTS].told())


async def clear(request: web.Request) -> web.Response:
    """``DELETE /sandbox/faults``."""
    request.app[FAULTS].clear()
    return ok()


ROUTES = (
    web.post("/sandbox/faults", switch_on),
    web.get("/sandbox/faults", show),
    web.delete("/sandbox/faults", clear),
)
