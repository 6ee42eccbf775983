"""Every route of this door, one line each: method, path, handler, access."""

from dataclasses import dataclass

from aiohttp import web

from bot import callback, sms_reports
from bot.access import SIGNED_REPORTS, Access, AnyHandler, signed_address, signed_push
from bot.keys import ACCOUNT, MINIAPP


@dataclass(frozen=True)
class Route:
    """One line of the table."""

    method: str
    path: str
    handler: AnyHandler
    access: Access


ROUTES: tuple[Route, ...] = (
    Route("GET", "/official-account", callback.verify, signed_address(ACCOUNT)),
    Route("POST", "/official-account", callback.receive, signed_push(ACCOUNT)),
    Route("GET", "/miniapp", callback.verify, signed_address(MINIAPP)),
    Route("POST", "/miniapp", callback.receive_from_miniapp, signed_push(MINIAPP)),
    Route("POST", "/sms-reports", sms_reports.receive, SIGNED_REPORTS),
)


def mount(app: web.Application, routes: tuple[Route, ...] = ROUTES) -> None:
    """Put the routes behind their guards. Raises ValueError for a route that asks for no proof."""
    for route in routes:
        if not isinstance(route.access, Access):
            raise ValueError(f"{route.method} {route.path} does not say who may use it")  # noqa: TRY004 - a wrong table
        app.router.add_route(route.method, route.path, route.access.guard(route.handler))
