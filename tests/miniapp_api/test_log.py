"""The log knows what happened, when and to which request; it never knows who the citizen is."""

import logging

import pytest
from structlog.testing import capture_logs

from casework.deps import Deps
from miniapp_api.app import make_app
from tests.miniapp_api.conftest import ClientFactory, MakeCitizen
from tests.miniapp_api.people import (
    ITEM,
    V1,
    Citizen,
    WeChat,
    adult,
    application,
    booked,
    consented,
    living_in_nanchang,
    signature,
)

NAME, STREET, PHONE, RELATIVE = "金丝雀", "金丝雀路4711号", "13912344711", "金丝鸟"


async def test_one_line_for_each_request_with_id_route_and_status_but_no_path_or_query(visitor: Citizen) -> None:
    with capture_logs() as logs:
        answer = await visitor.get("/guide", item=ITEM, household="360702", residence="360103", birth="2007-03-05")
    lines = [line for line in logs if line["event"] == "request"]
    assert len(lines) == 1
    assert {key: lines[0][key] for key in ("method", "route", "status")} == {
        "method": "GET",
        "route": f"{V1}/guide",
        "status": answer.status,
    }
    assert "2007" not in str(logs)


async def test_a_refusal_is_logged_by_its_code_in_the_line_of_its_request(visitor: Citizen) -> None:
    with capture_logs() as logs:
        await visitor.get("/me")
        await visitor.get("/points", item=ITEM, division="360103")
    assert [(line["event"], line.get("refused")) for line in logs] == [("request", "not_signed_in"), ("request", None)]


async def test_an_error_of_ours_is_logged_without_its_message(deps: Deps, aiohttp_client: ClientFactory) -> None:
    async def boom(request: object) -> None:
        raise ValueError(NAME)

    app = make_app(deps)
    app.router.add_get("/boom", boom)  # type: ignore[arg-type]
    with capture_logs() as logs:
        await Citizen(await aiohttp_client(app)).ask("GET", "/boom")
    (line,) = [line for line in logs if line["event"] == "request_failed"]
    assert line["error"] == "ValueError"
    assert "test_log.py" in line["where"][-1]
    assert NAME not in str(logs)


async def test_nothing_a_citizen_tells_reaches_any_log(
    make_citizen: MakeCitizen, wechat: WeChat, point: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with capture_logs() as logs:
        told = await _whole_way(await make_citizen(PHONE), wechat)
    written = f"{logs} {[record.getMessage() for record in caplog.records]}"
    assert len([line for line in logs if line["event"] == "request"]) > 10
    for secret in (NAME, STREET, PHONE, RELATIVE, *told):
        assert secret not in written


async def _whole_way(citizen: Citizen, wechat: WeChat) -> list[str]:
    """From the consent to the hand-off code, with some refusals; returns every secret made on the way."""
    await consented(citizen)
    phone_code = await wechat.phone_code(citizen.user)
    await citizen.post("/me/phone", {"code": phone_code})
    person = adult(name=NAME, household_address=f"江西省赣州市章贡区{STREET}")
    await citizen.ask("PUT", f"{V1}/me/person", {**person, "identity_number": person["identity_number"] + "9"})
    profile = (await citizen.ask("PUT", f"{V1}/me/person", person)).json
    home = living_in_nanchang(profile["persons"][0]["id"], address=f"江西省南昌市西湖区{STREET}")
    declaration = (await citizen.write("POST", "/residence-declarations", home)).json
    number = (await citizen.write("POST", "/cases", application(declaration["id"]))).json["number"]
    await citizen.write("POST", "/cases", application(declaration["id"]))
    await booked(citizen, number)
    letter = (await citizen.get(f"/cases/{number}/letter")).json
    await citizen.write("POST", f"/cases/{number}/signature", signature(letter, strokes=[]))
    await citizen.write("POST", f"/cases/{number}/signature", signature(letter))
    code = (await citizen.write("POST", f"/cases/{number}/handoff-codes")).json["code"]
    relative = {"name": RELATIVE, "identity_number": adult()["identity_number"], "kinship": "parent"}
    await citizen.write("PUT", f"/cases/{number}/collector", relative)
    binding = (await citizen.post("/me/chat-binding-codes")).json["code"]
    return [
        str(citizen.token),
        phone_code,
        person["identity_number"],
        relative["identity_number"],
        letter["nonce"],
        code,
        binding,
    ]
