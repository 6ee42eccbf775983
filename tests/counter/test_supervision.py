"""The supervision pages as a browser gets them: the own area only, tables to take away, one page for each list."""

import csv
import io

import pytest

from casework.accept import Acceptance, accept, confirm_letter
from casework.callers import Officer
from casework.deps import Deps
from casework.hand_off import redeem_code
from casework.report import report, who_reports
from casework.reported import Report
from casework.serve import read_case
from casework.sign_in_officer import sign_in_officer, who_serves
from casework.state_presence import state_presence
from casework.warn import warn_overdue
from domain.terms import Present, ReportKind, SignatureMethod, StaffRole
from models.staff import keep_staff
from tests.counter.conftest import OpenConsole
from tests.counter.people import HOUSEHOLD_KEY, PASSWORD, SECRET, adult, code_of, password_hash
from tests.workers.wiring import TurnedClock

PAGES = ("/supervision", "/supervision/settlement", "/supervision/go-live", "/follow-ups", "/contacts", "/warnings")


@pytest.fixture(autouse=True)
async def chief(deps: Deps) -> None:
    for name, division in (("chief-jx", "360000"), ("chief-gd", "440000"), ("chief-nobody", None)):
        await keep_staff(
            name, display_name="演示督导", password_hash=password_hash(), role=StaffRole.SUPERVISOR, division=division
        )


FACE_TO_FACE = ("face_check_done", "compared")


@pytest.fixture
async def late(deps: Deps, clock: TurnedClock) -> str:
    """A review in Ganzhou that ran out."""
    walker = await adult(deps)
    clerk = await officer(deps, "clerk-nc")
    await redeem_code(deps, clerk, await code_of(deps, walker))
    await state_presence(deps, clerk, walker.number, Present.APPLICANT)
    await confirm_letter(deps, clerk, walker.number, SignatureMethod.PHONE)
    seen = tuple(line.code for line in (await read_case(deps, clerk, walker.number)).materials)
    await accept(deps, clerk, walker.number, Acceptance("360102000202611180001", "HZ1", seen, FACE_TO_FACE))
    body = b"{}"
    stamp = str(int(clock.now().timestamp()))
    from tests.casework.town import signature  # noqa: PLC0415 – one helper of another room's town

    reporter = await who_reports(
        deps, key_id=HOUSEHOLD_KEY, timestamp=stamp, signature=signature(stamp, body, SECRET), body=body
    )
    said = Report("r-1", ReportKind.REVIEW_STARTED, "360102000202611180001", clock.now(), "=演示派出所")
    await report(deps, reporter, said)
    clock.turn(days=9)
    await warn_overdue(deps)
    return walker.number


async def officer(deps: Deps, username: str) -> Officer:
    return await who_serves(deps, (await sign_in_officer(deps, username, PASSWORD)).token)


async def test_every_page_shows_the_own_area(late: str, at_desk: OpenConsole) -> None:
    """R101, R180–R188."""
    console = await at_desk("chief-jx")
    pages = {path: await console.get(path) for path in PAGES}
    assert {page.status for page in pages.values()} == {200}
    assert "江西省赣州市" in pages["/supervision"].text
    assert "0.0%" in pages["/supervision"].text
    assert "<svg" in pages["/supervision"].html
    for path in ("/follow-ups", "/warnings"):
        assert late in pages[path].text
        assert late not in (await (await at_desk("chief-gd")).get(path)).text


async def test_asking_outside_the_own_area_is_refused_above_the_own_figures(at_desk: OpenConsole) -> None:
    """R185."""
    console = await at_desk("chief-jx")
    page = await console.get("/supervision?division=440000")
    assert (page.status, page.refused) == (403, "area_outside")
    assert "江西省 · 督导总览" in page.text
    for path in ("/supervision/tables/bulletin.csv?division=440000", "/supervision/settlement?division=440000"):
        page = await console.get(path)
        assert (page.status, page.refused) == (403, "area_outside")
    assert (await (await at_desk("chief-nobody")).get("/supervision")).refused == "area_unknown"
    assert (await (await at_desk("clerk-nc")).get("/supervision")).refused == "staff_role_missing"


