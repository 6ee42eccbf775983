"""The routes described as OpenAPI 3.1: made from the handlers' own types, so it cannot say what they don't do."""

import inspect
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from miniapp_api.access import Access
from miniapp_api.kit import JSON, PDF, Argument, Operation, Source
from miniapp_api.reading import CHALLENGE_ANSWER, IDEMPOTENCY_KEY
from miniapp_api.refusals import PROBLEM, PROBLEM_SHAPE

_REF = "#/components/schemas/{model}"
_ALWAYS = (HTTPStatus.INTERNAL_SERVER_ERROR,)
_ALSO: Mapping[Source, tuple[HTTPStatus, ...]] = {
    Source.PATH: (HTTPStatus.NOT_FOUND,),
    Source.QUERY: (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    Source.BODY: (
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    ),
    Source.CITIZEN: (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.UNPROCESSABLE_ENTITY),
    Source.TOKEN: (HTTPStatus.UNAUTHORIZED,),
    Source.KEY: (HTTPStatus.BAD_REQUEST,),
    Source.DEPS: (
        HTTPStatus.FORBIDDEN,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
}

Schemas = Mapping[tuple[str, JsonSchemaMode], dict[str, Any]]


def api_document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole description."""
    told = [operation for operation in operations if operation.described]
    schemas, components = _schemas(told)
    paths: dict[str, dict[str, Any]] = {}
    for operation in told:
        paths.setdefault(operation.route.path, {})[operation.route.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "通办 Tongban: interface of the mini-program",
            "version": "1",
            "description": "Apply where you live: from the declaration of residence to the card in hand.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"session": {"type": "http", "scheme": "bearer"}},
        },
    }


def _schemas(operations: Sequence[Operation]) -> tuple[Schemas, dict[str, Any]]:
    wanted: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [("problem", "serialization", PROBLEM_SHAPE)]
    for operation in operations:
        name = operation.route.handler.__name__
        if operation.returns:
            wanted.append((name, "serialization", operation.returns))
        if body := operation.taking(Source.BODY):
            wanted.append((name, "validation", body.adapter))
    schemas, definitions = TypeAdapter.json_schemas(wanted, ref_template=_REF)
    return schemas, definitions["$defs"]


def _operation(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    name = operation.route.handler.__name__
    summary, _, description = (inspect.getdoc(operation.route.handler) or name).partition("\n")
    told: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "tags": [_tag(operation)],
        "security": [] if operation.route.access is Access.PUBLIC else [{"session": []}],
        "parameters": [p for argument in operation.arguments for p in _parameters(argument)],
        "responses": _responses(operation, schemas),
    }
    if text := " ".join(description.split()):
        told["description"] = text
    if operation.taking(Source.BODY):
        told["requestBody"] = {"required": True, "content": _content(JSON, schemas[name, "validation"])}
    return told


def _tag(operation: Operation) -> str:
    return operation.route.handler.__module__.rpartition(".")[2].replace("_", "-")


def _parameters(argument: Argument) -> list[dict[str, Any]]:
    match argument.source:
        case Source.PATH:
            schema = argument.adapter.json_schema()
            return [{"name": argument.name, "in": "path", "required": True, "schema": schema}]
        case Source.KEY:
            schema = {"type": "string", "pattern": "^[!-~]{8,80}$", "minLength": 8, "maxLength": 80}
            return [{"name": IDEMPOTENCY_KEY, "in": "header", "required": True, "schema": schema}]
        case Source.PROOF:
            schema = {"type": "string", "maxLength": 120}
            return [{"name": CHALLENGE_ANSWER, "in": "header", "required": False, "schema": schema}]
        case Source.QUERY:
            return _query_parameters(argument.adapter.json_schema())
        case _:
            return []


def _query_parameters(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    definitions, required = schema.get("$defs", {}), schema.get("required", [])
    return [
        {"name": name, "in": "query", "required": name in required, "schema": _in_place(property_, definitions)}
        for name, property_ in schema["properties"].items()
    ]


def _in_place(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter's schema without references, and without null: a query has no way of saying null."""
    if "$ref" in schema:
        return dict(definitions[schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return _in_place(next(one for one in schema["anyOf"] if one != {"type": "null"}), definitions)
    return dict(schema)


def _responses(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    route = operation.route
    ok: dict[str, Any] = {"description": route.status.phrase}
    if operation.returns and route.media == JSON:
        ok["content"] = _content(JSON, schemas[route.handler.__name__, "serialization"])
    elif operation.returns:
        ok["content"] = _content(route.media, {} if route.media == PDF else {"type": "string"})
    refused = {status for argument in operation.arguments for status in _ALSO.get(argument.source, ())}
    problem = _content(PROBLEM, schemas["problem", "serialization"])
    told = {str(int(route.status)): ok}
    if route.at_hand is not None:
        told["304"] = {"description": "Unchanged since the answer whose ETag came as If-None-Match"}
    for status in sorted({*refused, *_ALWAYS}):
        told[str(int(status))] = {"description": status.phrase, "content": problem}
    return told


def _content(media: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {media: {"schema": schema}}
