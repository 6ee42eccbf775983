"""A typed handler becomes an aiohttp route: what it asks for by type is read, checked and handed in; its view goes out.

A handler may ask for ``Deps``, ``Citizen``, ``Token``, ``Key`` (idempotency key), ``Proof`` (work done), ``Client``,
the parts of its path by name, and one ``Body`` or ``Query`` shape. What cannot be served as written is a
``BadRouteError`` when the application is made, never a surprise at the first request.
"""

import inspect
import re
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import Any

from aiohttp import hdrs, web
from pydantic import BaseModel, TypeAdapter

from casework.callers import Citizen
from casework.challenge import Proof
from casework.deps import Deps
from miniapp_api.access import Access, Token, admit, bearer_token
from miniapp_api.keys import AT_HAND, DEPS
from miniapp_api.reading import (
    Client,
    Key,
    challenge_answer,
    client_of,
    idempotency_key,
    json_body,
    path_value,
    query_values,
)
from miniapp_api.shapes import Body, Query
from miniapp_api.shared import Shared, Written

BODY_LIMIT = 64 * 1024
JSON = "application/json"
HTML = "text/html"
CALENDAR = "text/calendar"
PDF = "application/pdf"

Handler = Callable[..., Awaitable[Any]]
_NO_HEADERS: Mapping[str, str] = {}
_IN_PATH = re.compile(r"{(\w+)}")


class BadRouteError(TypeError):
    """A route that cannot be served as written: a mistake of ours, told at the start."""


@dataclass(frozen=True)
class Route:
    """One line of the table.

    ``at_hand`` is for an answer that is the same for many people (``miniapp_api.shared``): it takes what the handler
    takes and returns what that would, without asking anybody, or None where it would have to.
    """

    method: str
    path: str
    handler: Handler
    access: Access
    status: HTTPStatus = HTTPStatus.OK
    media: str = JSON
    body_limit: int = BODY_LIMIT
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
    at_hand: Callable[..., Any] | None = None


class Source(StrEnum):
    """Where an argument of a handler comes from."""

    REQUEST = "request"
    DEPS = "deps"
    CITIZEN = "citizen"
    TOKEN = "token"  # noqa: S105 - a word, not a secret
    CLIENT = "client"
    PATH = "path"
    KEY = "key"
    PROOF = "proof"
    QUERY = "query"
    BODY = "body"


_BY_TYPE: Mapping[Any, Source] = {
    web.Request: Source.REQUEST,
    Deps: Source.DEPS,
    Citizen: Source.CITIZEN,
    Token: Source.TOKEN,
    Client: Source.CLIENT,
    Key: Source.KEY,
    Proof: Source.PROOF,
}
_SIGNED_IN = frozenset({Source.CITIZEN, Source.TOKEN, Source.KEY, Source.PROOF})
_OF_NOBODY = frozenset({Source.DEPS, Source.PATH, Source.QUERY})
_SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})


@dataclass(frozen=True)
class Argument:
    """One argument of a handler."""

    name: str
    source: Source
    hint: Any
    adapter: TypeAdapter[Any]


