"""A hand that pushes as WeChat does, signs what it likes, and opens what comes back; written after the protocol."""

import secrets
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp
import xmltodict

from bot.topic import numbered
from casework.deps import Deps
from domain.local_time import day_of
from domain.policy.loader import load_rulebook
from domain.terms import ServiceItem
from domain.wizard import Ask
from gateways.sandbox.cipher import decrypt, encrypt, signature_of
from templates.chat import chat_text
from templates.labels import label
from templates.questions import question_words
from tests.workers.wiring import START, TurnedClock

FOLLOWER = "oFollower0000000000000000001"
ACCOUNT = "gh_0000000000aa"
RULEBOOK, TODAY = load_rulebook(), day_of(START)
PREVIOUS_AES_KEY = "ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210zyxwvuA"


def xml(**fields: str) -> str:
    return f"<xml>{''.join(f'<{key}><![CDATA[{value}]]></{key}>' for key, value in fields.items())}</xml>"


def message(text: str, number: int | None = None, **more: str) -> str:
    head = {"ToUserName": ACCOUNT, "FromUserName": FOLLOWER, "CreateTime": "1790040000", "MsgType": "text"}
    number = number or secrets.randbelow(10**15) + 1
    return xml(**{**head, "Content": text, "MsgId": str(number), **more})


def event(name: str, key: str = "", at: int = 1790040000, **more: str) -> str:
    head = {"ToUserName": ACCOUNT, "FromUserName": FOLLOWER, "CreateTime": str(at), "MsgType": "event"}
    return xml(**{**head, "Event": name, "EventKey": key, **more})


@dataclass(frozen=True)
class Told:
    """What came back: the status, the body, and the reply in clear when there was one."""

    status: int
    body: str
    reply: dict[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return str(self.reply.get("Content", ""))


@dataclass(frozen=True)
class Pusher:
    """Pushes to one callback in one mode."""

    session: aiohttp.ClientSession
    url: str
    deps: Deps
    clock: TurnedClock
    mode: str = "safe"
    aes_key: str = ""
    appid: str = ""
    age: int = 0

    @property
    def guide_page(self) -> str:
        return self.url.removesuffix("/bot/official-account") + "/guide"

    @property
    def guide(self) -> str:
        """What this account says to 指南."""
        words = question_words(Ask.ITEM)
        choices = numbered([label(item) for item in ServiceItem])
        return chat_text("wizard", {"question": words.question, "hint": words.hint, "lines": choices})

    def but(self, **other: Any) -> "Pusher":
        return replace(self, **other)

    async def push(self, inner: str | bytes) -> Told:
        query, body = self.posting(inner)
        return await self.post(query, body)

    async def say(self, text: str, number: int | None = None) -> str:
        told = await self.push(message(text, number))
        assert told.status == 200, told
        return told.text

    def posting(self, inner: str | bytes) -> tuple[dict[str, str], bytes]:
        raw = inner.encode() if isinstance(inner, str) else inner
        if self.mode == "plain":
            return self.signed(), raw
        app = self.deps.settings.official_account
        sealed = encrypt(self.aes_key or app.aes_key, self.appid or app.appid, raw)
        outer = xml(ToUserName=ACCOUNT, Encrypt=sealed)
        if self.mode == "compatible":
            outer = raw.decode().replace("</xml>", f"<Encrypt><![CDATA[{sealed}]]></Encrypt></xml>")
        return self.signed(sealed), outer.encode()

    def signed(self, sealed: str | None = None) -> dict[str, str]:
        token = self.deps.settings.official_account.token
        timestamp, nonce = str(int(self.clock().timestamp()) - self.age), str(secrets.randbelow(10**10))
        query = {"signature": signature_of(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
        if sealed is None:
            return query
        signature = signature_of(token, timestamp, nonce, sealed)
        return {**query, "encrypt_type": "aes", "msg_signature": signature}

    async def post(self, query: dict[str, str], body: Any, **more: Any) -> Told:
        headers = {"Content-Type": "text/xml", **more}
        async with self.session.post(self.url, params=query, data=body, headers=headers) as response:
            text = await response.text()
            if response.status != 200 or text == "success":
                return Told(response.status, text)
            return Told(200, text, self._opened(text))

    def _opened(self, text: str) -> dict[str, Any]:
        fields: dict[str, Any] = xmltodict.parse(text)["xml"]
        if self.mode == "plain":
            return fields
        app = self.deps.settings.official_account
        stamped = (fields["TimeStamp"], fields["Nonce"], fields["Encrypt"])
        assert signature_of(app.token, *stamped) == fields["MsgSignature"]
        inner = decrypt(self.aes_key or app.aes_key, app.appid, fields["Encrypt"])
        return dict(xmltodict.parse(inner)["xml"])
