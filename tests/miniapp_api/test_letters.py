"""The letter over HTTP: read, signed, corrected, fetched as a file, and verified by anybody."""

import asyncio
import json
import re
import shutil
import subprocess
from datetime import date
from io import BytesIO
from typing import Any

import pytest
import zxingcpp
from aiohttp.test_utils import TestClient
from PIL import Image

from casework.deps import Deps
from casework.make_letters import make_due
from domain.letter_number import make_letter_number
from miniapp_api.app import make_app
from miniapp_api.limits import Allowance, Limits
from models.reseal import lifted
from models.signature import LetterShowing, Signature
from tests.miniapp_api.conftest import ClientFactory, MakeCitizen
from tests.miniapp_api.people import STROKES, Citizen, TurnedClock, WeChat, booked, opened, signature, signed

POPPLER = pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="needs poppler-utils")
UNKNOWN = make_letter_number(date(2026, 9, 14), 1)
MISTYPED = UNKNOWN[:-1] + str((int(UNKNOWN[-1]) + 1) % 10)


@pytest.fixture
async def number(citizen: Citizen, wechat: WeChat, point: str) -> str:
    """A case with a place, ready to sign."""
    case = await opened(citizen, wechat)
    assert (await booked(citizen, case)).status == 200
    return case


@pytest.fixture
async def letter_number(citizen: Citizen, number: str) -> str:
    """The number of a letter that was signed."""
    answer = await signed(citizen, number)
    assert answer.status == 201, answer.json
    return str(answer.json["number"])


async def page(citizen: Citizen, path: str, accept: str = "text/html") -> Any:
    return await citizen.ask("GET", path, headers={"Accept": accept})


async def test_the_file_comes_after_the_signature_and_is_ours(
    citizen: Citizen, number: str, letter_number: str, deps: Deps
) -> None:
    early = await citizen.get(f"/cases/{number}/letter.pdf")
    assert (early.status, early.code) == (409, "letter_being_made")
    await make_due(deps)
    answer = await citizen.get(f"/cases/{number}/letter.pdf")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert (await asyncio.to_thread(deps.seal.verify_pdf, answer.body)).stands
    case = (await citizen.get(f"/cases/{number}")).json
    assert (case["letter"]["standing"], case["letter"]["number"]) == ("signed", letter_number)


@POPPLER
async def test_the_qr_code_of_the_file_opens_the_verification(
    citizen: Citizen, visitor: Citizen, number: str, letter_number: str, deps: Deps
) -> None:
    await make_due(deps)
    pdf = (await citizen.get(f"/cases/{number}/letter.pdf")).body
    drawn = await asyncio.to_thread(drawn_pages, pdf)
    [found] = {code.text for image in drawn for code in zxingcpp.read_barcodes(image)}
    assert found == deps.settings.verify_url(letter_number)
    path = re.sub(r"^https?://[^/]+", "", found)
    assert (await page(visitor, path)).status == 200


def drawn_pages(pdf: bytes) -> list[Image.Image]:
    pages: list[Image.Image] = []
    for number in ("1", "2"):
        told = ["-f", number, "-l", number, "-r", "150", "-png", "-singlefile", "-"]
        drawn = subprocess.run(["pdftoppm", *told], input=pdf, capture_output=True, check=False).stdout
        pages += [Image.open(BytesIO(drawn))] if drawn else []
    return pages


async def test_there_is_no_file_without_a_signature_and_none_of_another(
    citizen: Citizen, make_citizen: MakeCitizen, number: str
) -> None:
    assert (await citizen.get(f"/cases/{number}/letter.pdf")).code == "letter_not_signed"
    stranger = await make_citizen(phone="13800000007")
    assert (await stranger.get(f"/cases/{number}/letter.pdf")).code == "case_not_found"
    assert (await Citizen(citizen.client).get(f"/cases/{number}/letter.pdf")).status == 401