@dataclass(frozen=True)
class Operation:
    """A route that was checked: its arguments, and what it returns (None: nothing, or a whole response)."""

    route: Route
    arguments: tuple[Argument, ...]
    returns: TypeAdapter[Any] | None
    described: bool
    shared: Shared = field(default_factory=Shared)

    def taking(self, source: Source) -> Argument | None:
        """The first argument from this source."""
        return next((argument for argument in self.arguments if argument.source is source), None)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Let the caller in, read what the handler asks for, and answer with what it returns."""
        citizen = await admit(request, self.route.access)
        arguments = {a.name: await self._read(request, a, citizen) for a in self.arguments}
        view = await self.route.handler(**arguments)
        if self.route.at_hand is None:
            return self._answer(view)
        request.app[AT_HAND].learn(request.raw_path, partial(self._told_again, arguments))
        return self.shared.answer(request, view)

    def _told_again(self, arguments: Mapping[str, Any], headers: Mapping[str, str]) -> Written | None:
        assert self.route.at_hand is not None
        view = self.route.at_hand(**arguments)
        return None if view is None else self.shared.written(view, headers)

    async def _read(self, request: web.Request, argument: Argument, citizen: Citizen | None) -> Any:
        match argument.source:
            case Source.PATH:
                return path_value(request, argument.name, argument.adapter)
            case Source.QUERY:
                return query_values(request, argument.adapter)
            case Source.BODY:
                return await json_body(request, argument.adapter, self.route.body_limit)
            case Source.CITIZEN:
                return citizen
            case source:
                return _READERS[source](request)

    def _answer(self, view: Any) -> web.StreamResponse:
        if isinstance(view, web.StreamResponse):
            return view
        headers, status = self.route.headers, self.route.status
        if self.returns is None:
            return web.Response(status=status, headers=headers)
        if isinstance(view, bytes):
            return web.Response(status=status, body=view, content_type=self.route.media, headers=headers)
        if self.route.media != JSON:
            return web.Response(
                status=status, text=view, content_type=self.route.media, charset="utf-8", headers=headers
            )
        body = self.returns.dump_json(view, warnings="error")
        return web.Response(status=status, body=body, content_type=JSON, charset="utf-8", headers=headers)


_READERS: Mapping[Source, Callable[[web.Request], Any]] = {
    Source.REQUEST: lambda request: request,
    Source.DEPS: lambda request: request.app[DEPS],
    Source.TOKEN: bearer_token,
    Source.CLIENT: client_of,
    Source.KEY: idempotency_key,
    Source.PROOF: challenge_answer,
}


def operation(route: Route) -> Operation:
    """Check a route and make it ready to serve; raises BadRouteError."""
    if not isinstance(route.access, Access):
        raise BadRouteError(f"{route.method} {route.path} does not say who may come in")
    hints = typing.get_type_hints(route.handler, include_extras=True)
    returns = hints.pop("return", None)
    names = frozenset(_IN_PATH.findall(route.path))
    arguments = tuple(_argument(route, name, hints.get(name), names) for name in _parameters(route.handler))
    _insist(route, arguments, names)
    described = returns is not web.Response
    adapter = TypeAdapter(returns) if described and returns not in (None, type(None)) else None
    return Operation(route, _in_reading_order(arguments), adapter, described)


def _parameters(handler: Handler) -> tuple[str, ...]:
    return tuple(inspect.signature(handler).parameters)


def _argument(route: Route, name: str, hint: Any, path_names: frozenset[str]) -> Argument:
    source = _source(name, hint, path_names)
    if source is None:
        raise BadRouteError(f"{route.method} {route.path}: nothing fits the argument {name}")
    read = source in (Source.PATH, Source.QUERY, Source.BODY)
    return Argument(name, source, hint, TypeAdapter(hint if read else None))


def _source(name: str, hint: Any, path_names: frozenset[str]) -> Source | None:
    if name in path_names:
        return Source.PATH
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return Source.BODY if issubclass(hint, Body) else Source.QUERY if issubclass(hint, Query) else None
    return _BY_TYPE.get(hint)


def _insist(route: Route, arguments: tuple[Argument, ...], path_names: frozenset[str]) -> None:
    sources = [argument.source for argument in arguments]
    given = {argument.name for argument in arguments if argument.source is Source.PATH}
    problems = {
        "a part of the path is not read": given != path_names,
        "a public route knows no citizen": route.access is Access.PUBLIC and bool(_SIGNED_IN & set(sources)),
        "a reading request has no body": route.method in _SAFE and Source.BODY in sources,
        "a reading request has no key": route.method in _SAFE and Source.KEY in sources,
        "what is told alike is public and knows no caller": route.at_hand is not None
        and not (route.access is Access.PUBLIC and route.method == hdrs.METH_GET and set(sources) <= _OF_NOBODY),
        "a request has one body and one query": sources.count(Source.BODY) > 1 or sources.count(Source.QUERY) > 1,
    }
    for problem, stands in problems.items():
        if stands:
            raise BadRouteError(f"{route.method} {route.path}: {problem}")


def _in_reading_order(arguments: tuple[Argument, ...]) -> tuple[Argument, ...]:
    """Headers and path before the query, the body last: what is cheap to refuse is refused first."""
    return tuple(sorted(arguments, key=lambda argument: tuple(Source).index(argument.source)))
