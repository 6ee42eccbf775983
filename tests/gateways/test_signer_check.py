"""The contract of signer checks, from both sides over HTTP."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest
import structlog
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from yarl import URL

from domain.refusal import Refusal
from domain.terms import SignerCheckKind
from gateways.sandbox.signer_check import make_signer_check_sandbox
from gateways.signer_check import SignerCheckClient
from tests.gateways.outside import START, TurnedClock

NAME, NUMBER, LETTER = "示例家长", "11010519491231002X", "ab" * 32
Servers = Callable[..., Awaitable[TestServer]]


@pytest.fixture
async def provider(aiohttp_server: Servers, clock: TurnedClock) -> URL:
    server = await aiohttp_server(make_signer_check_sandbox(clock=clock, account="tongban", secret="check-secret"))
    return server.make_url("/")


def client_of(provider: URL, session: ClientSession, clock: TurnedClock, **more: Any) -> SignerCheckClient:
    given = {"account": "tongban", "secret": "check-secret", **more}
    return SignerCheckClient(session, url=str(provider / "signer-check"), clock=clock, **given)


async def passed(session: ClientSession, provider: URL) -> str:
    body = orjson.dumps({"kind": "face", "name": NAME, "identity_number": NUMBER})
    async with session.post(provider / "sandbox/signer-checks", data=body) as response:
        return str((await response.json(content_type=None))["token"])


async def verdict(client: SignerCheckClient, token: str, **other: Any) -> str:
    asked = {"kind": SignerCheckKind.FACE, "name": NAME, "identity_number": NUMBER, "letter_digest": LETTER, **other}
    try:
        return await client.prove(token=token, **asked)
    except Refusal as refusal:
        return refusal.code


async def test_a_token_proves_its_person_for_one_letter_however_often_it_is_asked(
    provider: URL, session: ClientSession, clock: TurnedClock
) -> None:
    client, token = client_of(provider, session, clock), await passed(session, provider)
    first = await verdict(client, token)
    assert first.startswith("check-")
    assert await verdict(client, token) == first
    assert await verdict(client, token, letter_digest="cd" * 32) == "signer_check_failed"
    for other in ({"name": "示例他人"}, {"kind": SignerCheckKind.CERTIFICATE}, {"identity_number": "1"}):
        assert await verdict(client, token, **other) == "signer_check_failed"


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 500}, {"kind": "drop"}, {"kind": "html"}, {"kind": "empty"}]
)
async def test_a_provider_in_trouble_is_unavailable_never_a_no_and_the_log_names_nobody(
    provider: URL, session: ClientSession, clock: TurnedClock, fault: dict[str, Any]
) -> None:
    client, token = client_of(provider, session, clock), await passed(session, provider)
    async with session.post(provider / "sandbox/faults", data=orjson.dumps(fault)) as response:
        assert response.status == 200
    with structlog.testing.capture_logs() as logs:
        assert await verdict(client, token) == "signer_check_unavailable"
    assert [entry["event"] for entry in logs] == ["signer_check_unavailable"]
    assert not any(private in repr(logs) for private in (NAME, NUMBER, token))


async def test_wrong_keys_and_wrong_clocks_prove_nobody(
    provider: URL, session: ClientSession, clock: TurnedClock
) -> None:
    token = await passed(session, provider)
    assert await verdict(client_of(provider, session, clock, secret="wrong"), token) == "signer_check_unavailable"
    assert await verdict(client_of(provider, session, clock, account="other"), token) == "signer_check_failed"
    lagging = client_of(provider, session, TurnedClock(START))
    clock.turn(seconds=301)
    assert await verdict(lagging, token) == "signer_check_unavailable"


@pytest.mark.parametrize(
    "said",
    [
        b"[]",
        b"null",
        b"{}",
        b"\xff",
        b'{"status":"proven"}',
        b'{"status":"proven","id":""}',
        b'{"status":"yes","id":"1"}',
    ],
)
async def test_an_answer_in_another_language_proves_nobody(
    said: bytes, session: ClientSession, clock: TurnedClock, aiohttp_server: Servers
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=said)

    application = web.Application()
    application.router.add_post("/signer-check", answer)
    server = await aiohttp_server(application)
    assert await verdict(client_of(server.make_url("/"), session, clock), "t") == "signer_check_unavailable"


async def test_the_signature_is_the_one_the_contract_describes(provider: URL, session: ClientSession) -> None:
    """Built by hand from the text of the contract, as a provider would."""
    stamp, token = int(START.timestamp()), await passed(session, provider)
    body = orjson.dumps({
        "account": "tongban", "kind": "face", "token": token, "name": NAME, "identity_number": NUMBER,
        "letter_digest": LETTER, "timestamp": stamp,
    })  # fmt: skip
    signed = hmac.digest(b"check-secret", str(stamp).encode() + b"." + body, "sha256").hex()
    statuses = []
    for signature, sent in ((signed, body), (signed, body.replace(b"face", b"certificate")), ("", body)):
        headers = {"X-Signer-Check-Signature": signature, "Content-Type": "application/json"}
        async with session.post(provider / "signer-check", data=sent, headers=headers) as response:
            statuses.append(response.status)
    assert statuses == [200, 401, 401]
