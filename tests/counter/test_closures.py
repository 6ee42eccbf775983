"""Closing a point at the console, and who was reached; appeals at the station."""

import pytest

from casework.book import book
from casework.count_no_shows import appeal, count_no_shows, my_visits
from casework.deps import Deps
from casework.find_place import free_slots
from domain.terms import StaffRole
from tests.counter.conftest import OpenConsole
from tests.counter.people import ITEM, NANCHANG, _employ, adult, key
from tests.workers.wiring import TurnedClock

FORM = {"point": NANCHANG, "starts_at": "2026-11-19T09:00", "ends_at": "2026-11-19T12:00", "reason": "系统故障"}


@pytest.fixture(autouse=True)
async def operator(deps: Deps) -> None:
    await _employ("operator", StaffRole.OPERATOR, None)


async def test_an_operator_closes_a_point_and_sees_who_was_touched(at_desk: OpenConsole, deps: Deps) -> None:
    walker = await adult(deps)
    (first, *_) = await free_slots(deps, NANCHANG, ITEM, deps.today().replace(day=19))
    await book(deps, walker.citizen, walker.number, NANCHANG, first.starts_at, key())
    console = await at_desk("operator")
    closed = await console.send(await console.get("/closures"), "/closures", FORM)
    assert closed.status == 303
    page = await console.get(closed.location)
    assert "受影响 1 人，已通知到 0 人" in page.text
    assert walker.number in page.text
    assert walker.name not in page.html
    assert "已保留 2026年11月19日 12:00" in page.text
    assert "系统故障" in (await console.get("/closures")).text


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"point": "NOWHERE"}, "station_not_found"),
        ({"ends_at": "2026-11-19T09:00"}, "closure_times_wrong"),
        ({"ends_at": "tomorrow"}, "malformed"),
        ({"starts_at": "2026-13-19T09:00"}, "malformed"),
        ({"reason": " "}, "malformed"),
    ],
)
async def test_a_closure_that_makes_no_sense_is_refused_on_the_page(
    change: dict[str, str], code: str, at_desk: OpenConsole
) -> None:
    console = await at_desk("operator")
    page = await console.send(await console.get("/closures"), "/closures", {**FORM, **change})
    assert page.refused == code
    assert page.status in {404, 422}


async def test_clerks_close_nothing(at_desk: OpenConsole) -> None:
    console = await at_desk()
    assert (await console.get("/closures")).refused == "staff_role_missing"


async def test_a_report_that_is_not_there_is_not_found(at_desk: OpenConsole) -> None:
    console = await at_desk("operator")
    for number in ("999", "x", "1" * 30):
        assert (await console.get(f"/closures/{number}")).refused == "closure_not_found"


async def test_a_clerk_decides_an_appeal(at_desk: OpenConsole, deps: Deps, clock: TurnedClock) -> None:
    walker = await adult(deps)
    (first, *_) = await free_slots(deps, NANCHANG, ITEM, deps.today())
    await book(deps, walker.citizen, walker.number, NANCHANG, first.starts_at, key())
    clock.turn(hours=6)
    assert await count_no_shows(deps) == 1
    (missed,) = (await my_visits(deps, walker.citizen)).missed
    await appeal(deps, walker.citizen, missed.id, "当天<b>到过</b>窗口")
    console = await at_desk()
    page = await console.get("/appeals")
    assert "当天<b>到过</b>窗口" in page.text
    assert walker.name not in page.html
    done = await console.send(page, "/appeals/1", {"answer": "grant"})
    assert done.status == 303
    assert "没有待处理的申诉" in (await console.get("/appeals")).text
    assert (await my_visits(deps, walker.citizen)).counted == 0
    token = await console.csrf_token()
    assert (await console.post("/appeals/1", {"csrf_token": token, "answer": "grant"})).refused == "appeal_not_found"
