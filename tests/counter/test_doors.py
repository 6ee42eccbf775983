"""Every route says who may use it, and every answer closes the same doors."""

import re
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from casework.deps import Deps
from counter.access import OFFICER_IN, OFFICER_OR_AT_ONCE, PICTURE_FROM, PUBLIC, STATION_SYSTEM, OfficerIn
from counter.app import LARGEST_BODY
from counter.handlers import scans
from counter.routes import ROUTES, Route, mount
from domain.terms import StaffRole
from tests.counter.conftest import OpenConsole
from tests.counter.console import Console
from tests.counter.people import adult

SOMEWHERE = "/cases/261118-0000-0000-00"


async def test_router_holds_exactly_the_table(door: TestServer) -> None:
    served = {(route.method, route.resource.canonical) for route in door.app.router.routes() if route.resource}
    assert served == {(route.method, route.path) for route in ROUTES}
    assert len(ROUTES) == len(served)


async def test_route_without_access_stops_the_start() -> None:
    async def handler(_request: web.Request) -> web.Response:
        return web.Response()

    open_by_oversight: Any = None
    with pytest.raises(ValueError, match="/hole"):
        mount(web.Application(), (Route("GET", "/hole", handler, open_by_oversight),))


def test_only_these_routes_are_open_to_anyone() -> None:
    assert {(route.method, route.path) for route in ROUTES if route.access == PUBLIC} == {
        ("GET", "/healthz"),
        ("GET", "/static/{name}"),
        ("GET", "/login"),
        ("POST", "/login"),
    }
    signed = [route.path for route in ROUTES if route.access == STATION_SYSTEM]
    assert signed == ["/station/v1/reports", "/station/v1/letter-exports"]


# a consultation is between two stations and open to whoever reviews there (R189)
AT_CASES = [
    route for route in ROUTES if route.path.startswith(("/cases", "/scan")) and not route.path.endswith("/consultation")
]


def test_cases_are_for_clerks_only() -> None:
    scanning = OFFICER_OR_AT_ONCE(scans.scan_at_once, StaffRole.CLERK)
    for_clerks = {OFFICER_IN(StaffRole.CLERK), PICTURE_FROM(StaffRole.CLERK), scanning}
    assert all(route.access in for_clerks for route in AT_CASES)


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if isinstance(r.access, OfficerIn)], ids=lambda r: r.method + r.path
)
async def test_staff_routes_refuse_a_browser_without_session(route: Route, console: Console, deps: Deps) -> None:
    path = re.sub(r"{[a-z_]+}", "1", route.path.replace("{number}", "261118-0000-0000-00"))
    if route.method == "GET":
        page = await console.get(path)
        assert (page.status, page.location) == (303, "/login")
    else:
        page = await console.post(path, {"csrf_token": "x"})
        assert (page.status, page.refused) == (401, "staff_session_required")


@pytest.mark.parametrize("username", ["auditor", "reviewer-nc"])
async def test_other_roles_reach_no_case(username: str, at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    console = await at_desk(username)
    token = await console.csrf_token()
    page = await console.get(f"/cases/{walker.number}")
    assert (page.status, page.refused) == (403, "staff_role_missing")
    assert walker.name not in page.html
    posts = [route.path for route in AT_CASES if route.method == "POST"]
    for path in (re.sub(r"{[a-z_]+}", walker.number, path) for path in posts):
        assert (await console.post(path, {"csrf_token": token})).refused == "staff_role_missing"


async def test_staff_without_a_counter_are_told_so_kindly(at_desk: OpenConsole) -> None:
    page = await (await at_desk("auditor")).get("/")
    assert page.status == 200
    assert "没有窗口受理业务" in page.text
    assert page.offers("/logout")


async def test_every_answer_carries_the_closing_headers(at_desk: OpenConsole, console: Console) -> None:
    clerk = await at_desk()
    answers = [
        await clerk.get("/"),
        await clerk.get(SOMEWHERE),
        await clerk.get("/nowhere"),
        await clerk.post("/", {}),
        await console.get("/login"),
        await console.get("/healthz"),
        await console.get("/static/counter.css"),
        await console.post("/login", {"username": "x" * LARGEST_BODY}),
        await console.post("/station/v1/reports", {}),
    ]
    assert [answer.status for answer in answers] == [200, 422, 404, 405, 200, 200, 200, 413, 401]
    for answer in answers:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Server"] == "tongban"
        assert answer.headers["X-Request-Id"]
        assert "charset=utf-8" in answer.headers["Content-Type"]


async def test_pages_hold_no_inline_script_style_or_outside_request(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    console = await at_desk()
    for page in [await console.get("/"), await console.get(f"/cases/{walker.number}"), await console.get("/login")]:
        assert "<style" not in page.html
        assert " style=" not in page.html
        assert "onclick" not in page.html
        assert page.html.count("<script") == page.html.count('<script src="/static/')
        assert "http://" not in page.html
        assert "https://" not in page.html


async def test_what_pages_link_to_is_served(console: Console, deps: Deps) -> None:
    for name, kind in {"console.css": "text/css", "counter.css": "text/css", "counter.js": "javascript"}.items():
        file = await console.get(f"/static/{name}")
        assert file.status == 200
        assert kind in file.headers["Content-Type"]
    for name in ("nothing.css", "..%2Fpages.py", "%2e%2e%2fpages.py"):
        assert (await console.get(f"/static/{name}")).status == 404


async def test_unknown_pages_and_methods_get_a_page_that_says_what_to_do(console: Console, deps: Deps) -> None:
    missing = await console.get("/nowhere")
    assert (missing.status, missing.refused) == (404, "not_found")
    assert "去登录" in missing.text
    async with console.client.request("TRACE", "/login") as response:
        assert response.status == 405
        assert "GET" in response.headers["Allow"]


async def test_requests_of_another_site_are_refused_even_with_a_token(at_desk: OpenConsole) -> None:
    console = await at_desk()
    fields = {"csrf_token": await console.csrf_token()}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ):
        assert (await console.post("/logout", fields, **headers)).refused == "csrf_failed"
    assert (await console.get("/")).status == 200
    assert (
        await console.post("/login", {"username": "clerk-jj", "password": "x"}, Origin="null")
    ).refused == "csrf_failed"


async def test_own_site_is_known_by_either_header(at_desk: OpenConsole, door: TestServer) -> None:
    own = str(door.make_url("/")).rstrip("/")
    for headers in ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {"Origin": own}):
        console = await at_desk()
        out = await console.post("/logout", {"csrf_token": await console.csrf_token()}, **headers)
        assert out.status == 303


async def test_log_names_routes_and_staff_but_no_citizen(
    at_desk: OpenConsole, deps: Deps, capsys: pytest.CaptureFixture[str]
) -> None:
    walker = await adult(deps, name="示例金丝雀")
    console = await at_desk()
    await console.get(f"/cases/{walker.number}?done={walker.identity_number}")
    await console.scan(walker.identity_number)
    logged = capsys.readouterr().out
    assert "counter_request" in logged
    assert "staff:clerk-nc" in logged
    for secret in (walker.name, walker.identity_number, walker.number, "correct horse"):
        assert secret not in logged
