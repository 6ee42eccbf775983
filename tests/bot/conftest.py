from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import make_bot
from casework.deps import Deps
from gateways.http import open_session
from models.db import Database
from tests.bot.pushing import PREVIOUS_AES_KEY, Pusher
from tests.workers.wiring import TurnedClock, make_deps
from workers.queue import open_queue

MakePusher = Callable[..., Awaitable[Pusher]]


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as session:
        yield session


@pytest.fixture
async def make_bot_deps(
    tmp_path: Path, database: Database, session: aiohttp.ClientSession, clock: TurnedClock
) -> AsyncIterator[Callable[..., Deps]]:
    async with open_queue(None) as queue:
        yield lambda **env: make_deps(
            tmp_path, session, queue, clock, **{"TONGBAN_OA_AES_KEY_PREVIOUS": PREVIOUS_AES_KEY, **env}
        )


@pytest.fixture
async def make_pusher(
    aiohttp_server: Callable[..., Awaitable[TestServer]],
    make_bot_deps: Callable[..., Deps],
    session: aiohttp.ClientSession,
    clock: TurnedClock,
) -> MakePusher:
    async def make(mode: str = "safe", **env: Any) -> Pusher:
        deps = make_bot_deps(TONGBAN_OA_PUSH_MODE=mode, **env)
        root = web.Application()
        root.add_subapp("/bot", make_bot(deps))
        server = await aiohttp_server(root)
        return Pusher(session, str(server.make_url("/bot/official-account")), deps, clock, mode)

    return make


@pytest.fixture
async def pusher(make_pusher: MakePusher) -> Pusher:
    return await make_pusher()
