"""The push engine: five seconds, three tries with the same MsgId and CreateTime, and what the person then sees."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import aiohttp

from gateways.http import open_session
from gateways.sandbox.apps import AppKind, PushMode, SandboxApp
from gateways.sandbox.cipher import signature_of
from gateways.sandbox.envelopes import Envelope, Message, Posting
from gateways.sandbox.people import People, Person
from gateways.sandbox.replies import BadReplyError, read_reply
from gateways.sandbox.shapes import Defect

TRIES = 3
_SILENT = frozenset({"TEMPLATESENDJOBFINISH"})  # WeChat's own, not the person's doing
OUT_OF_SERVICE = "该公众号暂时无法提供服务，请稍后再试"


class PushOutcome(StrEnum):
    """How a push ended."""

    NOT_SET_UP = "not_set_up"  # the account has no push URL
    ACKNOWLEDGED = "acknowledged"
    REPLIED = "replied"
    UNAVAILABLE = "unavailable"


@dataclass
class PushRecord:
    """One push: every try, and the reply in clear."""

    number: int
    app: SandboxApp
    person: Person
    envelope: Envelope
    message: Message
    tries: list[dict[str, Any]] = field(default_factory=list)
    outcome: PushOutcome = PushOutcome.NOT_SET_UP
    reply: dict[str, Any] | None = None
    posting: Posting | None = None

    def told(self) -> dict[str, Any]:
        """Return what ``/sandbox/`` tells about it."""
        return {
            "push": self.number,
            "appid": self.app.appid,
            "user": self.person.user,
            "message": dict(self.message.fields),
            "tries": self.tries,
            "outcome": self.outcome,
            "reply": self.reply,
        }


class PushEngine:
    """Sends pushes and keeps the record of them."""

    def __init__(self, clock: Callable[[], datetime], people: People, timeout_seconds: float) -> None:
        self._clock = clock
        self._people = people
        self._timeout_seconds = timeout_seconds
        self._session: aiohttp.ClientSession | None = None
        self._msg_ids = itertools.count(24_000_000_000_000_001)
        self._background: set[asyncio.Task[Any]] = set()
        self.records: list[PushRecord] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hold the session; cancel what is still under way at the end."""
        async with open_session(self._timeout_seconds) as self._session:
            try:
                yield
            finally:
                for task in self._background:
                    task.cancel()
                await asyncio.gather(*self._background, return_exceptions=True)

    def later(self, push: Coroutine[Any, Any, Any]) -> None:
        """Push without making the caller of an API wait for it."""
        task = asyncio.create_task(push)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        while self._background:
            await asyncio.wait(set(self._background))

    def addressed(self, app: SandboxApp, person: Person, fields: dict[str, str], *, age: int = 0) -> dict[str, str]:
        """Add who, when and, for messages, MsgId; what the caller set stays. ``age`` in seconds."""
        head = {
            "ToUserName": app.original_id,
            "FromUserName": app.openid_of(person.user),
            "CreateTime": str(int(self._clock().timestamp()) - age),
        }
        tail = {} if fields.get("MsgType") == "event" else {"MsgId": str(next(self._msg_ids))}
        return {**head, **tail, **fields}

    async def event(
        self,
        app: SandboxApp,
        person: Person,
        fields: dict[str, str],
        *,
        wrapper: str | None = None,
        rows: list[dict[str, str]] | None = None,
    ) -> PushRecord:
        """Push an event."""
        addressed = self.addressed(app, person, {"MsgType": "event", **fields})
        return await self.push(app, person, Message(addressed, wrapper, rows or ()))

    async def push(
        self,
        app: SandboxApp,
        person: Person,
        message: Message,
        *,
        mode: PushMode | None = None,
        defect: Defect | None = None,
    ) -> PushRecord:
        """Push a message until it is answered, three times at most, and let the person see the outcome."""
        record = PushRecord(len(self.records) + 1, app, person, Envelope(app, mode or app.push_mode, defect), message)
        self.records.append(record)
        if app.kind is AppKind.OFFICIAL_ACCOUNT and message.fields.get("Event") not in _SILENT:
            self._people.tell(person, app, message.fields)
        if app.push_url is None:
            return record
        record.outcome = PushOutcome.UNAVAILABLE
        while len(record.tries) < TRIES and not await self._try(record, app.push_url):
            pass
        self._show(record)
        return record

    async def replay(self, record: PushRecord) -> dict[str, Any]:
        """Send the last request of a push again, byte for byte, once; return status and body."""
        if record.posting is None or record.app.push_url is None:
            return {"error": "nothing was sent"}
        return _told(await self._post(record.app.push_url, record.posting))

    async def verify(self, app: SandboxApp) -> bool:
        """Verify the push URL as the console does when it's saved: it must give the echostr back as it is."""
        if app.push_url is None or self._session is None:
            return False
        timestamp, nonce, echo = str(int(self._clock().timestamp())), "1320562132", "5837397576500011341"
        signature = signature_of(app.token, timestamp, nonce)
        query = {"signature": signature, "timestamp": timestamp, "nonce": nonce, "echostr": echo}
        try:
            async with self._session.get(app.push_url, params=query, allow_redirects=False) as response:
                return response.status == 200 and await response.read() == echo.encode()
        except (aiohttp.ClientError, OSError):
            return False

    async def _try(self, record: PushRecord, url: str) -> bool:
        """Send once; whether that was the end of it."""
        openid = record.app.openid_of(record.person.user)
        key = record.envelope.aes_key
        record.posting = record.envelope.seal(record.message, openid, int(self._clock().timestamp()))
        answered = await self._post(url, record.posting)
        record.tries.append(_told(answered))
        if isinstance(answered, str) or answered[0] != 200:
            return False
        try:
            record.reply = read_reply(record.envelope, key, openid, answered[1])
            record.outcome = PushOutcome.ACKNOWLEDGED if record.reply is None else PushOutcome.REPLIED
        except BadReplyError as trouble:
            record.tries[-1]["error"] = str(trouble)
        return True

    async def _post(self, url: str, posting: Posting) -> tuple[int, bytes] | str:
        """Return status and body, or the name of what went wrong. JSON too is labelled text/xml, as WeChat does."""
        if self._session is None:
            raise RuntimeError("the push engine isn't running")
        try:
            async with self._session.post(
                url,
                params=posting.query,
                data=posting.body,
                headers={"Content-Type": "text/xml", "User-Agent": "Mozilla/4.0"},
                allow_redirects=False,
            ) as response:
                return response.status, await response.read()
        except (aiohttp.ClientError, OSError) as trouble:
            return type(trouble).__name__

    def _show(self, record: PushRecord) -> None:
        if record.reply is not None:
            text = record.reply.get("Content")
            self._people.receive(record.person, record.app, "reply", type=record.reply["MsgType"], text=text)
        is_message = record.message.fields.get("MsgType") != "event"
        if record.outcome is PushOutcome.UNAVAILABLE and is_message and record.app.kind is AppKind.OFFICIAL_ACCOUNT:
            self._people.receive(record.person, record.app, "system", text=OUT_OF_SERVICE)


def _told(answered: tuple[int, bytes] | str) -> dict[str, Any]:
    if isinstance(answered, str):
        return {"error": answered}
    return {"status": answered[0], "body": answered[1][:2000].decode(errors="replace")}
