import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import make_bot
from bot.dialogue import Dialogue
from casework.deps import Deps
from gateways.http import open_session
from gateways.sandbox.wechat import make_wechat_sandbox
from models.db import Database
from run import sandbox_apps
from tests.bot.phone import Phone
from tests.bot.pushing import PREVIOUS_AES_KEY, Pusher
from tests.gateways.outside import TEMPLATES, Sandbox
from tests.workers.wiring import TurnedClock, make_deps
from workers.queue import open_queue

MakePusher = Callable[..., Awaitable[Pusher]]
MakePhone = Callable[..., Awaitable[Phone]]


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
async def make_phone(
    aiohttp_server: Callable[..., Awaitable[TestServer]],
    make_bot_deps: Callable[..., Deps],
    session: aiohttp.ClientSession,
    clock: TurnedClock,
) -> MakePhone:
    """A sandbox WeChat with both accounts, a bot behind their push addresses, and one person."""

    async def make(**env: str) -> Phone:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = make_bot_deps(**env).settings
        apps = sandbox_apps(replace(settings, port=port))
        server = await aiohttp_server(make_wechat_sandbox(clock=clock, apps=apps, templates=TEMPLATES))
        deps = make_bot_deps(**env, wechat_url=str(server.make_url("/")))
        deps = replace(deps, dialogue=Dialogue(deps))
        root = web.Application()
        root.add_subapp("/bot", make_bot(deps))
        await aiohttp_server(root, port=port)
        phone = Phone(deps, Sandbox(server.make_url("/"), session, clock), clock, port)  # type: ignore[arg-type]
        await phone.sandbox.person(user=phone.user, phone="13900000000")
        return phone

    return make


@pytest.fixture
async def phone(make_phone: MakePhone) -> Phone:
    return await make_phone()


@pytest.fixture
async def pusher(make_pusher: MakePusher) -> Pusher:
    return await make_pusher()
