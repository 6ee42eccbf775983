"""What stands around every answer: nothing is kept, framed, sniffed or told to others, and every answer has an id."""

import pytest

from miniapp_api.kit import HTML
from miniapp_api.routes import routes
from tests.miniapp_api.people import Answer, Citizen, WeChat, booked, opened, signed

KEPT = {"/openapi.json", "/docs", "/docs/docs.css", "/guide/guide.css"}


def assert_guarded(answer: Answer) -> None:
    """The headers no answer goes without (V3.4)."""
    headers = answer.headers
    assert "max-age=63072000" in headers["Strict-Transport-Security"]
    assert "includeSubDomains" in headers["Strict-Transport-Security"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "python" not in headers["Server"].lower()
    assert "Set-Cookie" not in headers
    assert "Access-Control-Allow-Origin" not in headers
    assert len(headers["X-Request-Id"]) == 24


@pytest.mark.parametrize(("method", "path"), [*((r.method, r.path) for r in routes()), ("GET", "/nowhere")])
async def test_every_route_answers_with_the_guarding_headers(visitor: Citizen, method: str, path: str) -> None:
    answer = await visitor.ask(method, path)
    assert_guarded(answer)
    assert answer.headers["Cache-Control"] == ("public, max-age=300" if path in KEPT else "no-store")
    assert "charset=utf-8" in answer.headers["Content-Type"]


async def test_the_id_of_a_request_is_ours_whatever_the_client_says(visitor: Citizen) -> None:
    first = await visitor.ask("GET", "/healthz", headers={"X-Request-Id": "mine"})
    second = await visitor.ask("GET", "/healthz")
    assert len({"mine", first.headers["X-Request-Id"], second.headers["X-Request-Id"]}) == 3


async def test_a_signed_letter_is_a_page_shut_into_itself(citizen: Citizen, wechat: WeChat, point: str) -> None:
    number = await opened(citizen, wechat)
    assert (await booked(citizen, number)).status == 200
    assert (await signed(citizen, number)).status == 201
    page = await citizen.get(f"/cases/{number}/signature.html")
    assert_guarded(page)
    policy = page.headers["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "style-src 'sha256-" in policy
    assert "script-src" not in policy
    assert "unsafe-inline" not in policy
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-store"
    assert "测试甲" in page.body.decode()


async def test_the_docs_ask_nothing_from_outside_and_run_no_script(visitor: Citizen) -> None:
    page = await visitor.ask("GET", "/docs")
    text = page.body.decode()
    assert page.headers["Content-Type"].startswith(HTML)
    assert "default-src 'none'; style-src 'self'" in page.headers["Content-Security-Policy"]
    assert "<script" not in text
    assert "<style" not in text
    assert "style=" not in text
    assert "http://" not in text
    assert "https://" not in text
    style = await visitor.ask("GET", "/docs/docs.css")
    assert style.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "url(" not in style.body.decode()


async def test_nothing_changes_by_reading(citizen: Citizen) -> None:
    before = (await citizen.get("/me")).json
    for route in routes():
        if route.method == "GET":
            await citizen.ask("GET", route.path.replace("{declaration_id}", "1"))
    assert (await citizen.get("/me")).json == before
