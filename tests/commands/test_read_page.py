"""The offline page in a real browser, from a disk: what the command line reads and refuses, it does too (R076)."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from domain.handoff import new_code
from domain.pass_text import split_text
from gateways.pass_envelope import PassIssuer, deflate, encrypt, key_id
from templates.pass_export import as_json, as_lines, as_xml, pass_facts
from templates.pass_page import pass_page
from templates.refusals import refusal_text
from tests.gateways.test_pass_envelope import text_of
from tests.passes import (
    ADULT,
    ISSUER,
    MINOR,
    MORNING,
    STATION,
    a_pass,
    a_text,
    eddsa_key,
    es256_key,
    private_pem,
    public_pem,
    station_key,
)

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("station")
    (folder / "reader.html").write_text(pass_page(ISSUER.trust.decode()), encoding="utf-8")
    (folder / "bare.html").write_text(pass_page(), encoding="utf-8")
    (folder / "own.pem").write_bytes(private_pem(STATION))
    (folder / "issuers.pem").write_bytes(ISSUER.trust)
    return folder


class Desk:
    """A clerk with the page open."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.asked: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: pytest.fail(str(error)))

    def open(self, file: str = "reader.html", *keys: str) -> "Desk":
        self.page.goto((self.folder / file).as_uri())
        self.page.wait_for_selector("[data-ready]")
        if keys:
            self.page.set_input_files("#key-files", [self.folder / key for key in keys])
            self.page.wait_for_selector("#keys:has-text('1把')")
        return self

    def scan(self, *lines: str) -> "Desk":
        """As a wedge scanner does: characters and Enter, wherever the cursor is left."""
        for line in lines:
            self.page.locator("#scan").fill(line)
            self.page.keyboard.press("Enter")
            self.page.wait_for_selector("#problem:not([hidden]), #result:not([hidden])")
        return self

    @property
    def refusal(self) -> str | None:
        shown = self.page.locator("#problem:not([hidden])")
        return shown.get_attribute("data-code") if shown.count() else None

    def exported(self, kind: str) -> str:
        with self.page.expect_download() as download:
            self.page.click(f"#save-{kind}")
        return Path(download.value.path()).read_text(encoding="utf-8")


@pytest.fixture
def desk(browser: Browser, folder: Path) -> Iterator[Desk]:
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    page = context.new_page()
    page.clock.install(time=MORNING)
    yield Desk(page, folder)
    context.close()


def test_a_pass_is_read_from_a_disk_without_one_request(desk: Desk) -> None:
    desk.open("reader.html", "own.pem").scan(a_text())
    assert desk.refusal is None
    assert desk.page.inner_text("#result-name") == MINOR["name"]
    assert str(MINOR["household_address"]) in desk.page.inner_text("#facts")
    assert [url for url in desk.asked if not url.startswith("file:")] == []
    assert desk.page.evaluate("document.activeElement.id") == "scan"


def test_the_page_writes_what_the_command_line_writes(desk: Desk) -> None:
    desk.open("reader.html", "own.pem")
    odd = a_pass({**ADULT, "name": '<甲>&"\n\x0b=乙'}, id=b"\x05" * 16)
    for one in (a_pass(), odd):
        desk.scan(a_text(one))
        facts = pass_facts(one, MORNING, None)
        facts["pass"]["read_at"] = json.loads(desk.exported("json"))["pass"]["read_at"]
        assert desk.exported("json") == as_json(facts)
        assert desk.exported("xml") == as_xml(facts)
        assert desk.exported("txt") == as_lines(facts)
        desk.page.keyboard.press("Escape")


def test_parts_are_scanned_in_any_order(desk: Desk) -> None:
    parts = split_text(a_text(), 400)
    desk.open("reader.html", "own.pem").scan(parts[2], parts[0])
    assert desk.refusal == "pass_parts_missing"
    assert "还差第2段" in desk.page.inner_text("#problem")
    assert desk.scan(parts[1]).refusal is None
    assert desk.page.inner_text("#result-name") == MINOR["name"]


def test_a_pass_is_used_once_on_this_machine_also_after_the_page_was_closed(desk: Desk) -> None:
    desk.open("reader.html", "own.pem").scan(a_text())
    desk.page.keyboard.press("Escape")
    assert desk.scan(a_text()).refusal == "pass_used"
    desk.open("reader.html", "own.pem").scan(a_text())
    assert desk.refusal == "pass_used"
    assert "2026年9月18日 09:30" in desk.page.inner_text("#problem")
    desk.page.click("#again")
    desk.page.wait_for_selector("#result:not([hidden])")
    assert "已经读过" in desk.page.inner_text("#result-note")


