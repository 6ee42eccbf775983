"""Closures (R199, R200): whoever had a place is told and served first, and nobody slips into a closed slot."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from casework import close_point as room
from casework.close_point import close_point, closure_report, closures, move_displaced
from casework.find_place import free_slots
from casework.notify import deliver_due
from casework.set_supply import supplies, supply_of
from casework.tend_places import tend_places
from casework.track import my_case, my_notices
from domain.refusal import Refusal
from domain.terms import NoticeKind, StaffRole
from models.slot import Booking
from tests.casework.booking import (
    MONDAY,
    booked,
    cancelled,
    closed,
    fill,
    held,
    opened,
    operator,
    people,
    settings,
    waiting,
    what_does_not_add_up,
)
from tests.casework.refused import refused
from tests.casework.town import ITEM, NANCHANG, NUMBER_UNKNOWN, SMALL, Town
from tests.casework.way import Way, at_hour

NINE = at_hour(MONDAY, 9)


async def told(way: Way) -> str:
    notices = await my_notices(way.deps, way.citizen, way.number)
    return next(notice.text for notice in notices if notice.kind is NoticeKind.POINT_CLOSED)


async def test_a_closure_ends_the_bookings_tells_each_person_and_keeps_the_nearest_place_for_them(town: Town) -> None:
    ways = await people(town, 2)
    for way in ways:
        await booked(way, 10)
    await closed(town, NINE, hours=2)
    for way in ways:
        view = await my_case(town.deps, way.citizen, way.number)
        assert view.booking is None
        assert view.hold is not None
        assert view.hold.starts_at == at_hour(MONDAY, 11)
        assert "演示设备检修" in await told(way)
        assert "已优先为您保留2026年9月21日 11:00" in await told(way)
        assert (await booked(way, 11)).booking is not None
    assert await what_does_not_add_up() == []


async def test_where_nothing_is_free_they_wait_first_in_line(town: Town) -> None:
    await settings(capacity=1, horizon_days=3)
    await settings(NANCHANG, capacity=0)
    everybody = await fill(town)
    earlier = await opened(town)
    await waiting(earlier)
    await closed(town, NINE, hours=1)
    lost = everybody[0]
    assert "已优先为您登记候补" in await told(lost)
    await cancelled(everybody[-1])
    assert (await my_case(town.deps, lost.citizen, lost.number)).hold is not None
    assert (await my_case(town.deps, earlier.citizen, earlier.number)).hold is None


async def test_a_closed_time_is_neither_shown_nor_sold_nor_held(town: Town) -> None:
    holder, way = await people(town, 2)
    await held(holder, 10)
    await closed(town, NINE, hours=8)
    assert await free_slots(town.deps, SMALL, ITEM, MONDAY) == ()
    for act in (booked, held):
        with refused("slot_closed") as said:
            await act(way, 10)
        assert said.facts["alternatives"][0] == at_hour(MONDAY.replace(day=22), 9)
        assert said.facts["nearby"][0]["point"] == NANCHANG
    assert (await my_case(town.deps, holder.citizen, holder.number)).hold is None
    assert await what_does_not_add_up() == []


async def test_nobody_slips_into_a_slot_while_it_is_being_closed(town: Town) -> None:
    ways = await people(town, 6)
    officer = await operator(town)
    act = close_point(town.deps, officer, SMALL, NINE, NINE + timedelta(hours=8), "演示")
    outcomes = await asyncio.gather(
        *(booked(way, 10 + n % 3) for n, way in enumerate(ways)), act, return_exceptions=True
    )
    assert all(not isinstance(one, BaseException) or isinstance(one, Refusal) for one in outcomes), outcomes
    await move_displaced(town.deps)
    assert await Booking.filter(ended_at=None, slot__closed=True).count() == 0
    assert await what_does_not_add_up() == []


async def test_what_a_crash_left_undone_the_sweep_does(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    async def dies(_deps: object) -> int:
        raise KeyboardInterrupt

    way = await opened(town)
    await booked(way)
    with monkeypatch.context() as patched:
        patched.setattr(room, "move_displaced", dies)
        with pytest.raises(KeyboardInterrupt):
            await closed(town, NINE)
    assert (await my_case(town.deps, way.citizen, way.number)).booking is not None
    await tend_places(town.deps)
    assert (await my_case(town.deps, way.citizen, way.number)).booking is None
    assert "演示设备检修" in await told(way)


async def test_the_operator_sees_who_was_reached_and_who_not(town: Town) -> None:
    reached, lost = await people(town, 2)
    await booked(reached, 10)
    await deliver_due(town.deps)
    closure = await closed(town, NINE, hours=2)
    officer = await operator(town)
    before = await closure_report(town.deps, officer, closure)
    assert [(one.status, one.reached) for one in before.people] == [("owed", False)]
    await deliver_due(town.deps)
    after = await closure_report(town.deps, officer, closure)
    assert (after.reached, after.people[0].name_masked, after.people[0].offered_at) == (1, "示**", at_hour(MONDAY, 11))
    await booked(lost, 12)
    town.sms.answer = NUMBER_UNKNOWN
    await deliver_due(town.deps)
    second = await closed(town, at_hour(MONDAY, 12), hours=1)
    await deliver_due(town.deps)
    report = await closure_report(town.deps, officer, second)
    assert [(one.status, one.reached) for one in report.people] == [("unreached", False)]
    assert [line.id for line in await closures(town.deps, officer)] == [second, closure]


async def test_only_operators_and_supervisors_close_and_only_sensibly(town: Town) -> None:
    with refused("staff_role_missing"):
        await close_point(town.deps, await town.clerk(), NANCHANG, NINE, NINE + timedelta(hours=1), "演示")
    officer = await operator(town)
    for point, start, end, reason, code in (
        ("NOWHERE", NINE, NINE + timedelta(hours=1), "演示", "station_not_found"),
        (SMALL, NINE, NINE, "演示", "closure_times_wrong"),
        (SMALL, NINE, NINE + timedelta(days=32), "演示", "closure_times_wrong"),
        (SMALL, NINE - timedelta(days=9), NINE - timedelta(days=8), "演示", "closure_times_wrong"),
        (SMALL, NINE, NINE + timedelta(hours=1), " ", "closure_reason_missing"),
    ):
        with refused(code):
            await close_point(town.deps, officer, point, start, end, reason)
    with refused("closure_not_found"):
        await closure_report(town.deps, officer, 999)


async def test_a_supervisor_closes_and_sets_the_points_of_the_own_area_only(town: Town) -> None:
    """R185: a point of another province is not told apart from none; somebody without an area has no point."""
    closure = await closed(town, NINE, hours=1)
    clerk, until = await town.clerk(), NINE + timedelta(hours=1)
    watching = replace(clerk, role=StaffRole.SUPERVISOR, point_id=None, point_name=None, point_division=None)
    stranger = replace(watching, division="440000")
    for act in (
        lambda: close_point(town.deps, stranger, NANCHANG, NINE, until, "演示"),
        lambda: supply_of(town.deps, stranger, NANCHANG, ITEM),
    ):
        with refused("station_not_found"):
            await act()
    with refused("closure_not_found"):
        await closure_report(town.deps, stranger, closure)
    assert await closures(town.deps, stranger) == ()
    assert {line.point_code for line in await supplies(town.deps, stranger)}.isdisjoint({NANCHANG, SMALL})
    own = replace(watching, division="360000")
    assert [line.id for line in await closures(town.deps, own)] == [closure]
    assert (await supply_of(town.deps, own, NANCHANG, ITEM)).point_code == NANCHANG
    with refused("area_unknown"):
        await supplies(town.deps, watching)
