"""Every route says who may come in, and the door holds to it."""

import re
from dataclasses import replace

import pytest
from aiohttp import web

from casework.callers import Citizen as Caller
from casework.deps import Deps
from miniapp_api.access import Access
from miniapp_api.app import make_app
from miniapp_api.kit import BadRouteError, Route, operation
from miniapp_api.reading import Key
from miniapp_api.routes import routes
from miniapp_api.shapes import NewSession
from tests.miniapp_api.conftest import ClientFactory, MakeCitizen
from tests.miniapp_api.people import ITEM, V1, Citizen, TurnedClock, WeChat, booked, opened

PUBLIC = {
    ("POST", "/api/v1/sessions"),
    ("GET", "/api/v1/privacy-notice"),
    ("GET", "/api/v1/divisions"),
    ("GET", "/api/v1/guide"),
    ("POST", "/api/v1/guide/next-question"),
    ("GET", "/api/v1/points"),
    ("GET", "/api/v1/points/{code}/slots"),
    ("GET", "/api/v1/letters/{number}/verification"),
    ("GET", "/api/v1/certificates/{number}/verification"),
    ("GET", "/api/v1/certificate-matters"),
    ("GET", "/api/v1/announcements"),
    ("GET", "/letter-seals.pem"),
    ("GET", "/pass-issuers.pem"),
    ("GET", "/verify"),
    ("GET", "/verify/{number}"),
    ("GET", "/guide"),
    ("GET", "/guide/guide.css"),
    ("GET", "/healthz"),
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/docs/docs.css"),
}
GUARDED = [(route.method, route.path) for route in routes() if route.access is Access.CITIZEN]


def test_the_router_serves_exactly_the_table(deps: Deps) -> None:
    served = {(route.method, route.resource.canonical) for route in make_app(deps).router.routes() if route.resource}
    assert served == {(route.method, route.path) for route in routes()}


def test_only_these_routes_are_open_to_everyone() -> None:
    assert {(route.method, route.path) for route in routes() if route.access is Access.PUBLIC} == PUBLIC


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_a_guarded_route_refuses_a_visitor_before_it_reads_anything(
    visitor: Citizen, method: str, path: str
) -> None:
    answer = await visitor.ask(method, re.sub(r"{\w+}", "1", path), {"no": "sense"})
    assert (answer.status, answer.code) == (401, "not_signed_in")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer short",
        "Basic dGVzdDp0ZXN0",
        "Bearer a b c d e f g h i j",
        "Bearer " + "x" * 400,
    ],
)
async def test_what_is_no_token_is_not_signed_in(visitor: Citizen, header: str) -> None:
    answer = await visitor.ask("GET", f"{V1}/me", headers={"Authorization": header})
    assert (answer.status, answer.code) == (401, "not_signed_in")


async def test_two_authorization_headers_are_not_signed_in(citizen: Citizen) -> None:
    twice = [("Authorization", f"Bearer {citizen.token}")] * 2
    response = await citizen.client.get(f"{V1}/me", headers=twice)
    assert response.status == 401


async def test_an_unknown_token_is_not_signed_in(visitor: Citizen) -> None:
    visitor.token = "x" * 43
    assert (await visitor.get("/me")).status == 401


async def test_after_signing_out_the_token_is_refused_and_the_device_told_to_forget(citizen: Citizen) -> None:
    assert (await citizen.get("/me")).status == 200
    out = await citizen.ask("DELETE", f"{V1}/sessions/current")
    assert (out.status, out.body) == (204, b"")
    assert "storage" in out.headers["Clear-Site-Data"]
    assert (await citizen.get("/me")).code == "not_signed_in"


async def test_a_session_ends_by_itself(citizen: Citizen, clock: TurnedClock) -> None:
    clock.turn(hours=13)
    answer = await citizen.get("/me")
    assert (answer.status, answer.code) == (401, "session_expired")


async def test_a_second_login_gives_another_token(make_citizen: MakeCitizen) -> None:
    first, second = await make_citizen(), await make_citizen()
    assert first.token != second.token


async def _no_access(deps: Deps) -> None:
    """A handler."""


async def _knows_the_citizen(citizen: Caller) -> None:
    """A handler."""


async def _wants_a_key(key: Key) -> None:
    """A handler."""


async def _reads_a_body(body: NewSession) -> None:
    """A handler."""


async def _wants_more(anything: int) -> None:
    """A handler."""


_GOOD = Route("GET", "/x", _no_access, Access.PUBLIC)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(_GOOD, access=None),  # type: ignore[arg-type]
        replace(_GOOD, access="citizen"),  # type: ignore[arg-type]
        replace(_GOOD, handler=_knows_the_citizen),
        replace(_GOOD, handler=_wants_a_key, access=Access.CITIZEN),
        replace(_GOOD, handler=_reads_a_body),
        replace(_GOOD, handler=_wants_more),
        replace(_GOOD, path="/x/{number}"),
    ],
    ids=["no access", "access as text", "citizen in public", "key on GET", "body on GET", "unknown", "path not read"],
)
def test_a_route_that_cannot_be_served_as_written_stops_the_start(wrong: Route) -> None:
    operation(_GOOD)
    with pytest.raises(BadRouteError):
        operation(wrong)


async def test_a_citizen_never_comes_to_another_ones_things(
    make_citizen: MakeCitizen, point: str, wechat: WeChat
) -> None:
    owner, other = await make_citizen("13800000001"), await make_citizen("13800000002")
    number = await opened(owner, wechat)
    await booked(owner, number)
    asked = [
        ("GET", f"/cases/{number}", None),
        ("GET", f"/cases/{number}/notices", None),
        ("GET", f"/cases/{number}/letter", None),
        ("GET", f"/cases/{number}/signature.html", None),
        ("POST", f"/cases/{number}/withdrawal", None),
        ("POST", f"/cases/{number}/handoff-codes", None),
        ("POST", f"/cases/{number}/offline-passes", None),
        ("DELETE", f"/cases/{number}/booking", None),
        ("PUT", f"/cases/{number}/booking", {"point": point, "starts_at": "2026-09-15T01:30:00Z"}),
        ("PUT", f"/cases/{number}/collector", {"name": "测试丁", "identity_number": "1" * 18, "kinship": "parent"}),
    ]
    for method, path, body in asked:
        answer = await other.write(method, path, body)
        assert (answer.status, answer.code) == (404, "case_not_found"), path
    declaration = await other.get("/residence-declarations/1", item=ITEM)
    assert (declaration.status, declaration.code) == (404, "declaration_not_found")
    assert (await owner.get(f"/cases/{number}")).json["state"] == "open"
    assert (await other.get("/cases")).json == []


async def _of_the_bot(request: web.Request) -> web.Response:
    return web.Response(text="success")


async def test_what_is_mounted_beside_decides_for_itself_who_may_come_in(
    deps: Deps, aiohttp_client: ClientFactory
) -> None:
    app, bot = make_app(deps), web.Application()
    bot.router.add_post("/official-account", _of_the_bot)
    app.add_subapp("/bot", bot)
    answer = await Citizen(await aiohttp_client(app)).ask("POST", "/bot/official-account")
    assert (answer.status, answer.body) == (200, b"success")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
