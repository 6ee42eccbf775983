"""The page of services on trial (R019): set by a supervisor, invited to by a clerk, never listed in public."""

import re
from datetime import timedelta

import pytest

from casework.deps import Deps
from casework.find_place import points_for
from domain.terms import StaffRole
from models.staff import keep_staff
from tests.counter.conftest import OpenConsole
from tests.counter.people import ITEM, NANCHANG, password_hash


@pytest.fixture(autouse=True)
async def chief(deps: Deps) -> None:
    await keep_staff(
        "chief-jx", display_name="演示督导", password_hash=password_hash(), role=StaffRole.SUPERVISOR, division="360000"
    )


async def test_a_service_is_tried_out_and_people_are_called_in(at_desk: OpenConsole, deps: Deps) -> None:
    until = (deps.today() + timedelta(days=14)).isoformat()
    chief = await at_desk("chief-jx")
    page = await chief.get("/invitations")
    wish: dict[str, object] = {"point": NANCHANG, "item": ITEM.value, "until": until, "act": "try"}
    done = await chief.send(page, "/trials", wish)
    assert (done.status, done.refused) == (303, None), done.text
    assert NANCHANG not in [point.code for point in await points_for(deps, ITEM, "360102")]
    clerk = await at_desk()
    page = await clerk.get("/invitations")
    assert "只为受邀群众办理" in page.text
    assert not page.offers("/trials")
    made = await clerk.send(page, "/invitations", {"point": NANCHANG, "item": ITEM.value, "until": until, "count": "2"})
    codes = re.findall(r"YQ-[0-9A-Z]{5}-[0-9A-Z]{5}", made.text)
    assert len(set(codes)) == 2
    again = await clerk.get("/invitations")
    assert codes[0] not in again.html  # told once
    assert again.text.count("未使用") == 2
    number = re.findall(r"/invitations/([0-9]+)/withdrawal", again.html)[0]
    back = await clerk.send(again, f"/invitations/{number}/withdrawal")
    assert back.status == 303
    assert "已收回" in (await clerk.get("/invitations")).text
    opened = await chief.send(await chief.get("/invitations"), "/trials", {"act": "open"}, point=NANCHANG)
    assert opened.status == 303
    assert NANCHANG in [point.code for point in await points_for(deps, ITEM, "360102")]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"until": "2026-13-40"}, "malformed"),
        ({"until": "2031-01-01"}, "trial_day_wrong"),
        ({"count": "0"}, "invitations_too_many"),
        ({"count": "many"}, "malformed"),
        ({"point": "GZ-DEMO"}, "area_outside"),
        ({"point": "NOWHERE"}, "station_not_found"),
        ({"item": "household_certificate"}, "station_without_service"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_stays(
    typed: dict[str, str], code: str, at_desk: OpenConsole, deps: Deps
) -> None:
    clerk = await at_desk()
    until = (deps.today() + timedelta(days=14)).isoformat()
    wish: dict[str, object] = {"point": NANCHANG, "item": ITEM.value, "until": until, "count": "3", **typed}
    page = await clerk.send(await clerk.get("/invitations"), "/invitations", wish)
    assert page.status in {403, 404, 409, 422}
    assert page.refused == code
    assert f'value="{wish["count"]}"' in page.html
