import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import pytest
import uvloop
from aiohttp.test_utils import TestServer

from gateways.http import open_session
from gateways.sandbox.wechat import make_wechat_sandbox
from tests.gateways.outside import TEMPLATES, Sandbox, TurnedClock, miniapp, official_account

MakeSandbox = Callable[..., Awaitable[Sandbox]]


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """What serves speaks to transports itself only in ``gateways/connections.py``: there each kind of loop is tried."""
    loops: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    if item.path.name == "test_connections.py":
        loops["uvloop"] = uvloop.new_event_loop
    return loops


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as session:
        yield session


@pytest.fixture
async def impatient() -> AsyncIterator[aiohttp.ClientSession]:
    """A session that gives up at once, so that no test has to wait for the real five seconds."""
    async with open_session(total_seconds=0.2) as session:
        yield session


@pytest.fixture
async def make_sandbox(
    aiohttp_server: Callable[..., Awaitable[TestServer]], session: aiohttp.ClientSession, clock: TurnedClock
) -> MakeSandbox:
    async def make(**more: Any) -> Sandbox:
        given: dict[str, Any] = {"apps": [miniapp(), official_account()], "templates": TEMPLATES, **more}
        server = await aiohttp_server(make_wechat_sandbox(clock=clock, **given))
        return Sandbox(server.make_url("/"), session, clock)

    return make


@pytest.fixture
async def sandbox(make_sandbox: MakeSandbox) -> Sandbox:
    return await make_sandbox()
