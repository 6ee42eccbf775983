"""Signing in, consent, the account, the child, and what anyone may ask: each endpoint does its act, or says why not."""

from typing import Any

import pytest

from tests.miniapp_api.people import (
    ITEM,
    V1,
    Citizen,
    TurnedClock,
    WeChat,
    adult,
    application,
    child,
    consented,
    declared,
    living_in_nanchang,
    parent,
)
from tests.miniapp_api.test_problems import assert_problem

pytestmark = pytest.mark.usefixtures("point")


# --- signing in


async def test_a_login_code_gives_a_session_and_says_that_consent_is_needed(visitor: Citizen, wechat: WeChat) -> None:
    user = await wechat.person()
    answer = await visitor.post("/sessions", {"code": await wechat.login_code(user)})
    assert answer.status == 201
    assert len(answer.json["token"]) >= 40
    assert answer.json["consent_needed"] is True
    assert answer.json["expires_at"].endswith("Z")


async def test_a_login_code_works_once(visitor: Citizen, wechat: WeChat) -> None:
    code = await wechat.login_code(await wechat.person())
    assert (await visitor.post("/sessions", {"code": code})).status == 201
    assert_problem(await visitor.post("/sessions", {"code": code}), 422, "login_code_used")


async def test_a_login_code_lives_five_minutes(visitor: Citizen, wechat: WeChat, clock: TurnedClock) -> None:
    code = await wechat.login_code(await wechat.person())
    clock.turn(minutes=6)
    assert_problem(await visitor.post("/sessions", {"code": code}), 422, "login_code_invalid")


# --- consent and the account


async def test_nothing_personal_is_taken_before_consent(citizen: Citizen, wechat: WeChat) -> None:
    asked = [
        await citizen.ask("PUT", f"{V1}/me/person", adult()),
        await citizen.post("/me/phone", {"code": await wechat.phone_code(citizen.user)}),
        await citizen.post("/wards", child()),
        await citizen.write("POST", "/residence-declarations", living_in_nanchang(1)),
        await citizen.write("POST", "/cases", application(1)),
    ]
    for answer in asked:
        assert_problem(answer, 403, "consent_required")
    profile = (await citizen.get("/me")).json
    assert profile["persons"] == []
    assert profile["phone_masked"] is None


async def test_consent_is_given_to_the_version_in_force(citizen: Citizen) -> None:
    assert_problem(await citizen.post("/privacy-consents", {"version": "1999-01"}), 409, "consent_version_old")
    assert (await citizen.get("/me")).json["consented"] is False
    await consented(citizen)
    assert (await citizen.get("/me")).json["consented"] is True


async def test_the_profile_masks_and_says_what_is_missing(citizen: Citizen, wechat: WeChat) -> None:
    assert (await citizen.get("/me")).json["missing"] == ["consent", "real_name", "phone"]
    await declared(citizen, wechat)
    profile = (await citizen.get("/me")).json
    (person,) = profile["persons"]
    assert profile["missing"] == []
    assert profile["phone_masked"] == "138****0001"
    assert "*" in person["identity_number_masked"]
    assert (person["is_self"], person["age"], person["birth_date"]) == (True, 19, "2007-03-05")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"name": "1"}, "name_malformed"),
        ({"identity_number": "360702200703050010"}, "identity_number_check_digit"),
        ({"identity_number": "360702200713050010"}, "identity_number_birth_date"),
        ({"identity_number": "12345"}, "identity_number_malformed"),
        ({"household_division": "999999"}, "division_unknown"),
        ({"household_address": "赣州市章贡区测试路1号"}, "address_without_province"),
        ({"household_address": "广东省深圳市福田区测试路1号"}, "address_other_province"),
    ],
)
async def test_a_wrong_fact_is_refused_with_what_to_do(citizen: Citizen, wrong: dict[str, Any], code: str) -> None:
    await consented(citizen)
    assert_problem(await citizen.ask("PUT", f"{V1}/me/person", adult(**wrong)), 422, code)


async def test_who_is_under_16_is_asked_to_let_the_guardian_apply(citizen: Citizen) -> None:
    await consented(citizen)
    facts = {key: value for key, value in child().items() if key not in {"relation", "shown_by"}}
    assert_problem(await citizen.ask("PUT", f"{V1}/me/person", facts), 409, "guardian_must_apply")


