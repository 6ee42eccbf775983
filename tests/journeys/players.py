"""The hands: a citizen at the mini-program, the phone in the hand, a clerk at the console, a police system."""

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from tests.journeys.expect import NotAsItShouldBe
from tests.journeys.pages import HtmlForm, Page
from tests.journeys.wire import Form, Reply, Wire
from tests.journeys.world import World

_V1 = "/api/v1"
_SESSION_COOKIE = "__Host-tongban-console"


@dataclass
class Phone:
    """A phone with WeChat on it, in the sandbox: mints codes, answers prompts, shows what arrived."""

    wire: Wire
    world: World
    number: str
    user: str = ""

    async def switch_on(self, nickname: str) -> None:
        """Become somebody at WeChat."""
        body = {"nickname": nickname, "phone": self.number}
        self.user = (await self._do("/sandbox/users", body)).done()["user"]

    async def code(self, kind: str) -> str:
        """A ``login-code`` or a ``phone-code``."""
        reply = await self._do(f"/sandbox/users/{self.user}/{kind}", {"appid": self.world.miniapp_appid})
        return str(reply.done()["code"])

    async def accept_messages(self, template_ids: list[str]) -> None:
        """Press 允许 in WeChat's prompt."""
        body = {"appid": self.world.miniapp_appid, "template_ids": template_ids, "accept": True}
        (await self._do(f"/sandbox/users/{self.user}/subscribe", body)).done()

    async def messages(self, template_id: str | None = None) -> list[dict[str, Any]]:
        """The subscription messages WeChat delivered."""
        query = {"appid": self.world.miniapp_appid, "kind": "subscribe"}
        reply = await self.wire.ask(
            "phone", "GET", self.world.wechat_url, f"/sandbox/users/{self.user}/messages", query=query, quietly=True
        )
        return [each for each in reply.done()["messages"] if template_id in {None, each["template_id"]}]

    async def texts(self, *words: str) -> list[dict[str, Any]]:
        """The short messages that arrived and hold these words."""
        reply = await self.wire.ask(
            "phone", "GET", self.world.sms_url, "/sandbox/sms", query={"phone": self.number}, quietly=True
        )
        return [each for each in reply.done()["messages"] if all(word in each["text"] for word in words)]

    async def _do(self, path: str, body: dict[str, Any]) -> Reply:
        return await self.wire.ask("phone", "POST", self.world.wechat_url, path, data=body)


@dataclass
class Citizen:
    """Somebody at the mini-program. Each write gets a key of its own unless one is given."""

    wire: Wire
    world: World
    token: str = ""

    async def get(self, path: str, **query: str) -> Reply:
        """Read."""
        return await self.wire.ask(
            "citizen", "GET", self.world.base_url, _V1 + path, query=query, headers=self._headers()
        )

    async def write(self, method: str, path: str, body: Any = None, key: str = "") -> Reply:
        """Write."""
        headers = {**self._headers(), "Idempotency-Key": key or secrets.token_hex(12)}
        return await self.wire.ask("citizen", method, self.world.base_url, _V1 + path, data=body, headers=headers)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


@dataclass
class Clerk:
    """A clerk's browser: reads pages, fills in their forms, follows redirects, keeps one cookie."""

    wire: Wire
    world: World
    username: str
    _cookie: str = field(default="", repr=False)

    async def sign_in(self) -> Page:
        """Fill in the sign-in page."""
        form = (await self.open("/login")).form("/login")
        typed = {"username": self.username, "password": self.world.clerks[self.username]}
        return await self.send(form, typed)

    async def open(self, path: str) -> Page:
        """Open a page; it must be there."""
        reply = await self._ask("GET", path)
        if reply.status != 200:
            raise NotAsItShouldBe(reply.asked, 200, f"{reply.status} {Page(reply).refusal}")
        return Page(reply)

    async def send(self, form: HtmlForm, typed: dict[str, str] | None = None, ticked: Form = ()) -> Page:
        """Send a form and go where it leads; a refusal stays where it is."""
        reply = await self._ask("POST", form.action, form.filled(typed or {}, ticked))
        self._cookie = reply.cookies.get(_SESSION_COOKIE, self._cookie)
        if reply.status != 303:
            return Page(reply)
        path, _, query = reply.headers["Location"].partition("?")
        return Page(await self._ask("GET", path, None, dict([query.split("=")]) if query else {}))

    async def _ask(
        self, method: str, path: str, form: Form | None = None, query: dict[str, str] | None = None
    ) -> Reply:
        headers = {"Cookie": f"{_SESSION_COOKIE}={self._cookie}"} if self._cookie else {}
        headers |= {"Origin": self.world.console_url} if method == "POST" else {}
        return await self.wire.ask(
            self.username, method, self.world.console_url, path, query=query, form=form, headers=headers
        )


@dataclass
class StationSystem:
    """A police system that signs what it reports."""

    wire: Wire
    world: World
    key_id: str

    async def report(self, report: dict[str, Any]) -> Reply:
        """Send one report."""
        body = json.dumps(report, ensure_ascii=False).encode()
        stamp = str(int(time.time()))
        signed = hmac.new(self.world.systems[self.key_id].encode(), stamp.encode() + b"." + body, hashlib.sha256)
        headers = {
            "X-Tongban-Key": self.key_id,
            "X-Tongban-Timestamp": stamp,
            "X-Tongban-Signature": signed.hexdigest(),
        }
        return await self.wire.ask(
            self.key_id, "POST", self.world.console_url, "/station/v1/reports", data=body, headers=headers
        )
