"""The routes of booking: hold, move, wait, several at once, take along, and the work asked before."""

from dataclasses import replace
from itertools import count
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from casework.count_no_shows import count_no_shows
from casework.deps import Deps
from domain.terms import ServiceItem
from gateways.proof_of_work import ProofOfWork, leading_zeros
from miniapp_api.app import make_app
from models.place import find_point, set_booking
from tests.miniapp_api.conftest import ClientFactory
from tests.miniapp_api.people import (
    ITEM,
    V1,
    Citizen,
    TurnedClock,
    WeChat,
    application,
    booked,
    child,
    consented,
    living_in_nanchang,
    opened,
    parent,
)
from tests.miniapp_api.test_problems import assert_problem

TUESDAY = "2026-09-15"
NINE = f"{TUESDAY}T09:00:00+08:00"


@pytest.fixture
async def number(citizen: Citizen, wechat: WeChat, point: str) -> str:
    return await opened(citizen, wechat)


def wish(point: str, at: str = NINE) -> dict[str, str]:
    return {"point": point, "starts_at": at}


async def set_to(point: str, **settings: Any) -> None:
    here = await find_point(point)
    assert here is not None
    await set_booking(here.id, ServiceItem.ID_CARD_FIRST_APPLICATION, **settings)


async def test_a_hold_is_shown_with_its_end_and_given_back(citizen: Citizen, number: str, point: str) -> None:
    held = await citizen.write("PUT", f"/cases/{number}/hold", wish(point))
    assert held.status == 200, held.json
    assert held.json["hold"]["until"] == "2026-09-14T01:10:00Z"
    assert held.json["booking"] is None
    slots = (await citizen.get(f"/points/{point}/slots", item=ITEM, day=TUESDAY)).json
    assert slots[0]["free"] == 2
    assert (await citizen.write("DELETE", f"/cases/{number}/hold")).json["hold"] is None
    assert_problem(await citizen.write("DELETE", f"/cases/{number}/hold"), 404, "hold_not_found")


async def test_a_full_place_is_refused_with_others_and_waited_for(citizen: Citizen, number: str, point: str) -> None:
    await set_to(point, capacity=0)
    refused = await citizen.write("PUT", f"/cases/{number}/hold", wish(point))
    assert_problem(refused, 409, "slot_full")
    assert (refused.json["alternatives"], refused.json["nearby"]) == ([], [])
    days = {"point": point, "from_day": TUESDAY, "to_day": "2026-09-16"}
    waits = await citizen.write("PUT", f"/cases/{number}/waiting", days)
    assert waits.json["waiting"]["to_day"] == "2026-09-16"
    assert (await citizen.write("DELETE", f"/cases/{number}/waiting")).json["waiting"] is None
    assert_problem(await citizen.write("DELETE", f"/cases/{number}/waiting"), 404, "waiting_not_found")
    wrong = await citizen.write("PUT", f"/cases/{number}/waiting", {**days, "to_day": "2026-09-13"})
    assert_problem(wrong, 422, "waiting_days_wrong")


async def test_children_are_booked_together_or_not_at_all(citizen: Citizen, wechat: WeChat, point: str) -> None:
    await consented(citizen)
    await citizen.post("/me/phone", {"code": await wechat.phone_code(citizen.user)})
    await citizen.ask("PUT", f"{V1}/me/person", parent())
    numbers = []
    for _ in range(2):
        ward = (await citizen.post("/wards", child())).json
        home = living_in_nanchang(ward["id"], proof_of="guardian")
        declaration = await citizen.write("POST", "/residence-declarations", home)
        case = await citizen.write("POST", "/cases", application(declaration.json["id"]))
        numbers.append(case.json["number"])
    body = {"cases": numbers, **wish(point)}
    await set_to(point, capacity=1)
    assert_problem(await citizen.write("PUT", "/visits", body), 409, "slot_full")
    await set_to(point, capacity=2)
    answer = await citizen.write("PUT", "/visits", body)
    assert [view["booking"]["starts_at"] for view in answer.json] == ["2026-09-15T01:00:00Z"] * 2
    assert_problem(await citizen.write("PUT", "/visits", {**body, "cases": []}), 422, "malformed")