async def test_an_account_has_one_holder_and_what_is_sent_again_corrects_it(citizen: Citizen, wechat: WeChat) -> None:
    await declared(citizen, wechat)
    corrected = (await citizen.ask("PUT", f"{V1}/me/person", adult())).json
    assert [person["is_self"] for person in corrected["persons"]] == [True]
    assert corrected["persons"][0]["name"] == adult()["name"]


async def test_a_phone_code_works_once(citizen: Citizen, wechat: WeChat) -> None:
    await consented(citizen)
    code = await wechat.phone_code(citizen.user)
    assert (await citizen.post("/me/phone", {"code": code})).json["phone_masked"] == "138****0001"
    assert_problem(await citizen.post("/me/phone", {"code": code}), 422, "phone_code_invalid")


async def test_accepted_messages_are_known_kinds(citizen: Citizen) -> None:
    fine = await citizen.post("/me/message-consents", {"templates": ["accepted", "ready_for_pickup"]})
    assert (fine.status, fine.body) == (204, b"")
    unknown = await citizen.post("/me/message-consents", {"templates": ["advertising"]})
    assert_problem(unknown, 422, "malformed")


async def test_a_chat_binding_code_is_short_lived(citizen: Citizen, clock: TurnedClock) -> None:
    assert_problem(await citizen.post("/me/chat-binding-codes"), 403, "consent_required")
    await consented(citizen)
    answer = await citizen.post("/me/chat-binding-codes")
    assert answer.status == 201
    assert answer.json["code"]
    assert answer.json["expires_at"] > clock.now().isoformat()


# --- guardian and child


async def test_a_guardian_adds_a_child(citizen: Citizen) -> None:
    await consented(citizen)
    assert_problem(await citizen.post("/wards", child()), 409, "real_name_required")
    await citizen.ask("PUT", f"{V1}/me/person", parent())
    ward = await citizen.post("/wards", child())
    assert ward.status == 201
    assert (ward.json["age"], ward.json["relation"], ward.json["guardianship"]) == (9, "mother", "birth_certificate")
    grown = {**child(), "identity_number": adult()["identity_number"]}
    assert_problem(await citizen.post("/wards", grown), 422, "ward_is_adult")


# --- what anyone may ask


async def test_a_place_is_found_by_name_or_code_and_by_nothing_nothing_is_found(visitor: Citizen) -> None:
    by_name = (await visitor.get("/divisions", q="西湖")).json
    by_code = (await visitor.get("/divisions", q="360103", limit="1")).json
    assert "360103" in [place["code"] for place in by_name]
    assert by_code == [{"code": "360103", "name": "西湖区", "full_name": "江西省南昌市西湖区", "leaf": True}]
    assert (await visitor.get("/divisions")).json == []


async def test_the_guide_answers_with_sources(visitor: Citizen) -> None:
    asked = {"item": ITEM, "household": "360702", "residence": "360103", "birth": "2007-03-05"}
    guide = await visitor.get("/guide", **asked)
    assert guide.status == 200
    assert guide.json["allowed"] is True
    assert guide.json["scope"] == "province-wide"
    assert guide.json["letter"]["required"] is True
    assert guide.json["on"] == "2026-09-14"
    assert all(material["source"] for material in guide.json["materials"])
    assert_problem(await visitor.get("/guide", **{**asked, "household": "999999"}), 422, "division_unknown")
    assert_problem(await visitor.get("/guide", **{**asked, "on": "2001-01-01"}), 422, "before_first_rule")


async def test_points_and_free_places_are_open_to_everyone(visitor: Citizen) -> None:
    (point,) = (await visitor.get("/points", item=ITEM, division="360103")).json
    slots = (await visitor.get(f"/points/{point['code']}/slots", item=ITEM, day="2026-09-15")).json
    assert [slot["free"] for slot in slots] == [3] * 6
    assert (await visitor.get(f"/points/{point['code']}/slots", item=ITEM, day="2026-09-19")).json == []
    assert_problem(await visitor.get("/points/NO-1/slots", item=ITEM, day="2026-09-15"), 404, "station_not_found")
    far = await visitor.get(f"/points/{point['code']}/slots", item=ITEM, day="2026-12-15")
    assert_problem(far, 409, "slot_beyond_horizon")


async def test_health_says_nothing_but_that_it_is_there(visitor: Citizen) -> None:
    assert (await visitor.ask("GET", "/healthz")).json == {"status": "ok"}
