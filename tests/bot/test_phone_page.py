"""The sandbox's phone in a real browser: somebody without any account talks to the bot and sees messages arrive."""

import shutil
from collections.abc import AsyncIterator

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, async_playwright, expect

from bot.menu import MENU
from gateways.official_account import OfficialAccountClient
from tests.bot.phone import Phone
from tests.gateways.outside import PICKUP, PICKUP_DATA

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture
async def page(phone: Phone) -> AsyncIterator[Page]:
    """The page, opened; every request leaves for the sandbox only, and no script goes wrong."""
    address, wrong = str(phone.sandbox.base), list[str]()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1000, "height": 860})
        page.on("request", lambda asked: wrong.append(asked.url) if not asked.url.startswith(address) else None)
        page.on("pageerror", lambda trouble: wrong.append(str(trouble)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        assert isinstance(phone.deps.official_account, OfficialAccountClient)
        await phone.deps.official_account.put_menu(MENU)
        await page.goto(f"{address}phone")
        await page.select_option("#person", phone.user)
        yield page
        await browser.close()
    assert wrong == []


async def test_somebody_talks_to_the_account_taps_its_menu_and_sends_a_place(page: Page, phone: Phone) -> None:
    told = page.locator(".told").last
    await page.click("#follow")
    await expect(told).to_contain_text("您好，这里是“通办”")
    await page.fill("#text", "指南 <b>")
    await page.press("#text", "Enter")
    await expect(page.locator(".said").last).to_have_text("指南 <b>")
    await page.click("#menu summary:has-text('帮助')")
    await page.click("#menu button:has-text('绑定说明')")
    await expect(told).to_contain_text("绑定码")
    await page.click("#locate button")
    await expect(page.locator(".said").last).to_contain_text("位置")
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


async def test_questions_are_answered_and_messages_arrive(page: Page, phone: Phone) -> None:
    row = page.locator("#prompts li", has_text=PICKUP)
    await row.locator("button", has_text="允许").click()
    await expect(row).to_contain_text("还可发 1 条")
    sent = {"template_id": PICKUP, "page": "pages/case", "data": PICKUP_DATA}
    await phone.deps.mini_program.send_subscribe_message(openid=phone.mini_openid, **sent)  # type: ignore[arg-type]
    await expect(page.locator("#count-notices")).to_have_text("1")
    await page.click("#tab-notices")
    await expect(page.locator("#arrived .card")).to_contain_text(PICKUP_DATA["thing1"])
    await expect(row).to_contain_text("还可发 0 条")
    await page.click("#prompts li button:has-text('拒绝')")
    await expect(row).to_contain_text("还可发 0 条")


async def test_the_page_asks_nobody_else_and_is_for_this_machine_only(phone: Phone) -> None:
    async with phone.sandbox.session.get(f"{phone.sandbox.base}phone") as answer:
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "http" not in (await answer.text()).replace("http-equiv", "")
    async with phone.sandbox.session.get(f"{phone.sandbox.base}phone", headers={"Host": "evil.example"}) as answer:
        assert answer.status == 403
