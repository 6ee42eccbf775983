"""The letter at the counter: the file beside the case, and the export for the household place's reviewer (R063)."""

import asyncio
import json
from hashlib import sha256
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from casework.deps import Deps
from casework.make_letters import make_due
from gateways.seal import verify_seal
from models.audit import AuditEntry
from tests.counter.conftest import OpenConsole
from tests.counter.console import Console, Page
from tests.counter.people import CENTRE_KEY, HOUSEHOLD_KEY, Walker, adult, code_of, crosser
from tests.counter.stations import signed

ACCEPTANCE = "3601022026111800000007"


async def scanned(deps: Deps, desk: Console, walker: Walker) -> Page:
    """The person stands at the counter, by the clerk's word."""
    await desk.scan(await code_of(deps, walker))
    return await desk.state_presence(await desk.get(f"/cases/{walker.number}"))


async def accepted(deps: Deps, desk: Console, walker: Walker) -> None:
    """Scanned, the letter confirmed, accepted."""
    page = await scanned(deps, desk, walker)
    here = f"/cases/{walker.number}"
    page = await desk.post(f"{here}/letter", {**page.form(f"{here}/acceptance"), "method": "phone"})
    filled: dict[str, Any] = {
        "fingerprint": "enrolled",
        "materials_seen": page.boxes("materials_seen"),
        "face_check_done": "yes",
        "compared": "yes",
        "acceptance_number": ACCEPTANCE,
        "slip_number": "HZ-1",
    }
    assert (await desk.send(page, f"{here}/acceptance", filled)).status == 303


async def test_the_case_page_leads_to_the_file_and_the_reading_is_on_record(deps: Deps, at_desk: OpenConsole) -> None:
    walker, desk = await adult(deps), await at_desk()
    here = f"/cases/{walker.number}"
    masked = await desk.get(f"{here}/letter.pdf")
    assert (masked.status, masked.refused) == (409, "presence_required")
    assert f'href="{here}/letter.pdf"' in (await scanned(deps, desk, walker)).html
    early = await desk.get(f"{here}/letter.pdf")
    assert (early.status, early.refused) == (409, "letter_being_made")
    await make_due(deps)
    async with desk.client.get(f"{here}/letter.pdf") as answer:
        pdf = await answer.read()
        assert (answer.status, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert (await asyncio.to_thread(deps.seal.verify_pdf, pdf)).stands
    assert await AuditEntry.filter(act="read_letter", actor="staff:clerk-nc").count() == 3


async def test_another_station_reads_no_file(deps: Deps, at_desk: OpenConsole) -> None:
    walker = await adult(deps)
    await make_due(deps)
    page = await (await at_desk("clerk-gz")).get(f"/cases/{walker.number}/letter.pdf")
    assert (page.status, page.refused) == (403, "case_of_other_station")


async def test_nobody_signed_in_reads_no_file(deps: Deps, console: Console) -> None:
    walker = await adult(deps)
    assert (await console.get(f"/cases/{walker.number}/letter.pdf")).location == "/login"


async def test_a_letter_on_paper_has_no_file_to_lead_to(deps: Deps, at_desk: OpenConsole) -> None:
    walker, desk = await crosser(deps), await at_desk("clerk-gz")
    here = f"/cases/{walker.number}"
    assert "letter.pdf" not in (await scanned(deps, desk, walker)).html
    assert (await desk.get(f"{here}/letter.pdf")).refused == "letter_not_signed"


# --- the reviewer ---


async def export(deps: Deps, door: TestServer, key_id: str = HOUSEHOLD_KEY, **body: Any) -> tuple[int, bytes]:
    told = json.dumps({"acceptance_number": ACCEPTANCE, **body}).encode()
    path = door.make_url("/station/v1/letter-exports")
    async with (
        ClientSession() as session,
        session.post(path, data=told, headers=signed(told, deps.clock.now(), key_id)) as answer,
    ):
        return answer.status, await answer.read()


async def test_the_reviewer_gets_files_and_evidence_that_verify_on_their_own(
    deps: Deps, door: TestServer, at_desk: OpenConsole
) -> None:
    await accepted(deps, await at_desk(), await adult(deps))
    await make_due(deps)
    status, archive = await export(deps, door)
    assert status == 200
    with ZipFile(BytesIO(archive)) as opened:
        files = {name: opened.read(name) for name in opened.namelist()}
    trust, evidence = files["seal-certificates.pem"], json.loads(files["evidence.json"])
    assert verify_seal(files["evidence.json"], files["evidence.seal"], trust)
    assert evidence["letter"]["digest"] == f"sha256:{sha256(files['content.json']).hexdigest()}"
    assert evidence["strokes"] == f"sha256:{sha256(files['strokes.json']).hexdigest()}"
    for name in ("letter-signed.pdf", "letter-confirmed.pdf"):
        assert (await asyncio.to_thread(deps.seal.verify_pdf, files[name])).stands
    assert await AuditEntry.filter(act="export_letter", actor=f"system:{HOUSEHOLD_KEY}").count() == 1
    assert (await export(deps, door))[1] == archive


@pytest.mark.parametrize("key_id", [CENTRE_KEY, "demo-household-44"])
async def test_only_the_household_place_gets_it(
    key_id: str, deps: Deps, door: TestServer, at_desk: OpenConsole
) -> None:
    await accepted(deps, await at_desk(), await adult(deps))
    await make_due(deps)
    status, body = await export(deps, door, key_id)
    assert (status, json.loads(body)["code"]) == (403, "report_not_yours")
    assert await AuditEntry.filter(act="export_letter_refused").count() == 1


async def test_what_is_not_there_is_told(deps: Deps, door: TestServer, at_desk: OpenConsole) -> None:
    assert json.loads((await export(deps, door))[1])["code"] == "case_not_found"
    await accepted(deps, await at_desk(), await adult(deps))
    status, body = await export(deps, door)
    assert (status, json.loads(body)["code"]) == (409, "letter_being_made")
    status, body = await export(deps, door, more="x")
    assert (status, json.loads(body)["code"]) == (422, "report_malformed")


async def test_an_export_nobody_signed_is_refused(door: TestServer) -> None:
    async with (
        ClientSession() as session,
        session.post(door.make_url("/station/v1/letter-exports"), data=b"{}") as answer,
    ):
        assert answer.status == 401
