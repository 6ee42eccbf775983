"""From the declaration to the hand-off code: each endpoint does its act, or says why not and what to do."""

from base64 import b64decode
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from tests.miniapp_api.conftest import MakeCitizen
from tests.miniapp_api.people import (
    ITEM,
    V1,
    Citizen,
    WeChat,
    application,
    booked,
    declared,
    living_in_nanchang,
    opened,
    parent,
    signature,
    signed,
)
from tests.miniapp_api.test_problems import assert_problem

pytestmark = pytest.mark.usefixtures("point")


# --- declaration and case


async def test_a_declaration_is_read_again_with_what_follows_from_it(citizen: Citizen, wechat: WeChat) -> None:
    person_id = await declared(citizen, wechat)
    made = await citizen.write("POST", "/residence-declarations", living_in_nanchang(person_id))
    read = await citizen.get(f"/residence-declarations/{made.json['id']}", item=ITEM)
    assert (made.status, read.status) == (201, 200)
    assert read.json["guide"] == made.json["guide"]
    assert read.json["residence_place"] == "江西省南昌市西湖区"
    assert_problem(await citizen.get("/residence-declarations/999", item=ITEM), 404, "declaration_not_found")


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"person_id": 999}, 404, "person_not_yours"),
        ({"division": "999999"}, 422, "division_unknown"),
        ({"address": "南昌市西湖区测试大道9号"}, 422, "address_without_province"),
        ({"proof": None}, 422, "proof_required"),
    ],
)
async def test_a_declaration_that_cannot_stand_is_refused(
    citizen: Citizen, wechat: WeChat, wrong: dict[str, Any], status: int, code: str
) -> None:
    person_id = await declared(citizen, wechat)
    facts = {**living_in_nanchang(person_id), **wrong}
    assert_problem(await citizen.write("POST", "/residence-declarations", facts), status, code)


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"declaration_id": 999}, 404, "declaration_not_found"),
        ({"information_true": False}, 422, "statement_required"),
        ({"never_held_card": False}, 409, "held_card_already"),
        ({"active_soldier": True}, 409, "active_soldier"),
        ({"delivery": "post"}, 422, "post_address_required"),
    ],
)
async def test_a_case_that_cannot_be_is_refused(
    citizen: Citizen, wechat: WeChat, wrong: dict[str, Any], status: int, code: str
) -> None:
    person_id = await declared(citizen, wechat)
    declaration = await citizen.write("POST", "/residence-declarations", living_in_nanchang(person_id))
    answer = await citizen.write("POST", "/cases", {**application(declaration.json["id"]), **wrong})
    assert_problem(answer, status, code)
    assert (await citizen.get("/cases")).json == []


async def test_every_reason_against_is_told_at_once(citizen: Citizen, wechat: WeChat) -> None:
    person_id = await declared(citizen, wechat)
    declaration = await citizen.write("POST", "/residence-declarations", living_in_nanchang(person_id))
    wish = application(declaration.json["id"], never_held_card=False, active_soldier=True)
    body = assert_problem(await citizen.write("POST", "/cases", wish), 409, "held_card_already")
    assert {reason["code"] for reason in body["reasons"]} == {"held_card_already", "active_soldier"}
    assert all(reason["advice"] and reason["source"] for reason in body["reasons"])


async def test_a_double_tap_opens_one_case_and_a_second_case_is_refused(citizen: Citizen, wechat: WeChat) -> None:
    person_id = await declared(citizen, wechat)
    declaration = (await citizen.write("POST", "/residence-declarations", living_in_nanchang(person_id))).json
    first = await citizen.write("POST", "/cases", application(declaration["id"]), key="double-tap")
    again = await citizen.write("POST", "/cases", application(declaration["id"]), key="double-tap")
    assert first.json == again.json
    second = await citizen.write("POST", "/cases", application(declaration["id"]))
    body = assert_problem(second, 409, "live_case_exists")
    assert body["number"] == first.json["number"]
    assert len((await citizen.get("/cases")).json) == 1