def test_keys_may_be_pasted_and_other_files_are_told_apart(desk: Desk) -> None:
    desk.open("bare.html")
    (desk.folder / "wrong.pem").write_bytes(private_pem(es256_key()))
    desk.page.set_input_files("#key-files", desk.folder / "wrong.pem")
    desk.page.wait_for_selector("#keys:has-text('没有装入')")
    desk.page.click("text=也可以粘贴")
    desk.page.fill("#key-text", (private_pem(STATION) + public_pem(eddsa_key().public_key())).decode())
    desk.page.click("#key-take")
    desk.page.wait_for_selector("#keys:has-text('密钥1把、平台公钥1把')")
    assert desk.page.input_value("#key-text") == ""
    assert desk.scan(a_text(issuer=PassIssuer(eddsa_key()))).refusal is None


def bad_inputs() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every reason, each as the command line gives it."""
    text, parts = a_text(), split_text(a_text(), 400)
    others = split_text(a_text(a_pass(id=b"\x08" * 16)), 400)
    id_of_station = key_id(STATION.public_key())
    bomb = encrypt(ISSUER.sign(deflate(bytes(2_000_000)), id_of_station), STATION.public_key())
    moved = encrypt(ISSUER.sign(deflate(b"\xa0"), key_id(station_key(2).public_key())), STATION.public_key())
    yield "pass_damaged", (text[:500] + ("0" if text[500] != "0" else "1") + text[501:],)
    yield "pass_damaged", (text[:-7],)
    yield "pass_damaged", (text_of(bomb),)
    yield "pass_damaged", (parts[0], parts[1][:-30], parts[2])
    yield "pass_forged", (text_of(moved),)
    yield "pass_expired", (a_text(a_pass(expires_at=MORNING - timedelta(minutes=6))),)
    yield "pass_not_yet", (a_text(a_pass(valid_from=MORNING + timedelta(minutes=6))),)
    yield "pass_other_station", (a_text(to=station_key(2)),)
    yield "pass_issuer_unknown", (a_text(issuer=PassIssuer(eddsa_key(5))),)
    yield "pass_foreign", ("https://example.org/health?id=1",)
    yield "pass_is_code", (new_code(b"\x01" * 16),)
    yield "pass_parts_mixed", (parts[0], others[1])
    yield "pass_newer", (text_of(encrypt(ISSUER.sign(deflate(b"\xa0"), id_of_station), STATION.public_key())),)


def test_bad_input_is_refused_in_the_same_words(desk: Desk) -> None:
    desk.open("reader.html", "own.pem")
    for code, lines in bad_inputs():
        desk.scan(*lines)
        assert desk.refusal == code, lines[0][:60]
        assert desk.page.inner_text("#problem-title") == refusal_text(code, {}).title
        assert desk.page.inner_text("#problem-advice") == refusal_text(code, {}).advice
        desk.page.keyboard.press("Escape")
    desk.page.evaluate("document.getElementById('scan').value = 'TB1:' + 'A'.repeat(5_000_000)")
    desk.page.click("#read")
    assert desk.refusal == "pass_too_long"
    assert desk.scan(a_text()).refusal is None


def test_a_browser_that_cannot_decrypt_is_told_kindly(desk: Desk) -> None:
    desk.page.add_init_script("crypto.subtle.generateKey = () => Promise.reject(new Error('NotSupportedError'))")
    desk.page.goto((desk.folder / "reader.html").as_uri())
    desk.page.wait_for_selector("#unfit:not([hidden])")
    assert "Chrome" in desk.page.inner_text("#unfit")
    assert desk.page.locator("#work").is_hidden()


def test_axe_finds_nothing_and_the_keyboard_is_enough(desk: Desk) -> None:
    desk.open("reader.html", "own.pem")
    desk.page.keyboard.type("TB-x")
    assert desk.page.input_value("#scan") == "TB-x"
    desk.page.keyboard.press("Enter")
    desk.page.wait_for_selector("#problem:not([hidden])")
    found: Any = Axe().run(desk.page)
    desk.scan(a_text())
    for result in (found, Axe().run(desk.page)):
        assert result.violations_count == 0, result.generate_report()
