"""The description is valid, complete and true: what is sent by it is never an error of ours."""

import json
import re
from typing import Any

import jsonschema_rs
import pytest
import schemathesis

from miniapp_api.routes import routes
from tests.miniapp_api.people import Citizen

API = [route for route in routes() if route.path.startswith("/api/")]


@pytest.fixture
async def document(visitor: Citizen) -> dict[str, Any]:
    return dict((await visitor.ask("GET", "/openapi.json")).json)


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described >= {(route.method, route.path) for route in API}
    names = [o["operationId"] for methods in document["paths"].values() for o in methods.values()]
    assert len(names) == len(set(names))


def test_every_schema_is_a_schema_and_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(document).validate()
    for schema in _schemas(document):
        jsonschema_rs.meta.validate(schema)
    components = document["components"]["schemas"]
    references = set(re.findall(r'"\$ref": ?"#/components/schemas/([^"]+)"', _text(document)))
    assert references
    assert references <= set(components)


def test_every_operation_says_its_access_its_refusals_and_its_key(document: dict[str, Any]) -> None:
    for route in API:
        operation = document["paths"][route.path][route.method.lower()]
        assert operation["security"] == ([] if route.access == "public" else [{"session": []}])
        refusals = [answer for status, answer in operation["responses"].items() if int(status) >= 400]
        assert all("application/problem+json" in answer["content"] for answer in refusals)
        assert operation["summary"].endswith(".")
        named = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)}", route.path))
        if "requestBody" in operation:
            assert operation["requestBody"]["required"]


def test_no_body_takes_fields_it_does_not_list(document: dict[str, Any]) -> None:
    components = document["components"]["schemas"]
    for methods in document["paths"].values():
        for operation in methods.values():
            if "requestBody" in operation:
                name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
                assert components[name]["additionalProperties"] is False


async def test_the_page_shows_every_operation_and_every_shape(visitor: Citizen, document: dict[str, Any]) -> None:
    page = (await visitor.ask("GET", "/docs")).body.decode()
    assert all(f"<code>{path}</code>" in page for path in document["paths"])
    assert all(f'id="shape-{name}"' in page for name in document["components"]["schemas"])
    targets, links = set(re.findall(r'id="([^"]+)"', page)), set(re.findall(r'href="#([^"]+)"', page))
    assert links <= targets


def _schemas(document: Any) -> list[Any]:
    if isinstance(document, list):
        return [schema for part in document for schema in _schemas(part)]
    if not isinstance(document, dict):
        return []
    own = [document["schema"]] if isinstance(document.get("schema"), dict) else []
    own += document.get("schemas", {}).values() if "securitySchemes" in document else []
    return own + [schema for part in document.values() for schema in _schemas(part)]


def _text(document: Any) -> str:
    return json.dumps(document)
