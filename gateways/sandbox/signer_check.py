"""A provider of signer checks of our own: the other side of the contract in ``gateways.signer_check``."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.terms import SignerCheckKind
from gateways.sandbox import faults
from gateways.sandbox.answers import ok
from gateways.sandbox.loopback import loopback_only
from gateways.sandbox.shapes import parsed
from gateways.signer_check import PROVEN, REFUSED, SIGNATURE_HEADER
from gateways.signing import sign

FRESH_SECONDS = 300


class PassedCheck(BaseModel):
    """Who passed which check on the phone."""

    model_config = ConfigDict(extra="forbid")

    kind: SignerCheckKind
    name: str
    identity_number: str


class CheckRequest(PassedCheck):
    """The body of ``POST /signer-check``."""

    account: str
    token: str = Field(min_length=1, max_length=256)
    letter_digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    timestamp: int


@dataclass
class Provider:
    """The provider's books: who passed, by token, and which letter a token was used for."""

    clock: Callable[[], datetime]
    account: str
    secret: str
    passed: dict[str, PassedCheck] = field(default_factory=dict)
    used_for: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def answer(self, asked: CheckRequest) -> dict[str, str]:
        """Whether this very person passed a check of this kind, for this letter and no other."""
        self.asked += 1
        person = PassedCheck(kind=asked.kind, name=asked.name, identity_number=asked.identity_number)
        if asked.account != self.account or self.passed.get(asked.token) != person:
            return {"status": REFUSED}
        if self.used_for.setdefault(asked.token, asked.letter_digest) != asked.letter_digest:
            return {"status": REFUSED}
        return {"status": PROVEN, "id": f"check-{asked.token}"}


PROVIDER = web.AppKey("provider", Provider)


async def check(request: web.Request) -> web.Response:
    """``POST /signer-check``: the signature covers the raw body and its timestamp; 401 tells nothing but that."""
    provider, raw = request.app[PROVIDER], await request.read()
    try:
        asked = CheckRequest.model_validate_json(raw)
    except ValidationError:
        return _told({"status": REFUSED})
    signature = request.headers.get(SIGNATURE_HEADER, "").encode()
    fresh = abs(provider.clock().timestamp() - asked.timestamp) <= FRESH_SECONDS
    if not fresh or not hmac.compare_digest(sign(provider.secret, asked.timestamp, raw).encode(), signature):
        raise web.HTTPUnauthorized
    return _told(provider.answer(asked))


async def keep_passed(request: web.Request) -> web.Response:
    """``POST /sandbox/signer-checks``: somebody passed on the phone; the token the phone comes back with."""
    token = secrets.token_hex(8)
    request.app[PROVIDER].passed[token] = await parsed(request, PassedCheck)
    return ok(token=token)


def make_signer_check_sandbox(*, clock: Callable[[], datetime], account: str, secret: str) -> web.Application:
    """Make the application; serve it on a loopback address. ``gateways.signer_check`` tells the contract."""
    application = web.Application(middlewares=[loopback_only, faults.failing], client_max_size=64 * 1024)
    application[PROVIDER] = Provider(clock, account, secret)
    application[faults.FAULTS] = faults.Faults(without=frozenset({faults.FaultKind.ERRCODE}))
    application.add_routes(
        [web.post("/signer-check", check), web.post("/sandbox/signer-checks", keep_passed), *faults.ROUTES]
    )
    return application


def _told(answer: dict[str, str]) -> web.Response:
    return web.Response(body=orjson.dumps(answer), content_type="application/json")