async def test_the_end_of_the_letter_is_told_with_its_nonce(citizen: Citizen, number: str, clock: TurnedClock) -> None:
    letter = (await citizen.get(f"/cases/{number}/letter")).json
    clock.turn(minutes=3)
    assert (await citizen.post(f"/cases/{number}/letter-readings", {"nonce": letter["nonce"]})).status == 204
    assert (await LetterShowing.get()).read_at == clock.now()
    assert (await citizen.post(f"/cases/{number}/letter-readings", {"nonce": "n" * 30})).code == "letter_not_shown"


async def test_a_check_nobody_offers_is_told_and_signing_by_phone_goes_on(citizen: Citizen, number: str) -> None:
    letter = (await citizen.get(f"/cases/{number}/letter")).json
    told = {"certificate": "signer_check_unavailable", "face": "signer_check_needs_card", "guess": "malformed"}
    for kind, code in told.items():
        body = signature(letter, proof={"kind": kind, "token": "t"})
        assert (await citizen.write("POST", f"/cases/{number}/signature", body)).code == code
    answer = await citizen.write("POST", f"/cases/{number}/signature", signature(letter))
    assert (answer.status, answer.json["level"]) == (201, "phone")


# --- verifying ---


async def test_anybody_verifies_a_letter_and_learns_no_name_and_no_fact(visitor: Citizen, letter_number: str) -> None:
    answer = await visitor.get(f"/letters/{letter_number}/verification")
    assert answer.status == 200
    found = answer.json
    assert (found["genuine"], found["in_force"], found["confirmed_at_counter"]) == (True, True, False)
    assert "*" in found["signer_masked"]
    assert found["capacity"] == "applicant"
    told = (await page(visitor, f"/verify/{letter_number}")).body.decode()
    assert "真实的" in told
    assert "待窗口确认" in told
    for private in ("测试甲", "13800000001", "360702", "测试路", "测试大道"):
        assert private not in answer.body.decode() + told


async def test_the_page_answers_as_json_to_those_who_ask(visitor: Citizen, letter_number: str) -> None:
    answer = await page(visitor, f"/verify/{letter_number}", accept="application/json")
    assert answer.json == (await visitor.get(f"/letters/{letter_number}/verification")).json


async def test_a_number_typed_by_hand_is_found(visitor: Citizen, letter_number: str) -> None:
    asked = (await page(visitor, "/verify")).body.decode()
    assert 'name="number"' in asked
    typed = letter_number.lower().replace("-", " ")
    answer = await visitor.ask("GET", "/verify", params={"number": typed})
    assert letter_number in answer.body.decode()


@pytest.mark.parametrize(
    ("asked", "code"),
    [(UNKNOWN, "letter_unknown"), (MISTYPED, "letter_number_malformed"), ("1", "letter_number_malformed")],
)
async def test_an_unknown_number_is_told_kindly(visitor: Citizen, asked: str, code: str) -> None:
    answer = await visitor.get(f"/letters/{asked}/verification")
    assert (answer.status, answer.code) == (404, code)
    shown = await page(visitor, f"/verify/{asked}")
    assert shown.status == 404
    assert "请" in shown.body.decode()
    assert (await page(visitor, f"/verify/{asked}", accept="application/json")).code == code


@pytest.mark.parametrize("asked", ["<script>alert(1)</script>", "CN%00", "CN１"])
async def test_nothing_typed_comes_back_as_markup(visitor: Citizen, asked: str) -> None:
    answer = await visitor.ask("GET", "/verify", params={"number": asked})
    assert answer.status == 404
    assert "<script" not in answer.body.decode()


async def test_a_changed_record_is_told_and_nothing_of_it_shown(visitor: Citizen, letter_number: str) -> None:
    row = await Signature.get()
    async with lifted():
        await Signature.filter(id=row.id).update(canonical=row.canonical.replace("测试甲", "测试乙"))
    found = (await visitor.get(f"/letters/{letter_number}/verification")).json
    assert (found["genuine"], found["signer_masked"], found["digest"]) == (False, None, None)
    shown = (await page(visitor, f"/verify/{letter_number}")).body.decode()
    assert "没有通过核验" in shown
    assert "真实的" not in shown


