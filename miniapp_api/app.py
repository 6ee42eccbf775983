"""The application of this door; ``run.py`` gives it a listener and mounts the Official Account beside it."""

from dataclasses import dataclass
from functools import cache

from aiohttp import hdrs, web
from pydantic_core import to_json

from casework.deps import Deps
from miniapp_api.at_hand import AtHand
from miniapp_api.docs import docs_page
from miniapp_api.keys import API_DOCUMENT, AT_HAND, DEPS, DOCS_PAGE, GATE
from miniapp_api.kit import BODY_LIMIT, Operation, operation
from miniapp_api.limits import Gate, Limits
from miniapp_api.middleware import add_headers, answer_problems, identify
from miniapp_api.openapi import api_document
from miniapp_api.routes import routes

_GENEROUS = Limits()


def make_app(deps: Deps, *, limits: Limits = _GENEROUS) -> web.Application:
    """The door, ready to be served. Raises ``kit.BadRouteError`` for a route that says no access or can't be read."""
    app = web.Application(middlewares=[identify, answer_problems], client_max_size=BODY_LIMIT)
    table = _table()
    for one in table.operations:
        app.router.add_route(one.route.method, one.route.path, one.serve, expect_handler=_expected)
    app[DEPS] = deps
    app[GATE] = Gate(limits)
    app[AT_HAND] = AtHand()
    app[API_DOCUMENT] = table.document
    app[DOCS_PAGE] = table.page
    app.on_response_prepare.append(add_headers)
    return app


@dataclass(frozen=True)
class _Table:
    """Every route, checked; and what is told about them."""

    operations: tuple[Operation, ...]
    document: bytes
    page: str


@cache
def _table() -> _Table:
    """The routes are the program's own and know no deps: they are read once, however many doors a process opens."""
    operations = tuple(operation(route) for route in routes())
    document = api_document(operations)
    return _Table(operations, to_json(document), docs_page(document))


async def _expected(request: web.Request) -> None:
    """Tell a client that waits for it to go on; any other expectation is ignored, so no answer escapes our shape."""
    if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
