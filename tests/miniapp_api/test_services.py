"""Certificates, temporary cards and trials as the mini-program asks for them: over HTTP, with every no in words."""

from datetime import date
from typing import Any

import pytest

from domain.terms import CaseState, ServiceItem
from models.case import Case
from models.db import Database
from models.place import find_point, keep_point
from tests.miniapp_api.people import Citizen, WeChat, application, declared, identity_number, living_in_nanchang
from tests.miniapp_api.test_problems import assert_problem

CERTIFICATE, TEMPORARY, CARD = "household_certificate", "temporary_id_card", "id_card_first_application"
TUESDAY = "2026-09-15"
WISH = {"booklet_obtainable": False, "applied_online": False, "certificate": {"matters": ["kinship"], "other": None}}


async def offering(code: str, division: str, address: str) -> None:
    """A fictitious point that takes all three services."""
    openings = [{"weekday": day, "start": "09:00", "end": "12:00"} for day in range(5)]
    schedule = {"openings": openings, "slot_minutes": 30, "capacity": 3, "closed_on_rest_days": True}
    await keep_point(
        code, dict.fromkeys(ServiceItem, date(2026, 1, 1)), name=f"测试受理点{code}", division=division,
        address=address, phone="000-00000000", schedule=schedule, is_demo=True,
    )  # fmt: skip


@pytest.fixture(autouse=True)
async def points(database: Database) -> None:
    await offering("JX-ALL-1", "360103", "江西省南昌市西湖区测试大道3号")
    await offering("GD-ALL-1", "440106", "广东省广州市天河区测试大道1号")
    await offering("GD-ALL-2", "440103", "广东省广州市荔湾区测试大道2号")


async def from_guangdong(citizen: Citizen, wechat: WeChat, **other: Any) -> int:
    """Registered in Meizhou, living in Nanchang; the id of the declaration."""
    who = {
        "identity_number": identity_number("441402", "19900305"), "household_division": "441402",
        "household_address": "广东省梅州市梅江区测试路5号505室",
    }  # fmt: skip
    person = await declared(citizen, wechat, **who)
    home = living_in_nanchang(person, item=CERTIFICATE, **other)
    answer = await citizen.write("POST", "/residence-declarations", home)
    assert answer.status == 201, answer.json
    return int(answer.json["id"])


async def in_guangzhou(citizen: Citizen, wechat: WeChat) -> int:
    """Registered in Ganzhou, living in Guangzhou; the id of the declaration."""
    home = {
        "person_id": await declared(citizen, wechat), "item": CARD, "division": "440106",
        "address": "广东省广州市天河区测试路8号808室", "declared_locally": True,
    }  # fmt: skip
    answer = await citizen.write("POST", "/residence-declarations", home)
    assert answer.status == 201, answer.json
    return int(answer.json["id"])


async def free(citizen: Citizen, point: str, item: str) -> dict[str, str]:
    slots = (await citizen.get(f"/points/{point}/slots", item=item, day=TUESDAY)).json
    return {"point": point, "starts_at": slots[0]["starts_at"]}


async def test_a_certificate_is_asked_for_booked_and_handed_off_as_any_other_case(
    citizen: Citizen, wechat: WeChat
) -> None:
    """R051, R161: no letter, no fee; the same routes as the identity card."""
    declaration = await from_guangdong(citizen, wechat)
    case = await citizen.write("POST", "/cases", application(declaration, item=CERTIFICATE, **WISH))
    assert case.status == 201, case.json
    assert (case.json["fee"], case.json["missing"]) == (0, ["booking"])
    assert case.json["certificate"]["matters"] == ["同户成员亲属关系"]
    number = case.json["number"]
    assert_problem(await citizen.get(f"/cases/{number}/letter"), 409, "letter_not_required")
    assert_problem(await citizen.write("POST", f"/cases/{number}/handoff-codes"), 409, "not_ready_for_handoff")
    booked = await citizen.write("PUT", f"/cases/{number}/booking", await free(citizen, "JX-ALL-1", CERTIFICATE))
    assert booked.status == 200, booked.json
    assert (await citizen.write("POST", f"/cases/{number}/handoff-codes")).status == 201
    told = [notice["kind"] for notice in (await citizen.get(f"/cases/{number}/notices")).json]
    assert {"case_opened", "booking_confirmed"} <= set(told)
    assert (await citizen.write("POST", f"/cases/{number}/withdrawal")).json["state"] == "withdrawn"


WRONG: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"booklet_obtainable": True}, 409, "booklet_obtainable"),
    ({"booklet_obtainable": None}, 422, "answer_required"),
    ({"certificate": None}, 422, "certificate_matter_required"),
    ({"certificate": {"matters": []}}, 422, "certificate_matter_required"),
    ({"certificate": {"matters": [], "other": " "}}, 422, "certificate_matter_required"),
    ({"certificate": {"matters": ["horoscope"]}}, 422, "malformed"),
    ({"certificate": {"matters": [], "other": "长" * 201}}, 422, "malformed"),
    ({"delivery": "post"}, 422, "delivery_not_offered"),
    ({"information_true": False}, 422, "statement_required"),
)


