"""Requests made up from our description, right ones and wrong ones: no answer is an error of ours or undescribed."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from aiohttp.test_utils import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from casework.deps import Deps
from miniapp_api.app import make_app
from miniapp_api.limits import Allowance, Limits
from tests.miniapp_api.conftest import ClientFactory
from tests.miniapp_api.people import Citizen, WeChat, booked, opened

_PLENTY = Allowance(10**6, 1.0)
WIDE = Limits(_PLENTY, _PLENTY, _PLENTY, _PLENTY)
EXAMPLES = 15
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


@dataclass(frozen=True)
class Target:
    """A door with a citizen who is half-way, as the made-up requests see it."""

    base_url: str
    headers: dict[str, str]
    document: dict[str, Any]
    number: str


@pytest.fixture
async def target(deps: Deps, wechat: WeChat, point: str, aiohttp_client: ClientFactory) -> Target:
    client: TestClient[Any, Any] = await aiohttp_client(make_app(deps, limits=WIDE))
    citizen = Citizen(client, user=await wechat.person(phone="13800000003"))
    answer = await citizen.post("/sessions", {"code": await wechat.login_code(citizen.user)})
    citizen.token = answer.json["token"]
    number = await opened(citizen, wechat)
    await booked(citizen, number)
    document = (await citizen.ask("GET", "/openapi.json")).json
    return Target(str(client.make_url("")), {"Authorization": f"Bearer {citizen.token}"}, document, number)


@pytest.mark.parametrize("mode", list(GenerationMode))
async def test_no_made_up_request_finds_an_error_of_ours(target: Target, mode: GenerationMode) -> None:
    """Signing out is left out: it would end the session the other requests need."""
    schema = schemathesis.openapi.from_dict(target.document).exclude(operation_id="end_session")
    await asyncio.to_thread(_try_all, schema, target, mode)


def _try_all(schema: Any, target: Target, mode: GenerationMode) -> None:
    for found in schema.get_all_operations():
        operation = found.ok()
        if mode is GenerationMode.POSITIVE or _can_be_wrong(operation):
            _try(operation, target, mode)


def _can_be_wrong(operation: Any) -> bool:
    """A public request that takes nothing cannot be made wrongly."""
    raw = operation.definition.raw
    return bool(raw["parameters"] or raw["security"] or "requestBody" in raw)


def _try(operation: Any, target: Target, mode: GenerationMode) -> None:
    known = {"number": target.number} if "{number}" in operation.path and mode is GenerationMode.POSITIVE else None

    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=known))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def each(case: Any) -> None:
        case.call_and_validate(base_url=target.base_url, headers=target.headers, checks=CHECKS)

    each()
