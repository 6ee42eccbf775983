"""The console in a real browser, with the keyboard as a scanner and nothing else: the adult's and the minor's visit.

Every page met is put to axe; nothing it finds may be serious. With TONGBAN_TEST_SHOTS=<folder> each is kept
as a picture.
"""

import os
import shutil
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import BrowserContext, Page, async_playwright

from casework.deps import Deps
from domain.terms import CaseState
from models.card import Release
from models.case import Case, CaseEvent
from tests.counter.conftest import OpenConsole
from tests.counter.people import PASSWORD, adult, code_of, identity_number, minor
from tests.counter.stations import bring_to_counter

CHROMIUM = shutil.which("chromium")
SHOTS = os.environ.get("TONGBAN_TEST_SHOTS")
SCREEN = {"width": 1366, "height": 768}

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")


class Desk:
    """One clerk's screen and keyboard."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        self.asked: list[str] = []
        self.troubles: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("console", lambda said: self._said(said.type, said.text))

    def _said(self, kind: str, text: str) -> None:
        """A refusal answers with its status, which the browser calls a failed resource; anything else is trouble."""
        if kind == "error" and "the server responded with a status of 4" not in text:
            self.troubles.append(text)

    async def sign_in(self, username: str) -> None:
        await self.page.goto(f"{self.base}/login")
        await self.look("login")
        await self.type(username)
        await self.press("Tab")
        await self.type(PASSWORD)
        await self.press("Enter")
        await self.page.wait_for_url(f"{self.base}/")

    async def type(self, text: str) -> None:
        await self.page.keyboard.type(text)

    async def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            await self.page.keyboard.press(key)

    async def scan(self, text: str) -> None:
        """A wedge scanner: types, and ends with Enter; wherever the focus is, as long as it is in no field."""
        await self.type(text)
        async with self.page.expect_navigation():
            await self.press("Enter")

    async def go_to(self, name: str) -> None:
        """Tab on until this control has the focus, as a person without a mouse does."""
        for _ in range(120):
            focused = await self.page.evaluate("document.activeElement.id || document.activeElement.name || ''")
            if focused == name:
                return
            await self.press("Tab")
        raise AssertionError(f"{name} is not reached by Tab on {self.page.url}")

    async def enter(self) -> None:
        async with self.page.expect_navigation():
            await self.press("Enter")

    async def look(self, name: str) -> None:
        """Nothing serious for axe, nothing wider than the screen, no script error."""
        if SHOTS:
            await self.page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)
        results = await Axe().run(self.page)
        found = [(one["id"], one["nodes"][0]["html"]) for one in results.response["violations"]]
        assert found == [], name
        assert await self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        assert self.troubles == [], name

    def asked_elsewhere(self) -> list[str]:
        return [url for url in self.asked if not url.startswith((self.base, "blob:", "data:"))]


@pytest.fixture
async def window() -> AsyncIterator[BrowserContext]:
    async with async_playwright() as playwright:
        args = ["--no-sandbox", "--host-resolver-rules=MAP tongban.lan 127.0.0.1"]
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=args)
        context = await browser.new_context(viewport=SCREEN, locale="zh-CN")  # type: ignore[arg-type]
        yield context
        await browser.close()


@pytest.fixture
async def desk(window: BrowserContext, door: TestServer) -> Desk:
    return Desk(await window.new_page(), str(door.make_url("/")).rstrip("/"))


async def test_an_adult_is_served_by_keyboard_and_scanner_alone(desk: Desk, deps: Deps) -> None:
    walker = await adult(deps)
    await adult(deps)
    await desk.sign_in("clerk-nc")
    await desk.look("day")
    await desk.scan("https://example.com/pay")
    await desk.look("day-refused")
    await desk.scan(await code_of(deps, walker))
    await desk.look("case-masked")
    await desk.enter()  # the focus waits on the button that says who is there
    assert walker.identity_number in await desk.page.inner_text("main")
    await desk.look("case-whole")

    await desk.go_to("difference_household_address")
    await desk.type("江西省赣州市章贡区演示路22号")
    await desk.go_to("method")
    await desk.enter()
    assert "演示路22号" in await desk.page.input_value("[name=difference_household_address]")
    for box in await desk.page.locator("#acceptance input[type=checkbox]").evaluate_all("all => all.map(e => e.id)"):
        await desk.go_to(box)
        await desk.press("Space")
    await desk.go_to("acceptance-fingerprint-enrolled")
    await desk.press("Space")
    await desk.go_to("acceptance-acceptance_number")
    await desk.type("3601022026111800000031")
    await desk.press("Tab")
    await desk.type("HZ-31")
    await desk.look("case-filled")
    await desk.enter()
    await desk.look("case-accepted")
    assert (await Case.get(number=walker.number)).state is CaseState.ACCEPTED
    event = await CaseEvent.get(case__number=walker.number, kind="accepted")
    assert event.words == {"differences": {"household_address": "江西省赣州市章贡区演示路22号"}}

    await bring_to_counter(deps, "3601022026111800000031")
    await desk.press("Alt+2")
    await desk.page.wait_for_url("**/arrivals")
    await desk.page.wait_for_selector("textarea:focus")  # a scanner is quicker than the page's first frame
    await desk.type("3601022026111800000031\n不对的编号\n")
    async with desk.page.expect_navigation():
        await desk.press("Control+Enter")
    await desk.look("arrivals")
    await desk.press("F2")
    await desk.scan("HZ-31")
    await desk.look("case-release")
    await desk.go_to("release_self-slip_number")
    await desk.type("HZ-31")
    for check in ("slip", "data", "fingerprint", "signature"):
        await desk.go_to(f"release_self-checks-{check}")
        await desk.press("Space")
    await desk.press("Control+Enter")
    await desk.page.wait_for_url("**done=release")
    assert (await Case.get(number=walker.number)).state is CaseState.CLOSED
    assert desk.asked_elsewhere() == []


async def test_a_minor_is_served_and_a_relative_collects(desk: Desk, deps: Deps) -> None:
    walker = await minor(deps)
    await desk.sign_in("clerk-jj")
    await desk.scan(await code_of(deps, walker))
    await desk.look("minor-masked")
    await desk.enter()
    await desk.look("minor-whole")
    await desk.go_to("method")
    await desk.enter()
    for box in await desk.page.locator("#acceptance input[type=checkbox]").evaluate_all("all => all.map(e => e.id)"):
        await desk.go_to(box)
        await desk.press("Space")
    await desk.go_to("acceptance-fingerprint-enrolled")
    await desk.press("ArrowDown", 2)
    await desk.go_to("acceptance-acceptance_number")
    await desk.type("3604032026111800000041")
    await desk.press("Tab")
    await desk.type("HZ-41")
    await desk.enter()
    assert (await CaseEvent.get(case__number=walker.number, kind="accepted")).facts["fingerprint"] == "not_enrolled"

    await bring_to_counter(deps, "3604032026111800000041")
    await desk.press("F2")
    await desk.scan("3604032026111800000041")
    await desk.page.get_by_role("button", name="证件已收到，登记接收").focus()
    await desk.enter()
    await desk.look("minor-release")
    assert await desk.page.locator("#release_self-checks-identity_checked").count() == 1
    proxy = desk.page.locator("summary", has_text="亲属代领")
    await proxy.focus()
    await desk.press("Enter")
    await desk.go_to("release_proxy-collector_name")
    await desk.type("示例祖母")
    await desk.press("Tab")
    await desk.press("ArrowDown", 5)
    await desk.go_to("release_proxy-collector_identity_number")
    await desk.type(identity_number("360103", date(1960, 1, 1), 1))
    await desk.go_to("release_proxy-slip_number")
    await desk.type("HZ-41")
    for check in ("proxy_id_card", "slip", "signature"):
        await desk.go_to(f"release_proxy-checks-{check}")
        await desk.press("Space")
    async with desk.page.expect_navigation():
        await desk.press("Control+Enter")
    await desk.look("minor-released")
    assert await Release.filter(case__number=walker.number).exists()
    assert desk.asked_elsewhere() == []


async def test_every_other_page_can_be_used_by_everybody(desk: Desk, at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    console = await at_desk()
    await console.scan(await code_of(deps, walker))
    page = await console.state_presence(await console.get(f"/cases/{walker.number}"))
    await console.send(page, f"/cases/{walker.number}/approvals", {"reason": "扫成了前一位的二维码"})
    visits = {
        "clerk-nc": (
            f"/cases/{walker.number}", f"/cases/{walker.number}/draft", f"/cases/{walker.number}/paper-letter",
            "/arrivals", "/appeals", "/keys", "/account", "/nowhere",
        ),
        "supervisor-nc": ("/", "/approvals", "/closures"),
        "reviewer-gzh": ("/reviews",),
        "operator": ("/staff", "/stations", "/feed", "/closures"),
        "auditor": ("/audit",),
    }  # fmt: skip
    for username, paths in visits.items():
        await desk.sign_in(username)
        for path in paths:
            await desk.page.goto(desk.base + path)
            await desk.look(f"{username}{path.replace('/', '-').replace(walker.number, 'case')}")
    assert desk.asked_elsewhere() == []


async def test_a_login_page_over_plain_http_on_a_network_name_says_what_to_do_before_anybody_types(desk: Desk) -> None:
    words = desk.page.get_by_role("heading", name="这个网址不能登录")
    await desk.page.goto(f"{desk.base}/login")
    assert await words.is_hidden()
    await desk.page.goto(f"{desk.base.replace('127.0.0.1', 'tongban.lan')}/login")
    assert await words.is_visible()
