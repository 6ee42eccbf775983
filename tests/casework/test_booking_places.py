"""Places: derived from the schedule, shared out by the settings, given once, moved whole or not at all."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from casework.book import book, book_visit
from casework.find_place import free_slots, points_for
from casework.pre_register import add_ward
from casework.track import my_case
from domain.position import Position
from domain.refusal import Refusal
from domain.terms import GuardianRelation, GuardianshipCase, ServiceItem
from models.place import keep_point
from models.slot import Booking, Slot
from tests.casework.booking import (
    MONDAY,
    booked,
    cancelled,
    held,
    opened,
    people,
    released,
    settings,
    what_does_not_add_up,
)
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import GANZHOU, ITEM, JIUJIANG, NANCHANG, SMALL, Town, key
from tests.casework.way import ADULT, MINOR, Way, at_hour, person, set_out

TEN = at_hour(MONDAY, 10)


async def free(town: Town, hour: int = 10, *, minor: bool = False, point: str = SMALL) -> int:
    slots = await free_slots(town.deps, point, ITEM, MONDAY, minor=minor)
    return next((slot.free for slot in slots if slot.starts_at == at_hour(MONDAY, hour)), 0)


async def test_places_are_there_the_moment_a_point_is(town: Town) -> None:
    assert await Slot.all().count() == 0
    slots = await free_slots(town.deps, SMALL, ITEM, MONDAY)
    assert [slot.free for slot in slots] == [3] * 8


async def test_points_are_told_nearest_first(town: Town) -> None:
    for code, latitude in ((NANCHANG, 28.90), (SMALL, 28.70)):
        await keep_point(code, {}, latitude=latitude, longitude=115.9)
    near = await points_for(town.deps, ITEM, "360102", Position(28.69, 115.9))
    assert [(point.code, point.distance_metres) for point in near] == [(SMALL, 1112), (NANCHANG, 23351)]
    assert [point.code for point in await points_for(town.deps, ITEM, "360102")] == [NANCHANG, SMALL]


async def test_a_place_is_sold_once_however_many_ask_at_once(town: Town) -> None:
    everybody = await people(town, 9)
    assert await at_once(booked(way) for way in everybody) == {DONE: 3, "slot_full": 6}
    assert await what_does_not_add_up() == []


async def test_a_full_slot_names_the_nearest_free_times_here_and_nearby(town: Town) -> None:
    for way in await people(town, 3):
        await booked(way)
    with refused("slot_full") as said:
        await booked(await opened(town))
    assert said.facts["alternatives"] == [at_hour(MONDAY, 9), at_hour(MONDAY, 11), at_hour(MONDAY, 12)]
    assert [(near["point"], near["starts_at"]) for near in said.facts["nearby"]] == [(NANCHANG, TEN)]


async def test_walk_ins_keep_their_share(town: Town) -> None:
    await settings(walk_in_percent=50)
    assert await free(town) == 1
    assert await at_once(booked(way) for way in await people(town, 2)) == {DONE: 1, "slot_full": 1}


async def test_places_for_applicants_under_16_are_not_given_to_others(town: Town) -> None:
    """B83: children have places of their own; they may take any other too."""
    await settings(JIUJIANG, capacity=3, minor_places=2)
    adult = replace(ADULT, residence="360403", residence_address="江西省九江市浔阳区测试路9号", point=JIUJIANG)
    grown = await people(town, 2, adult)
    assert (await free(town, point=JIUJIANG), await free(town, minor=True, point=JIUJIANG)) == (1, 3)
    assert await at_once(booked(way, point=JIUJIANG) for way in grown) == {DONE: 1, "slot_full": 1}
    children = await people(town, 3, MINOR)
    assert await at_once(booked(way, point=JIUJIANG) for way in children) == {DONE: 2, "slot_full": 1}
    assert await what_does_not_add_up() == []


async def test_a_lowered_capacity_takes_nothing_away_and_a_raised_one_counts_at_once(town: Town) -> None:
    ways = await people(town, 5)
    for way in ways[:3]:
        await booked(way)
    await settings(capacity=1)
    with refused("slot_full"):
        await booked(ways[3])
    assert await Booking.filter(ended_at=None).count() == 3
    await settings(capacity=4)
    assert await at_once(booked(way) for way in ways[3:]) == {DONE: 1, "slot_full": 1}


async def test_the_newest_day_opens_at_the_release_hour(town: Town) -> None:
    await settings(horizon_days=3, release_hour=9)
    town.clock.set(date(2026, 9, 18), 8, 59)
    way = await opened(town)
    with refused("slot_beyond_horizon", last_day=date(2026, 9, 20)) as said:
        await booked(way)
    assert said.facts["released_at"] == at_hour(date(2026, 9, 18), 9)
    town.clock.turn(minutes=1)
    assert (await booked(way)).booking is not None


async def test_without_a_release_hour_a_day_opens_at_midnight_in_china(town: Town) -> None:
    await settings(horizon_days=3)
    way = await opened(town)
    town.clock.set(date(2026, 9, 17), 23, 59)
    with refused("slot_beyond_horizon"):
        await booked(way)
    town.clock.turn(minutes=1)
    assert (await booked(way)).booking is not None


async def test_a_clock_that_steps_back_over_the_release_takes_no_booking_away(town: Town) -> None:
    await settings(horizon_days=3, release_hour=9)
    way, other = await people(town, 2)
    await booked(way)
    town.clock.set(date(2026, 9, 18), 8, 30)
    with refused("slot_beyond_horizon"):
        await booked(other)
    assert (await my_case(town.deps, way.citizen, way.number)).booking is not None
    assert await what_does_not_add_up() == []


async def test_a_point_may_ask_for_time_before_a_visit(town: Town) -> None:
    await settings(lead_minutes=60)
    way = await opened(town)
    town.clock.set(MONDAY, 9, 1)
    with refused("slot_too_soon") as said:
        await booked(way)
    assert said.facts["alternatives"][0] == at_hour(MONDAY, 11)
    town.clock.set(MONDAY, 9, 0)
    assert (await booked(way)).booking is not None


async def test_the_cut_off_holds_to_the_minute_and_says_whom_to_call(town: Town) -> None:
    """B84."""
    await settings(cut_off_minutes=120)
    way = await opened(town)
    await booked(way)
    town.clock.set(MONDAY, 8, 1)
    with refused("too_late_to_change", phone="000-0000000"):
        await cancelled(way)
    with refused("too_late_to_change"):
        await booked(way, 15)
    town.clock.set(MONDAY, 8, 0)
    assert (await cancelled(way)).booking is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"point": "NOWHERE"}, "station_not_found"),
        ({"point": GANZHOU}, "station_elsewhere"),
        ({"at": at_hour(MONDAY, 10) + timedelta(minutes=1)}, "slot_not_found"),
        ({"at": at_hour(date(2026, 9, 17), 10)}, "slot_past"),
        ({"at": at_hour(date(2026, 10, 20), 10)}, "slot_beyond_horizon"),
        ({"at": at_hour(date(2026, 9, 19), 10)}, "slot_not_found"),
    ],
)
async def test_what_cannot_be_booked_is_refused_with_places_that_can(
    change: dict[str, object], code: str, town: Town
) -> None:
    way = await opened(town)
    point, at = str(change.get("point", SMALL)), change.get("at", TEN)
    with refused(code) as said:
        await book(town.deps, way.citizen, way.number, point, at, key())  # type: ignore[arg-type]
    assert said.facts["alternatives"] or said.facts["nearby"]
    assert await Booking.all().count() == 0


async def test_a_point_without_the_service_is_refused_with_one_that_has_it(town: Town) -> None:
    await keep_point(
        "T-NONE", {ServiceItem.TEMPORARY_ID_CARD: date(2023, 1, 1)}, name="演示", division="360102", address="-",
        phone="0", schedule={"openings": [], "slot_minutes": 30, "capacity": 1, "closed_on_rest_days": True},
    )  # fmt: skip
    with refused("station_without_service") as said:
        await booked(await opened(town), point="T-NONE")
    assert {near["point"] for near in said.facts["nearby"]} == {NANCHANG, SMALL}


async def test_somebody_else_s_case_is_not_found(town: Town) -> None:
    one, other = await people(town, 2)
    for act in (booked, held, cancelled, released):
        with refused("case_not_found"):
            await act(Way(town, one.kind, other.citizen, one.person_id, one.identity_number, one.number))


async def test_a_move_is_whole_or_not_at_all(town: Town) -> None:
    ways = await people(town, 4)
    for way in ways[:3]:
        await booked(way)
    await booked(ways[3], 11)
    with refused("slot_full"):
        await booked(ways[3])
    kept = await my_case(town.deps, ways[3].citizen, ways[3].number)
    assert kept.booking is not None
    assert kept.booking.starts_at == at_hour(MONDAY, 11)
    await cancelled(ways[0])
    assert (await booked(ways[3])).booking is not None
    assert (await free(town, 11), await free(town)) == (3, 0)


async def test_booking_the_same_full_slot_again_changes_nothing(town: Town) -> None:
    ways = await people(town, 3)
    for way in ways:
        await booked(way)
    assert (await booked(ways[0])).booking is not None
    assert await what_does_not_add_up() == []


async def test_crossing_moves_never_wait_for_each_other(town: Town) -> None:
    ways = await people(town, 6)
    for number, way in enumerate(ways):
        await booked(way, 10 + number % 2)
    for turn in range(4):
        moved = await asyncio.gather(
            *(booked(way, 10 + (number + turn + 1) % 2) for number, way in enumerate(ways)), return_exceptions=True
        )
        assert all(not isinstance(one, BaseException) or isinstance(one, Refusal) for one in moved)
        assert await what_does_not_add_up() == []


async def test_a_client_that_got_no_answer_asks_again_and_gets_it(town: Town) -> None:
    way, tap = await opened(town), key()

    first, *others = await asyncio.gather(
        *(book(town.deps, way.citizen, way.number, SMALL, TEN, tap) for _ in range(5))
    )
    assert others == [first] * 4
    assert await Booking.all().count() == 1
    with refused("idempotency_key_reused"):
        await book(town.deps, way.citizen, way.number, SMALL, at_hour(MONDAY, 11), tap)


async def family(town: Town, children: int) -> list[Way]:
    first = await opened(town, MINOR)
    ways = [first]
    for n in range(1, children):
        kin = await set_out_sibling(town, first, n)
        await kin.open()
        ways.append(kin)
    return ways


async def set_out_sibling(town: Town, first: Way, number: int) -> Way:
    facts = person(MINOR, name="示例乙丙丁"[: 2 + number])
    ward = await add_ward(town.deps, first.citizen, facts, GuardianRelation.MOTHER, GuardianshipCase.BIRTH_CERTIFICATE)
    return Way(town, MINOR, first.citizen, ward.id, facts.identity_number)


async def test_a_guardian_books_several_children_in_one_visit_all_or_none(town: Town) -> None:
    await settings(JIUJIANG, capacity=3)
    ways = await family(town, 2)
    stranger = await opened(town, MINOR)
    await booked(stranger, point=JIUJIANG)
    await booked(await opened(town, MINOR), point=JIUJIANG)
    numbers = [way.number for way in ways]
    with refused("slot_full") as said:
        await book_visit(town.deps, ways[0].citizen, numbers, JIUJIANG, TEN, key())
    assert said.facts["alternatives"][0] == at_hour(MONDAY, 9)
    assert await Booking.filter(ended_at=None).count() == 2
    await cancelled(stranger)
    views = await book_visit(town.deps, ways[0].citizen, numbers, JIUJIANG, TEN, key())
    assert {view.booking.starts_at for view in views if view.booking} == {TEN}
    assert [view.booking.seats for view in views if view.booking] == [2, 2]
    assert await what_does_not_add_up() == []


async def test_one_foreign_case_spoils_the_visit(town: Town) -> None:
    one, other = await people(town, 2)
    with refused("case_not_found"):
        await book_visit(town.deps, one.citizen, [one.number, other.number], SMALL, TEN, key())
    assert await Booking.all().count() == 0


async def test_the_applicant_is_judged_by_the_day_of_the_visit(town: Town) -> None:
    """T10: who turns 16 before the visit applies as an adult."""
    kind = replace(MINOR, birth=date(2010, 9, 21))
    way = await set_out(town, kind)
    await way.open()
    with refused("age_changed"):
        await booked(way, point=JIUJIANG)
