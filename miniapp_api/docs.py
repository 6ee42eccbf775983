"""The OpenAPI document laid out for the page at ``/docs``: names, types and conditions as a reader looks for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from miniapp_api.refusals import STATUS
from templates.pages import render_page
from templates.refusals import RefusalText, refusal_text


@dataclass(frozen=True)
class FieldLine:
    """One field of a shape or one parameter. ``target`` names the shape it links to."""

    name: str
    kind: str
    target: str | None
    required: bool
    limits: str


@dataclass(frozen=True)
class OperationBlock:
    """One operation."""

    method: str
    path: str
    summary: str
    description: str
    signed_in: bool
    parameters: tuple[FieldLine, ...]
    body: FieldLine | None
    answers: tuple[tuple[str, str, FieldLine | None], ...]


@dataclass(frozen=True)
class ShapeBlock:
    """One named shape: its fields, or the words it may be."""

    name: str
    description: str
    fields: tuple[FieldLine, ...]
    words: tuple[str, ...]


def docs_page(document: Mapping[str, Any]) -> str:
    """The page; made once, when the application is made."""
    return render_page(
        "docs/index.html",
        info=document["info"],
        groups=_groups(document["paths"]),
        shapes=tuple(_shape(name, schema) for name, schema in sorted(document["components"]["schemas"].items())),
        refusals=_refusals(),
    )


def _groups(paths: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, list[OperationBlock]]]:
    told = [
        (operation["tags"][0], _block(method, path, operation))
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]
    ordered = sorted(told, key=lambda one: one[0])
    return [(tag, [block for _, block in blocks]) for tag, blocks in groupby(ordered, key=lambda one: one[0])]


def _block(method: str, path: str, operation: Mapping[str, Any]) -> OperationBlock:
    parameters = (_line(f"{p['name']} ({p['in']})", p["schema"], p["required"]) for p in operation["parameters"])
    return OperationBlock(
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation.get("description", "").replace("``", ""),
        signed_in=bool(operation["security"]),
        parameters=tuple(parameters),
        body=_content(operation.get("requestBody", {})),
        answers=tuple(
            (status, answer["description"], _content(answer)) for status, answer in operation["responses"].items()
        ),
    )


def _content(part: Mapping[str, Any]) -> FieldLine | None:
    for media, content in part.get("content", {}).items():
        return _line(media, content["schema"], required=True)
    return None


def _shape(name: str, schema: Mapping[str, Any]) -> ShapeBlock:
    required = schema.get("required", ())
    fields = (_line(field, kind, field in required) for field, kind in schema.get("properties", {}).items())
    words = tuple(str(word) for word in schema.get("enum", ()))
    return ShapeBlock(name, schema.get("description", "").replace("``", ""), tuple(fields), words)


def _line(name: str, schema: Mapping[str, Any], required: bool) -> FieldLine:
    kind, target = _kind(schema)
    return FieldLine(name, kind, target, required, _limits(schema))


def _kind(schema: Mapping[str, Any]) -> tuple[str, str | None]:
    """The type as a reader says it, and the shape it names, if any."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return name, name
    if "anyOf" in schema:
        kinds = [_kind(one) for one in schema["anyOf"]]
        return " or ".join(kind for kind, _ in kinds), next((target for _, target in kinds if target), None)
    if schema.get("type") == "array" and "items" in schema:
        kind, target = _kind(schema["items"])
        return f"list of {kind}", target
    if "enum" in schema:
        return " | ".join(str(word) for word in schema["enum"]), None
    return str(schema.get("format") or schema.get("type") or "any"), None


_TOLD = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "from {}",
    "maximum": "to {}",
    "ge": "from {}",
    "le": "to {}",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "default": "default {}",
}


def _limits(schema: Mapping[str, Any]) -> str:
    inner = next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), schema)
    told = (text.format(inner[key]) for key, text in _TOLD.items() if inner.get(key) not in (None, "", 0))
    return ", ".join(told)


def _refusals() -> tuple[tuple[int, RefusalText], ...]:
    lines = ((int(status), refusal_text(code, {})) for code, status in STATUS.items())
    return tuple(sorted(lines, key=lambda line: (line[0], line[1].code)))