async def test_the_visit_is_taken_along(citizen: Citizen, number: str) -> None:
    for name in ("booking.ics", "booking.html"):
        assert_problem(await citizen.get(f"/cases/{number}/{name}"), 404, "booking_not_found")
    await booked(citizen, number)
    calendar = await citizen.get(f"/cases/{number}/booking.ics")
    assert calendar.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert calendar.headers["Content-Disposition"] == 'attachment; filename="visit.ics"'
    assert b"DTSTART:20260915T010000Z\r\n" in calendar.body
    slip = await citizen.get(f"/cases/{number}/booking.html")
    assert "style-src 'sha256-" in slip.headers["Content-Security-Policy"]
    assert number in slip.body.decode()


async def test_a_person_sees_what_was_missed_and_appeals(
    citizen: Citizen, number: str, deps: Deps, clock: TurnedClock, wechat: WeChat
) -> None:
    await booked(citizen, number)
    assert len((await citizen.get("/me/visits")).json["upcoming"]) == 1
    clock.turn(hours=27)
    await count_no_shows(deps)
    answer = await citizen.post("/sessions", {"code": await wechat.login_code(citizen.user)})
    citizen.token = answer.json["token"]
    visits = (await citizen.get("/me/visits")).json
    assert (visits["counted"], visits["upcoming"], visits["blocked_until"]) == (1, [], None)
    missed = visits["missed"][0]["id"]
    told = await citizen.post(f"/me/visits/{missed}/appeal", {"text": "当天到过窗口"})
    assert (told.status, told.json["counted"], told.json["missed"][0]["appeal"]) == (201, 0, "open")
    assert_problem(await citizen.post(f"/me/visits/{missed}/appeal", {"text": "再说"}), 409, "appeal_exists")
    assert_problem(await citizen.post("/me/visits/9999/appeal", {"text": "再说"}), 404, "visit_not_found")


async def test_points_come_nearest_first_for_a_coarse_position(visitor: Citizen, point: str) -> None:
    query = {"item": ITEM, "division": "360103"}
    near = await visitor.get("/points", **query, latitude="28.682", longitude="115.858")
    assert near.status == 200
    assert near.json[0]["distance_metres"] is None
    for latitude in ("28.68234", "91", "north", "1e1", "+28"):
        wrong = await visitor.get("/points", **query, latitude=latitude, longitude="115.858")
        assert_problem(wrong, 422, "malformed")


async def test_work_is_asked_for_where_a_point_is_hot(
    deps: Deps, number: str, point: str, citizen: Citizen, aiohttp_client: ClientFactory
) -> None:
    client: TestClient[Any, Any] = await aiohttp_client(make_app(replace(deps, puzzle=ProofOfWork(b"k"))))
    phone = Citizen(client, token=citizen.token)
    assert (await phone.get(f"/points/{point}/challenge", item=ITEM)).json["bits"] == 0
    await set_to(point, challenge_bits=8)
    path = f"{V1}/cases/{number}/booking"
    assert_problem(await phone.ask("PUT", path, wish(point), key="a-key-1234"), 403, "challenge_required")
    challenge = (await phone.get(f"/points/{point}/challenge", item=ITEM)).json["challenge"]
    answer = next(n for n in count() if leading_zeros(challenge, "a-key-1234", str(n)) >= 8)
    solved = {"X-Challenge-Answer": f"{challenge}:{answer}"}
    other = await phone.ask(
        "PUT", path, wish(point), key="b-key-1234", headers={"X-Challenge-Answer": f"{challenge}:x"}
    )
    assert_problem(other, 403, "challenge_failed")
    done = await phone.ask("PUT", path, wish(point), key="a-key-1234", headers=solved)
    assert done.status == 200, done.json
    assert (await phone.ask("PUT", path, wish(point), key="a-key-1234", headers=solved)).json == done.json


async def test_without_a_puzzle_nothing_passes_where_work_is_asked_for(
    citizen: Citizen, number: str, point: str
) -> None:
    await set_to(point, challenge_bits=8)
    assert_problem(await booked(citizen, number), 403, "challenge_required")