async def test_trying_numbers_is_slowed_down(deps: Deps, aiohttp_client: ClientFactory, clock: TurnedClock) -> None:
    narrow = Limits(checks_per_address=Allowance(burst=3, per_second=0.5))
    client: TestClient[Any, Any] = await aiohttp_client(make_app(deps, limits=narrow))
    visitor = Citizen(client)
    for _ in range(3):
        assert (await visitor.get(f"/letters/{UNKNOWN}/verification")).status == 404
    refused = await visitor.get(f"/letters/{UNKNOWN}/verification")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "2")
    assert (await page(visitor, f"/verify/{UNKNOWN}")).status == 429
    clock.turn(seconds=2)
    assert (await visitor.get(f"/letters/{UNKNOWN}/verification")).status == 404


# --- correcting ---


async def test_a_correction_asks_to_sign_again(citizen: Citizen, number: str, letter_number: str) -> None:
    wish = {"residence_address": "江西省南昌市西湖区更正路1号"}
    case = await citizen.write("PATCH", f"/cases/{number}/facts", wish)
    assert case.status == 200, case.json
    assert (case.json["letter"]["standing"], case.json["letter"]["sign_again"]) == ("to_sign", True)
    assert case.json["history"][-1]["facts"] == {"fields": ["residence_address"], "signature_void": True}
    again = await signed(citizen, number)
    assert again.status == 201
    assert again.json["number"] != letter_number


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 409, "facts_unchanged"),
        ({"name": "另一个人"}, 422, "malformed"),
        ({"phone": "13800000099"}, 409, "phone_not_verified"),
        ({"residence_address": "x" * 300}, 422, "malformed"),
        ({"proof": "magic"}, 422, "malformed"),
    ],
)
async def test_a_correction_that_cannot_stand_is_told_why(
    citizen: Citizen, number: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = await citizen.write("PATCH", f"/cases/{number}/facts", body)
    assert (answer.status, answer.code) == (status, code)


# --- bad signatures ---


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"nonce": "n" * 43}, 409, "letter_not_shown"),
        ({"read_to_end": False}, 422, "letter_not_read"),
        ({"information_true": False}, 422, "statement_required"),
        ({"digest": "0" * 64}, 409, "letter_changed"),
        ({"strokes": []}, 422, "strokes_empty"),
        ({"strokes": [[[500, 500, 0]], [[501, 500, 9]], [[502, 500, 18]]]}, 422, "strokes_empty"),
        ({"strokes": [[[0, 0, n], [1000, 1000, n]] for n in range(8)]}, 422, "strokes_absurd"),
        ({"strokes": [[[1, n % 9, n] for n in range(10_000)]] * 2 + STROKES}, 422, "strokes_too_large"),
        ({"strokes": [[[1, 2]]]}, 422, "malformed"),
        ({"strokes": [[[-1, 2, 3]]]}, 422, "malformed"),
        ({"strokes": "S" * 10}, 422, "malformed"),
    ],
)
async def test_a_bad_signature_is_told_why_and_nothing_recorded(
    citizen: Citizen, number: str, said: dict[str, Any], status: int, code: str
) -> None:
    letter = (await citizen.get(f"/cases/{number}/letter")).json
    answer = await citizen.write("POST", f"/cases/{number}/signature", signature(letter, **said))
    assert (answer.status, answer.code) == (status, code)
    assert await Signature.all().count() == 0
    assert (await LetterShowing.get()).used_at is None
    assert (await citizen.write("POST", f"/cases/{number}/signature", signature(letter))).status == 201


async def test_ten_megabytes_of_strokes_are_not_read(citizen: Citizen, number: str) -> None:
    letter = (await citizen.get(f"/cases/{number}/letter")).json
    flood = [[[n % 1000, n % 1000, n] for n in range(1000)]] * 700
    body = BytesIO(json.dumps(signature(letter, strokes=flood)).encode())
    headers = {
        "Authorization": f"Bearer {citizen.token}", "Idempotency-Key": "k" * 12, "Content-Type": "application/json",
    }  # fmt: skip
    answer = await citizen.client.post(f"/api/v1/cases/{number}/signature", data=body, headers=headers)
    assert (answer.status, (await answer.json(content_type=None))["code"]) == (413, "too_large")
    assert await Signature.all().count() == 0