async def test_the_bulletin_is_taken_away_and_holds_no_formula(late: str, at_desk: OpenConsole) -> None:
    """R180."""
    console = await at_desk("chief-jx")
    page = await console.get("/supervision/tables/bulletin.csv?to=2026-12-01")
    rows = list(csv.reader(io.StringIO(page.html.removeprefix("\ufeff"))))
    assert ["按地区", "江西省赣州市", "1", "0", "0", "1", "0.0"] in rows
    assert ["按审核单位", "'=演示派出所", "1", "0", "0", "1", "0.0"] in rows
    page = await console.get("/supervision/tables/clocks.csv?to=2026-12-01")
    assert late in page.html
    for name in ("bulletin", "clocks", "settlement", "go-live"):
        async with console.client.get(f"/supervision/tables/{name}.xlsx") as answer:
            assert (await answer.read()).startswith(b"PK")
    for name in ("bulletin.pdf", "nothing.csv", "bulletin"):
        assert (await console.get(f"/supervision/tables/{name}")).status == 404
    assert (await console.get("/supervision?from=2026-13-01")).refused == "malformed"


async def test_a_follow_up_is_noted_and_closed_on_its_page(late: str, at_desk: OpenConsole) -> None:
    console = await at_desk("chief-jx")
    page = await console.get("/follow-ups")
    number = page.html.split('data-follow-up="')[1].split('"')[0]
    refused = await console.send(page, f"/follow-ups/{number}", {"note": "", "answer": "close"})
    assert refused.refused == "follow_up_note_missing"
    await console.send(page, f"/follow-ups/{number}", {"note": "已电话督促", "answer": "close"})
    assert late not in (await console.get("/follow-ups")).text
    assert "已电话督促" in (await console.get("/follow-ups?all=yes")).text


async def test_a_contact_is_named_confirmed_and_taken_out(at_desk: OpenConsole) -> None:
    console = await at_desk("chief-jx")
    page = await console.get("/contacts")
    assert "江西省南昌市" in page.text
    new = {"duty": "liaison", "name": "示例联络员", "phone": "000-1", "division": "360100"}
    assert (await console.send(page, "/contacts", new)).status == 303
    page = await console.get("/contacts")
    number = page.html.split('data-contact="')[1].split('"')[0]
    assert (await console.send(page, f"/contacts/{number}", {"answer": "still"})).status == 303
    await console.send(page, f"/contacts/{number}", {"answer": "end"})
    assert "示例联络员" not in (await console.get("/contacts")).text
    page = await console.send(page, "/contacts", {**new, "division": "440000"})
    assert page.refused == "area_outside"
    assert "示例联络员" in page.html  # what was typed stands there still


async def test_an_announcement_is_made_and_read_by_every_member_of_staff(at_desk: OpenConsole) -> None:
    """R199."""
    console = await at_desk("chief-jx")
    page = await console.get("/announcements")
    fields = {"kind": "news", "title": "周六加开窗口", "text": "本周六上午加开窗口。", "item": "", "point": ""}
    assert (await console.send(page, "/announcements", fields)).status == 303
    assert "周六加开窗口" in (await (await at_desk("clerk-nc")).get("/announcements")).text
    assert "周六加开窗口" not in (await (await at_desk("clerk-gz")).get("/announcements")).text
    page = await console.send(page, "/announcements", {**fields, "kind": "policy"})
    assert page.refused == "document_number_missing"


async def test_the_two_stations_write_to_each_other_about_a_case(late: str, at_desk: OpenConsole) -> None:
    """R189."""
    chief, clerk = await at_desk("chief-jx"), await at_desk("clerk-nc")
    path = f"/cases/{late}/consultation"
    page = await clerk.send(await clerk.get(path), path, {"text": "请问还缺什么材料？", "answer": "ask"})
    assert page.status == 303
    page = await chief.get(path)
    assert "请问还缺什么材料？" in page.text
    assert (await (await at_desk("clerk-gz")).get(path)).refused == "case_of_other_station"
    page = await clerk.send(await clerk.get(path), path, {"text": "", "answer": "ask"})
    assert page.refused == "consultation_empty"
    assert (await clerk.get("/consultations")).status == 200
