"""An SMS centre of our own: the provider's side of the contract in ``gateways.sms``."""

import asyncio
import hmac
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime

import aiohttp
import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateways.sandbox import faults
from gateways.sandbox.answers import ok
from gateways.sandbox.loopback import loopback_only
from gateways.sandbox.shapes import parsed
from gateways.signing import sign
from gateways.sms import ACCEPTED, FRESH_SECONDS, MOST_REPORTS, REFUSED, SIGNATURE_HEADER

_DELIVERED = {"status": "delivered"}
_WAITS = (0.2, 1.0, 5.0, 30.0)  # seconds before a report is brought again


class SendRequest(BaseModel):
    """The body of ``POST /sms/send``."""

    model_config = ConfigDict(extra="forbid", strict=True)

    account: str
    to: str = Field(pattern=r"^1[3-9][0-9]{9}$")
    text: str = Field(min_length=1, max_length=500)
    message_id: str = Field(min_length=1, max_length=128)
    timestamp: int


class RefusedNumber(BaseModel):
    """A number that can't be reached, and the word the provider has for it; None makes it reachable again.

    ``later``: the message is taken, and only its report tells that it did not arrive.
    """

    model_config = ConfigDict(extra="forbid")

    phone: str
    reason: str | None = "number_unknown"
    later: bool = False


@dataclass(frozen=True)
class Sms:
    """One text message that arrived on a phone."""

    id: str
    to: str
    text: str
    message_id: str
    received_at: str


@dataclass
class SmsCentre:
    """The provider's books."""

    clock: Callable[[], datetime]
    account: str
    secret: str
    arrived: list[Sms] = field(default_factory=list)
    answers: dict[str, dict[str, str]] = field(default_factory=dict)
    refused_numbers: dict[str, str] = field(default_factory=dict)
    lost_numbers: dict[str, str] = field(default_factory=dict)
    reports: asyncio.Queue[dict[str, str]] = field(default_factory=asyncio.Queue)

    def take(self, asked: SendRequest) -> dict[str, str]:
        """Answer a message; one that is known already is answered as the first time, and not sent again."""
        if asked.message_id not in self.answers:
            self.answers[asked.message_id] = self._deliver(asked)
        return self.answers[asked.message_id]

    def _deliver(self, asked: SendRequest) -> dict[str, str]:
        reason = self.refused_numbers.get(asked.to)
        if reason is not None:
            return {"status": REFUSED, "reason": reason}
        now = self.clock().isoformat()
        sms = Sms(f"sms-{secrets.token_hex(8)}", asked.to, asked.text, asked.message_id, now)
        lost = self.lost_numbers.get(asked.to)
        if lost is None:
            self.arrived.append(sms)
        self.reports.put_nowait({"id": sms.id, **({"status": "failed", "reason": lost} if lost else _DELIVERED)})
        return {"status": ACCEPTED, "id": sms.id}

    async def bring_reports(self, url: str) -> None:
        """Bring reports to the service as they come, together; one that is not taken is brought again."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while True:
                reports = [await self.reports.get()]
                while len(reports) < MOST_REPORTS and not self.reports.empty():
                    reports.append(self.reports.get_nowait())
                for wait in _WAITS:
                    if await self._bring(session, url, reports):
                        break
                    await asyncio.sleep(wait)

    async def _bring(self, session: aiohttp.ClientSession, url: str, reports: list[dict[str, str]]) -> bool:
        timestamp = int(self.clock().timestamp())
        body = orjson.dumps({"account": self.account, "timestamp": timestamp, "reports": reports})
        try:
            async with session.post(
                url, data=body, headers={SIGNATURE_HEADER: sign(self.secret, timestamp, body)}
            ) as answer:
                return answer.status == 204
        except (aiohttp.ClientError, TimeoutError):
            return False


CENTRE = web.AppKey("centre", SmsCentre)


async def send(request: web.Request) -> web.Response:
    """``POST /sms/send``: the signature covers the raw body and its timestamp; 401 tells nothing but that."""
    centre, raw = request.app[CENTRE], await request.read()
    try:
        asked = SendRequest.model_validate_json(raw)
    except ValidationError:
        return _told({"status": REFUSED, "reason": "malformed"})
    signature = request.headers.get(SIGNATURE_HEADER, "").encode()
    if not hmac.compare_digest(sign(centre.secret, asked.timestamp, raw).encode(), signature):
        raise web.HTTPUnauthorized
    if abs(centre.clock().timestamp() - asked.timestamp) > FRESH_SECONDS:
        return _told({"status": REFUSED, "reason": "stale"})
    if asked.account != centre.account:
        return _told({"status": REFUSED, "reason": "account_unknown"})
    return _told(centre.take(asked))


async def arrived(request: web.Request) -> web.Response:
    """``GET /sandbox/sms``: all messages that arrived, oldest first; ``?phone=`` for those on one phone."""
    phone = request.query.get("phone")
    return ok(messages=[asdict(sms) for sms in request.app[CENTRE].arrived if phone in {None, sms.to}])


def texts_on(application: web.Application, phone: str) -> list[dict[str, str]]:
    """What arrived on a number, oldest first, for the page that shows the phone."""
    return [{"text": sms.text, "at": sms.received_at} for sms in application[CENTRE].arrived if sms.to == phone]


async def refuse_number(request: web.Request) -> web.Response:
    """``POST /sandbox/sms/numbers``: make a number unreachable, or reachable again."""
    centre, asked = request.app[CENTRE], await parsed(request, RefusedNumber)
    for numbers in (centre.refused_numbers, centre.lost_numbers):
        numbers.pop(asked.phone, None)
    if asked.reason is not None:
        (centre.lost_numbers if asked.later else centre.refused_numbers)[asked.phone] = asked.reason
    return ok()


def make_sms_sandbox(
    *,
    clock: Callable[[], datetime],
    account: str,
    secret: str,
    report_url: str | None = None,
    allow_remote: bool = False,
) -> web.Application:
    """Make the application; serve it on a loopback address. ``gateways.sms`` tells the contract.

    With a ``report_url`` it tells the service what became of each message.
    """
    middlewares = [] if allow_remote else [loopback_only]
    application = web.Application(middlewares=[*middlewares, faults.failing], client_max_size=64 * 1024)
    application[CENTRE] = SmsCentre(clock, account, secret)
    if report_url is not None:
        application.cleanup_ctx.append(_reporting(report_url))
    application[faults.FAULTS] = faults.Faults(without=frozenset({faults.FaultKind.ERRCODE}))
    application.add_routes(
        [
            web.post("/sms/send", send),
            web.get("/sandbox/sms", arrived),
            web.post("/sandbox/sms/numbers", refuse_number),
            *faults.ROUTES,
        ]
    )
    return application


def _reporting(url: str) -> Callable[[web.Application], AsyncIterator[None]]:
    async def reporting(application: web.Application) -> AsyncIterator[None]:
        task = asyncio.create_task(application[CENTRE].bring_reports(url))
        yield
        task.cancel()
        await asyncio.wait({task})

    return reporting


def _told(answer: dict[str, str]) -> web.Response:
    return web.Response(body=orjson.dumps(answer), content_type="application/json")