async def test_a_list_of_cases_masks_the_name_and_the_case_shows_it_with_the_next_step(
    citizen: Citizen, wechat: WeChat
) -> None:
    number = await opened(citizen, wechat)
    (line,) = (await citizen.get("/cases")).json
    case = (await citizen.get(f"/cases/{number}")).json
    assert line["applicant_name_masked"] == "测**"
    assert (case["applicant_name"], case["state"]) == ("测试甲", "open")
    assert case["missing"] == ["booking", "letter_signature"]
    assert [event["kind"] for event in case["history"]] == ["opened"]
    notices = (await citizen.get(f"/cases/{number}/notices")).json
    assert [notice["kind"] for notice in notices] == ["case_opened"]


@pytest.mark.parametrize("number", ["260914-0000-0000-00", "1", "测试"])
async def test_a_number_nobody_gave_out_is_refused(citizen: Citizen, number: str) -> None:
    answer = await citizen.get(f"/cases/{number}")
    assert_problem(answer, 422, "case_number_malformed")


async def test_a_case_is_withdrawn_once(citizen: Citizen, wechat: WeChat) -> None:
    number = await opened(citizen, wechat)
    gone = await citizen.write("POST", f"/cases/{number}/withdrawal", key="withdraw-1")
    assert (gone.status, gone.json["state"]) == (200, "withdrawn")
    assert (await citizen.write("POST", f"/cases/{number}/withdrawal", key="withdraw-1")).json == gone.json
    assert_problem(await citizen.write("POST", f"/cases/{number}/withdrawal"), 409, "case_already_ended")


# --- booking


async def test_a_booking_takes_a_place_moves_and_gives_it_back(citizen: Citizen, wechat: WeChat, point: str) -> None:
    number = await opened(citizen, wechat)
    path, day = f"/cases/{number}/booking", {"item": ITEM, "day": "2026-09-15"}

    async def free() -> list[int]:
        slots = (await citizen.get(f"/points/{point}/slots", **day)).json
        return [slot["free"] for slot in slots]

    assert (await booked(citizen, number)).json["booking"]["starts_at"] in {
        "2026-09-15T09:00:00+08:00",
        "2026-09-15T01:00:00Z",
    }
    assert (await free())[:2] == [2, 3]
    moved = await citizen.write("PUT", path, {"point": point, "starts_at": "2026-09-15T01:30:00Z"})
    assert moved.status == 200
    assert (await free())[:2] == [3, 2]
    cancelled = await citizen.write("DELETE", path)
    assert cancelled.json["booking"] is None
    assert await free() == [3] * 6
    assert_problem(await citizen.write("DELETE", path), 404, "booking_not_found")


@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"point": "NO-1", "starts_at": "2026-09-15T01:00:00Z"}, 404, "station_not_found"),
        ({"point": "JX-TEST-1", "starts_at": "2026-09-15T01:07:00Z"}, 404, "slot_not_found"),
        ({"point": "JX-TEST-1", "starts_at": "2026-09-19T01:00:00Z"}, 404, "slot_not_found"),
        ({"point": "JX-TEST-1", "starts_at": "2026-12-15T01:00:00Z"}, 409, "slot_beyond_horizon"),
    ],
)
async def test_a_place_that_cannot_be_had_is_refused(
    citizen: Citizen, wechat: WeChat, wish: dict[str, str], status: int, code: str
) -> None:
    number = await opened(citizen, wechat)
    assert_problem(await citizen.write("PUT", f"/cases/{number}/booking", wish), status, code)
    assert (await citizen.get(f"/cases/{number}")).json["booking"] is None


async def test_a_full_place_is_refused_and_the_booking_one_has_is_kept(
    make_citizen: MakeCitizen, wechat: WeChat, point: str
) -> None:
    first = {"point": point, "starts_at": "2026-09-15T01:00:00Z"}
    for number in range(3):
        citizen = await make_citizen(f"1380000010{number}")
        case = await opened(citizen, wechat)
        assert (await citizen.write("PUT", f"/cases/{case}/booking", first)).status == 200
    late = await make_citizen("13800000109")
    case = await opened(late, wechat)
    later = {"point": point, "starts_at": "2026-09-15T02:00:00Z"}
    assert (await late.write("PUT", f"/cases/{case}/booking", later)).status == 200
    assert_problem(await late.write("PUT", f"/cases/{case}/booking", first), 409, "slot_full")
    assert (await late.get(f"/cases/{case}")).json["booking"] is not None


# --- the letter


