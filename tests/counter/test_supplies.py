"""How a point is booked is set on a page, and holds at once; a closed point is opened again before its time."""

from datetime import date

import pytest

from casework.book import book
from casework.deps import Deps
from casework.find_place import free_slots
from domain.refusal import Refusal
from domain.terms import StaffRole
from models.audit import AuditEntry
from models.place import find_point, find_service
from tests.casework.refused import refused
from tests.counter.conftest import OpenConsole
from tests.counter.console import Console, Page
from tests.counter.people import ITEM, NANCHANG, _employ, adult, key
from tests.workers.wiring import TurnedClock

HERE = f"/supplies/{NANCHANG}/{ITEM}"
CLOSURE = {"point": NANCHANG, "starts_at": "2026-11-19T09:00", "ends_at": "2026-11-19T12:00", "reason": "系统故障"}
DAY = date(2026, 11, 19)


@pytest.fixture(autouse=True)
async def operator(deps: Deps) -> None:
    await _employ("operator", StaffRole.OPERATOR, None)


async def save(console: Console, **typed: str) -> Page:
    page = await console.get(HERE)
    return await console.post(HERE, {**page.form(HERE), **typed})


async def test_what_is_set_holds_for_the_next_booking_and_stands_on_record(at_desk: OpenConsole, deps: Deps) -> None:
    console = await at_desk("operator")
    assert HERE in (await console.get("/supplies")).html
    saved = await save(
        console, capacity="2", lead_minutes="60", horizon_days="7", release_hour="8", walk_in_percent="50",
        minor_places="0", cut_off_minutes="120",
    )  # fmt: skip
    assert (saved.status, saved.location) == (303, "/supplies")
    slots = await free_slots(deps, NANCHANG, ITEM, DAY)
    assert {slot.free for slot in slots} == {1}
    with refused("slot_beyond_horizon", days=7):
        await free_slots(deps, NANCHANG, ITEM, date(2026, 11, 27))
    entry = await AuditEntry.get(act="set_supply")
    assert (entry.actor, entry.facts["changed"]["walk_in_percent"]) == ("staff:operator", [0, 50])
    assert "网上可约1个" in (await console.get(HERE)).text


async def test_a_booking_made_before_stays_when_fewer_places_are_offered(at_desk: OpenConsole, deps: Deps) -> None:
    walkers = [await adult(deps) for _ in range(3)]
    at = (await free_slots(deps, NANCHANG, ITEM, DAY))[0].starts_at
    for walker in walkers[:2]:
        await book(deps, walker.citizen, walker.number, NANCHANG, at, key())
    await save(await at_desk("operator"), capacity="1")
    assert at not in [slot.starts_at for slot in await free_slots(deps, NANCHANG, ITEM, DAY)]
    with pytest.raises(Refusal) as full:
        await book(deps, walkers[2].citizen, walkers[2].number, NANCHANG, at, key())
    assert full.value.code == "slot_full"


async def test_empty_fields_mean_the_usual_places_and_no_cut_off(at_desk: OpenConsole) -> None:
    console = await at_desk("operator")
    await save(console, capacity="3", cut_off_minutes="30")
    await save(console, capacity="", cut_off_minutes="")
    point = await find_point(NANCHANG)
    assert point is not None
    service = await find_service(point.id, ITEM)
    assert service is not None
    assert (service.capacity, service.cut_off_minutes) == (None, None)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"capacity": "0"}, "supply_unfit"),
        ({"release_hour": "24"}, "supply_unfit"),
        ({"walk_in_percent": "101"}, "supply_unfit"),
        ({"horizon_days": "0"}, "supply_unfit"),
        ({"capacity": "2", "minor_places": "3"}, "supply_unfit"),
        ({"lead_minutes": "-1"}, "malformed"),
        ({"lead_minutes": ""}, "malformed"),
        ({"capacity": "many"}, "malformed"),
    ],
)
async def test_numbers_that_make_no_sense_change_nothing(
    typed: dict[str, str], code: str, at_desk: OpenConsole
) -> None:
    page = await save(await at_desk("operator"), **typed)
    assert (page.status, page.refused) == (422, code)
    assert await AuditEntry.filter(act="set_supply").count() == 0


@pytest.mark.parametrize("here", ["/supplies/NOWHERE/id_card_first_application", f"/supplies/{NANCHANG}/nothing"])
async def test_a_point_or_item_that_is_not_there_is_not_found(here: str, at_desk: OpenConsole) -> None:
    assert (await (await at_desk("operator")).get(here)).status == 404


async def test_clerks_set_nothing(at_desk: OpenConsole) -> None:
    console = await at_desk()
    for here in ("/supplies", HERE):
        assert (await console.get(here)).refused == "staff_role_missing"


async def test_a_closed_point_is_opened_again_and_books_at_once(
    at_desk: OpenConsole, deps: Deps, clock: TurnedClock
) -> None:
    console = await at_desk("operator")
    closed = await console.send(await console.get("/closures"), "/closures", CLOSURE)
    shut = [slot.starts_at for slot in await free_slots(deps, NANCHANG, ITEM, DAY)]
    page = await console.get(closed.location)
    assert (await console.send(page, f"{closed.location}/reopening", {})).status == 303
    opened = [slot.starts_at for slot in await free_slots(deps, NANCHANG, ITEM, DAY)]
    assert len(opened) > len(shut)
    walker = await adult(deps)
    (at, *_) = sorted(set(opened) - set(shut))
    view = await book(deps, walker.citizen, walker.number, NANCHANG, at, key())
    assert view.booking is not None
    page = await console.get(closed.location)
    assert "开始前取消" in page.text
    assert not page.offers(f"{closed.location}/reopening")
    assert (await AuditEntry.get(act="reopen_point")).facts["point"] == NANCHANG
    again = await console.post(f"{closed.location}/reopening", (await console.get("/closures")).form("/closures"))
    assert (again.status, again.refused) == (409, "closure_over")


async def test_opening_again_leaves_closed_what_another_closure_lies_on(at_desk: OpenConsole, deps: Deps) -> None:
    console = await at_desk("operator")
    before = [slot.starts_at for slot in await free_slots(deps, NANCHANG, ITEM, DAY)]
    first = await console.send(await console.get("/closures"), "/closures", CLOSURE)
    later = {**CLOSURE, "starts_at": "2026-11-19T10:00"}
    await console.send(await console.get("/closures"), "/closures", later)
    await console.send(await console.get(first.location), f"{first.location}/reopening", {})
    after = [slot.starts_at for slot in await free_slots(deps, NANCHANG, ITEM, DAY)]
    gone = set(before) - set(after)
    assert gone
    assert {at.astimezone().astimezone(deps.clock.now().tzinfo).hour for at in gone} <= {2, 3}  # 10 to 12 in China
