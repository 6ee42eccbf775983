"""A clock one can turn, two accounts, and a hand on the sandbox."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import orjson
from yarl import URL

from gateways.official_account import OfficialAccountClient
from gateways.sandbox.apps import AppKind, PushFormat, PushMode, SandboxApp
from gateways.wechat import WeChatClient

START = datetime(2026, 3, 5, 1, 0, tzinfo=UTC)
MINIAPP_ID, ACCOUNT_ID = "wx00000000000000a1", "wx00000000000000b2"
SECRET = "sandbox-secret"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
PREVIOUS_AES_KEY = "ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210zyxwvuA"
PICKUP = "tb-ready_for_pickup"
TEMPLATES = {
    PICKUP: {
        "thing1": "居民身份证",
        "character_string2": "TB20260305",
        "time3": "2026年3月5日 09:00",
        "phrase4": "可以领取",
    }
}
PICKUP_DATA = dict(TEMPLATES[PICKUP])


@dataclass
class TurnedClock:
    """Time passes when a test says so."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


def miniapp(**more: Any) -> SandboxApp:
    return SandboxApp(**{**_COMMON, "appid": MINIAPP_ID, "kind": AppKind.MINIAPP, **more})


def official_account(**more: Any) -> SandboxApp:
    return SandboxApp(**{**_COMMON, "appid": ACCOUNT_ID, "kind": AppKind.OFFICIAL_ACCOUNT, **more})


_COMMON: dict[str, Any] = {
    "secret": SECRET,
    "token": "push-token",
    "aes_key": AES_KEY,
    "aes_key_previous": PREVIOUS_AES_KEY,
    "push_url": None,
    "push_mode": PushMode.SAFE,
    "push_format": PushFormat.XML,
}


@dataclass
class Sandbox:
    """A running sandbox WeChat and the hands of the people in it."""

    base: URL
    session: aiohttp.ClientSession
    clock: TurnedClock
    openids: dict[str, dict[str, str]] = field(default_factory=dict)

    def client(self, appid: str = MINIAPP_ID, *, secret: str = SECRET, **more: Any) -> WeChatClient:
        return WeChatClient(self.session, base_url=str(self.base), appid=appid, secret=secret, clock=self.clock, **more)

    def account(self, **more: Any) -> OfficialAccountClient:
        given = {"base_url": str(self.base), "appid": ACCOUNT_ID, "secret": SECRET, "miniapp": MINIAPP_ID, **more}
        return OfficialAccountClient(self.session, clock=self.clock, **given)

    async def post(self, path: str, /, **body: Any) -> dict[str, Any]:
        return await self.told("POST", path, data=orjson.dumps(body))

    async def get(self, path: str, /, **query: str) -> dict[str, Any]:
        return await self.told("GET", path, params=query)

    async def told(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        async with self.session.request(method, self.base.join(URL(path)), **more) as response:
            assert response.status == 200, await response.text()
            return dict(await response.json(content_type=None))

    async def person(self, **facts: Any) -> str:
        told = await self.post("/sandbox/users", **facts)
        self.openids[told["user"]] = told["openids"]
        return str(told["user"])

    async def login_code(self, user: str, appid: str = MINIAPP_ID) -> str:
        return str((await self.post(f"/sandbox/users/{user}/login-code", appid=appid))["code"])

    async def phone_code(self, user: str, **more: Any) -> str:
        return str((await self.post(f"/sandbox/users/{user}/phone-code", appid=MINIAPP_ID, **more))["code"])

    async def consent(self, user: str, *templates: str) -> dict[str, int]:
        asked = {"appid": MINIAPP_ID, "template_ids": list(templates or (PICKUP,)), "accept": True}
        return dict((await self.post(f"/sandbox/users/{user}/subscribe", **asked))["counts"])

    async def received(self, user: str, kind: str) -> list[dict[str, Any]]:
        return list((await self.get(f"/sandbox/users/{user}/messages", kind=kind))["messages"])

    async def fault(self, kind: str, **more: Any) -> None:
        await self.post("/sandbox/faults", kind=kind, **more)

    async def token(self, appid: str = MINIAPP_ID, *, force: bool = False) -> dict[str, Any]:
        body = {"grant_type": "client_credential", "appid": appid, "secret": SECRET, "force_refresh": force}
        return await self.post("/cgi-bin/stable_token", **body)

    async def call(self, path: str, appid: str = MINIAPP_ID, **body: Any) -> dict[str, Any]:
        token = (await self.token(appid))["access_token"]
        return await self.told("POST", path, params={"access_token": token}, data=orjson.dumps(body))
