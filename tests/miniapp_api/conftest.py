import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from casework.deps import Deps
from casework.settings import Settings, load_settings
from domain.policy.loader import load_rulebook
from domain.policy.rule import Rulebook
from domain.terms import ServiceItem
from gateways.http import open_session
from gateways.sandbox.apps import AppKind, PushFormat, PushMode, SandboxApp
from gateways.sandbox.wechat import make_wechat_sandbox
from gateways.slip_envelope import SlipEnvelope
from gateways.wechat import WeChatClient
from miniapp_api.app import make_app
from miniapp_api.beneath import runner_of
from models.db import Database
from models.place import keep_point
from tests.miniapp_api.people import Citizen, NoSms, QuietQueue, TurnedClock, WeChat
from tests.passes import ISSUER
from tests.seal import a_seal

ServerFactory = Callable[..., Awaitable[TestServer]]
ClientFactory = Callable[[web.Application | TestServer], Awaitable[TestClient[Any, Any]]]


class StrongRandom:
    """The real source."""

    def token(self, size: int) -> bytes:
        return secrets.token_bytes(size)


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    return load_rulebook()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session() as session:
        yield session


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"TONGBAN_VAR": str(tmp_path / "var")})


@pytest.fixture
async def wechat(
    settings: Settings, clock: TurnedClock, session: aiohttp.ClientSession, aiohttp_server: ServerFactory
) -> WeChat:
    app = SandboxApp(
        appid=settings.miniapp.appid,
        secret=settings.miniapp.secret,
        token=settings.miniapp.token,
        aes_key=settings.miniapp.aes_key,
        push_url=None,
        push_mode=PushMode.SAFE,
        push_format=PushFormat.JSON,
        kind=AppKind.MINIAPP,
    )
    sandbox = await aiohttp_server(make_wechat_sandbox(clock=clock.now, apps=[app], templates={}))
    return WeChat(base=sandbox.make_url("/"), session=session, appid=app.appid)


@pytest.fixture
def deps(
    database: Database,
    settings: Settings,
    clock: TurnedClock,
    rulebook: Rulebook,
    session: aiohttp.ClientSession,
    wechat: WeChat,
) -> Deps:
    client = WeChatClient(
        session,
        base_url=str(wechat.base),
        appid=settings.miniapp.appid,
        secret=settings.miniapp.secret,
        clock=clock.now,
    )
    return Deps(
        settings=settings,
        clock=clock,
        random=StrongRandom(),
        rulebook=rulebook,
        mini_program=client,
        sms=NoSms(),
        queue=QuietQueue(),
        seal=a_seal(),
        slips=SlipEnvelope(),
        pass_issuer=ISSUER,
    )


@pytest.fixture
async def point(database: Database) -> str:
    """A fictitious acceptance point in Nanchang: every working day, three places every half hour."""
    openings = [{"weekday": day, "start": "09:00", "end": "12:00"} for day in range(5)]
    schedule = {
        "openings": openings,
        "slot_minutes": 30,
        "capacity": 3,
        "open_from": "2026-01-01",
        "closed_on_rest_days": True,
    }
    kept = await keep_point(
        "JX-TEST-1",
        {ServiceItem.ID_CARD_FIRST_APPLICATION: date(2026, 1, 1)},
        name="测试受理点",
        division="360103",
        address="江西省南昌市西湖区测试大道1号",
        phone="0791-00000000",
        schedule=schedule,
        is_demo=True,
    )
    return kept.code


class Door(TestServer):
    """Served as ``run.py`` serves it, answers at hand included."""

    async def _make_runner(self, **named: Any) -> web.AppRunner:
        return runner_of(self.app, **named)


@pytest.fixture
async def door(deps: Deps, aiohttp_client: ClientFactory) -> TestClient[Any, Any]:
    return await aiohttp_client(Door(make_app(deps)))


@pytest.fixture
def visitor(door: TestClient[Any, Any]) -> Citizen:
    """Nobody in particular."""
    return Citizen(door)


MakeCitizen = Callable[..., Awaitable[Citizen]]


@pytest.fixture
def make_citizen(door: TestClient[Any, Any], wechat: WeChat) -> MakeCitizen:
    async def make(phone: str = "13800000001") -> Citizen:
        user = await wechat.person(phone=phone)
        citizen = Citizen(door, user=user)
        answer = await citizen.post("/sessions", {"code": await wechat.login_code(user)})
        assert answer.status == 201, answer.body
        citizen.token = answer.json["token"]
        return citizen

    return make


@pytest.fixture
async def citizen(make_citizen: MakeCitizen) -> Citizen:
    """Signed in, nothing else."""
    return await make_citizen()