async def test_the_letter_shown_is_the_letter_signed_once(citizen: Citizen, wechat: WeChat) -> None:
    number = await opened(citizen, wechat)
    unsigned = await citizen.get(f"/cases/{number}/signature.html")
    assert_problem(unsigned, 404, "letter_not_signed")
    letter = (await citizen.get(f"/cases/{number}/letter")).json
    assert (letter["signer_name"], letter["capacity"]) == ("测试甲", "applicant")
    done = await citizen.write("POST", f"/cases/{number}/signature", signature(letter), key="sign-once")
    assert (done.status, done.json["digest"]) == (201, letter["digest"])
    again = await citizen.write("POST", f"/cases/{number}/signature", signature(letter), key="sign-once")
    assert again.json == done.json
    assert_problem(await citizen.get(f"/cases/{number}/letter"), 409, "letter_already_signed")
    assert (await citizen.get(f"/cases/{number}")).json["letter"]["standing"] == "signed"


@pytest.mark.parametrize(
    ("wrong", "status", "code"),
    [
        ({"nonce": "never-shown"}, 409, "letter_not_shown"),
        ({"digest": "0" * 64}, 409, "letter_changed"),
        ({"read_to_end": False}, 422, "letter_not_read"),
        ({"information_true": False}, 422, "statement_required"),
        ({"strokes": []}, 422, "strokes_empty"),
    ],
)
async def test_a_signature_that_does_not_mean_this_letter_is_refused(
    citizen: Citizen, wechat: WeChat, wrong: dict[str, Any], status: int, code: str
) -> None:
    number = await opened(citizen, wechat)
    letter = (await citizen.get(f"/cases/{number}/letter")).json
    answer = await citizen.write("POST", f"/cases/{number}/signature", signature(letter, **wrong))
    assert_problem(answer, status, code)
    assert (await citizen.get(f"/cases/{number}")).json["letter"]["standing"] == "to_sign"


async def test_a_retry_from_another_network_is_the_same_signature(citizen: Citizen, wechat: WeChat) -> None:
    number = await opened(citizen, wechat)
    body = signature((await citizen.get(f"/cases/{number}/letter")).json)
    answers = [
        await citizen.ask(
            "POST", f"{V1}/cases/{number}/signature", body, key="same-key-1", headers={"User-Agent": f"phone/{n}"}
        )
        for n in range(2)
    ]
    assert [answer.status for answer in answers] == [201, 201]


# --- to the counter


async def test_the_code_for_the_counter_is_a_picture_too_and_holds_nothing_personal(
    citizen: Citizen, wechat: WeChat, tmp_path: Any
) -> None:
    number = await opened(citizen, wechat)
    not_ready = await citizen.write("POST", f"/cases/{number}/handoff-codes")
    assert assert_problem(not_ready, 409, "not_ready_for_handoff")["missing"] == ["booking", "letter_signature"]
    await booked(citizen, number)
    await signed(citizen, number)
    answer = await citizen.write("POST", f"/cases/{number}/handoff-codes", key="code-once")
    assert answer.status == 201
    picture = tmp_path / "code.png"
    picture.write_bytes(b64decode(answer.json["png_base64"], validate=True))
    (read,) = zxingcpp.read_barcodes(Image.open(picture))
    assert read.text == answer.json["code"]
    assert read.text.startswith("TB-")
    again = await citizen.write("POST", f"/cases/{number}/handoff-codes", key="code-once")
    assert again.json["code"] == answer.json["code"]


async def test_a_relative_is_named_to_collect(citizen: Citizen, wechat: WeChat) -> None:
    number = await opened(citizen, wechat)
    named = {"name": "测试丁", "identity_number": parent()["identity_number"], "kinship": "parent"}
    answer = await citizen.write("PUT", f"/cases/{number}/collector", named)
    assert (answer.status, answer.json) == (200, {"name_masked": "测**", "kinship": "parent"})
    wrong = {**named, "identity_number": named["identity_number"][:-1] + "?"}
    assert_problem(await citizen.write("PUT", f"/cases/{number}/collector", wrong), 422, "identity_number_malformed")
    friend = {**named, "kinship": "friend"}
    assert_problem(await citizen.write("PUT", f"/cases/{number}/collector", friend), 422, "malformed")