async def test_what_is_wrong_with_a_certificate_is_said(citizen: Citizen, wechat: WeChat) -> None:
    """R038, R170: also to whoever has the booklet."""
    declaration = await from_guangdong(citizen, wechat)
    for stated, status, code in WRONG:
        body = application(declaration, item=CERTIFICATE, **{**WISH, **stated})
        assert_problem(await citizen.write("POST", "/cases", body), status, code)
    assert (await citizen.get("/cases")).json == []


async def test_within_the_own_province_there_is_none_and_online_ones_are_pointed_back(
    citizen: Citizen, wechat: WeChat, visitor: Citizen
) -> None:
    """R023, R024."""
    person = await declared(citizen, wechat)
    home = await citizen.write("POST", "/residence-declarations", living_in_nanchang(person, item=CERTIFICATE))
    body = application(home.json["id"], item=CERTIFICATE, **WISH)
    assert_problem(await citizen.write("POST", "/cases", body), 409, "only_across_provinces")
    asked = {"item": CERTIFICATE, "household": "310101", "residence": "320102", "birth": "1990-01-01"}
    guide = (await visitor.get("/guide", **asked, applied_online="true")).json
    assert [reason["code"] for reason in guide["reasons"]] == ["applied_online_already"]


async def test_a_temporary_card_goes_along_with_the_identity_card(citizen: Citizen, wechat: WeChat) -> None:
    """B20, B21: its fee is told before, it has no visit of its own, and there is one at a time."""
    declaration = await in_guangzhou(citizen, wechat)
    opened = await citizen.write("POST", "/cases", application(declaration, urgent_need="近期要参加考试"))
    assert opened.status == 201, opened.json
    parent, card = opened.json["number"], opened.json["temporary_card"]["number"]
    seen = (await citizen.get(f"/cases/{card}")).json
    assert (seen["fee"], seen["parent"]["number"], seen["missing"]) == (1000, parent, [])
    wish = await free(citizen, "GD-ALL-1", TEMPORARY)
    assert_problem(await citizen.write("PUT", f"/cases/{card}/booking", wish), 409, "temporary_card_rides_along")
    again = await citizen.write("POST", f"/cases/{parent}/temporary-card", {"need": "又想起来了"})
    assert_problem(again, 409, "temporary_card_asked_already")
    assert (await citizen.write("POST", f"/cases/{parent}/withdrawal")).status == 200
    assert (await citizen.get(f"/cases/{card}")).json["state"] == "void"


async def test_a_temporary_card_is_for_the_station_of_its_identity_card(citizen: Citizen, wechat: WeChat) -> None:
    """B21: asked for later, at the same station; nowhere else, and not by post."""
    declaration = await in_guangzhou(citizen, wechat)
    parent = (await citizen.write("POST", "/cases", application(declaration))).json["number"]
    station = await find_point("GD-ALL-1")
    assert station is not None
    await Case.filter(number=parent).update(state=CaseState.UNDER_REVIEW, acceptance_point_id=station.id)
    where, need = f"/cases/{parent}/temporary-card", {"need": "近期要参加考试"}
    assert_problem(await citizen.write("POST", where, {**need, "delivery": "post"}), 409, "temporary_card_by_post")
    assert_problem(await citizen.write("POST", where, {"need": " "}), 422, "urgent_need_required")
    card = await citizen.write("POST", where, need)
    assert card.status == 201, card.json
    booking = f"/cases/{card.json['number']}/booking"
    elsewhere = await citizen.write("PUT", booking, await free(citizen, "GD-ALL-2", TEMPORARY))
    assert_problem(elsewhere, 409, "temporary_card_other_station")
    assert (await citizen.write("PUT", booking, await free(citizen, "GD-ALL-1", TEMPORARY))).status == 200


async def test_there_is_no_temporary_card_without_an_identity_card_or_where_nobody_offers_it(
    citizen: Citizen, wechat: WeChat
) -> None:
    """B21."""
    person = await declared(citizen, wechat)
    home = (await citizen.write("POST", "/residence-declarations", living_in_nanchang(person))).json["id"]
    alone = await citizen.write("POST", "/cases", application(home, item=TEMPORARY))
    assert_problem(alone, 409, "temporary_card_needs_parent")
    parent = (await citizen.write("POST", "/cases", application(home))).json["number"]
    where = f"/cases/{parent}/temporary-card"
    assert_problem(await citizen.write("POST", where, {"need": "急用"}), 409, "temporary_card_not_offered")
    nobody = "/cases/261121-1797-3590-29/temporary-card"
    assert_problem(await citizen.write("POST", nobody, {"need": "急用"}), 404, "case_not_found")


async def test_invitations_are_brought_by_their_code(citizen: Citizen) -> None:
    """R019."""
    assert (await citizen.get("/me/invitations")).json == []
    assert_problem(await citizen.post("/me/invitations", {"code": "YQ-1"}), 422, "invitation_malformed")
    assert_problem(await citizen.post("/me/invitations", {"code": "YQ-00000-00000"}), 409, "invitation_unusable")
    assert_problem(await citizen.post("/me/invitations", {"code": ""}), 422, "malformed")
