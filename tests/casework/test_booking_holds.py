"""Holds and the waiting list: a place is kept for a while, and nobody depends on a worker for its end."""

from casework.book import cancel_booking
from casework.find_place import free_slots
from casework.tend_places import tend_places
from casework.track import my_case, my_notices
from casework.views import CaseView
from casework.withdraw import withdraw
from domain.terms import NoticeKind
from models.hold import Hold
from models.slot import Booking
from models.waiting import Waiting
from tests.casework.booking import (
    MONDAY,
    booked,
    cancelled,
    fill,
    held,
    no_longer_waiting,
    opened,
    people,
    released,
    settings,
    waiting,
    what_does_not_add_up,
)
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import ITEM, SMALL, Town, key
from tests.casework.way import Way, at_hour


async def seen(way: Way) -> CaseView:
    return await my_case(way.deps, way.citizen, way.number)


async def free(town: Town, hour: int = 10) -> int:
    slots = await free_slots(town.deps, SMALL, ITEM, MONDAY)
    return next((slot.free for slot in slots if slot.starts_at == at_hour(MONDAY, hour)), 0)


async def offered(way: Way) -> int | None:
    """The hour of the place offered, in China."""
    hold = (await seen(way)).hold
    return None if hold is None or not hold.offered else (hold.starts_at.hour + 8) % 24


async def told(way: Way, kind: NoticeKind) -> int:
    return [notice.kind for notice in await my_notices(way.deps, way.citizen, way.number)].count(kind)


async def test_a_hold_takes_a_place_and_becomes_the_booking(town: Town) -> None:
    await settings(capacity=1)
    way, other = await people(town, 2)
    view = await held(way)
    assert view.hold is not None
    assert (view.hold.until - town.clock.now()).total_seconds() == 600
    with refused("slot_full"):
        await booked(other)
    view = await booked(way)
    assert (view.hold, view.booking is None) == (None, False)
    assert await what_does_not_add_up() == []


async def test_a_hold_lapses_by_itself_with_no_worker_running(town: Town) -> None:
    await settings(capacity=1)
    way, other = await people(town, 2)
    await held(way)
    town.clock.turn(minutes=9, seconds=59)
    assert await free(town) == 0
    town.clock.turn(seconds=1)
    assert await free(town) == 1
    assert (await seen(way)).hold is None
    assert (await booked(other)).booking is not None
    assert await what_does_not_add_up() == []


async def test_a_hold_that_ran_out_may_still_become_a_booking_while_nobody_took_the_place(town: Town) -> None:
    await settings(capacity=1)
    way, other = await people(town, 2)
    await held(way)
    town.clock.turn(minutes=11)
    assert (await booked(way)).booking is not None
    with refused("slot_full"):
        await booked(other)
    assert await what_does_not_add_up() == []


async def test_of_two_who_want_the_place_of_a_hold_that_runs_out_one_gets_it(town: Town) -> None:
    await settings(capacity=1)
    way, *others = await people(town, 5)
    await held(way)
    town.clock.turn(minutes=10)
    verdicts = await at_once([booked(way), *(booked(other) for other in others), tend_places(town.deps)])
    assert (verdicts[DONE], verdicts["slot_full"]) == (2, 4)  # one booking, and the sweep
    assert await Booking.filter(ended_at=None).count() == 1
    assert await what_does_not_add_up() == []


async def test_holding_again_neither_takes_a_second_place_nor_lasts_longer(town: Town) -> None:
    way = await opened(town)
    first = await held(way)
    town.clock.turn(minutes=5)
    again = await held(way)
    assert first.hold is not None
    assert again.hold is not None
    assert again.hold.until == first.hold.until
    assert await free(town) == 2


async def test_a_case_holds_one_place_and_the_other_is_free_at_once(town: Town) -> None:
    way = await opened(town)
    await held(way, 10)
    await held(way, 11)
    assert (await free(town, 10), await free(town, 11)) == (3, 2)
    assert await Hold.filter(ended_at=None).count() == 1


async def test_a_booking_stays_until_the_held_place_is_booked(town: Town) -> None:
    way = await opened(town)
    await booked(way, 10)
    await held(way, 11)
    assert (await free(town, 10), await free(town, 11)) == (2, 2)
    await booked(way, 11)
    assert (await free(town, 10), await free(town, 11)) == (3, 2)
    assert await what_does_not_add_up() == []


async def test_holds_cannot_be_farmed(town: Town) -> None:
    way = await opened(town)
    for hour in range(9, 15):
        await held(way, hour)
    with refused("holds_too_often", most=6):
        await held(way, 15)
    assert await Hold.filter(ended_at=None).count() == 1
    town.clock.turn(hours=1, seconds=1)
    assert (await held(way, 15)).hold is not None


async def test_a_released_hold_is_free_at_once(town: Town) -> None:
    way = await opened(town)
    await held(way)
    await released(way)
    assert await free(town) == 3
    with refused("hold_not_found"):
        await released(way)


async def test_who_withdraws_keeps_neither_place_nor_hold_nor_turn(town: Town) -> None:
    everybody = await fill(town)
    way = await opened(town)
    await waiting(way)
    await held(everybody[0], 10, day=MONDAY.replace(day=22))
    for one in (way, everybody[0]):
        await withdraw(town.deps, one.citizen, one.number, key())
    assert await Waiting.filter(ended_at=None).count() == 0
    assert await Hold.filter(ended_at=None).count() == 0
    assert await what_does_not_add_up() == []


async def test_nobody_waits_while_there_are_places(town: Town) -> None:
    with refused("places_free") as said:
        await waiting(await opened(town))
    assert said.facts["alternatives"]


async def test_a_freed_place_goes_to_the_first_in_line_then_to_the_next_then_to_everybody(town: Town) -> None:
    everybody = await fill(town)
    first, second, passer_by = await people(town, 3)
    await waiting(first)
    town.clock.turn(seconds=1)
    await waiting(second)
    await cancelled(everybody[0])
    assert (await offered(first), await offered(second)) == (9, None)
    assert await told(first, NoticeKind.PLACE_OFFERED) == 1
    with refused("slot_full"):
        await booked(passer_by, 9)
    town.clock.turn(hours=2)
    await tend_places(town.deps)
    assert (await offered(first), await offered(second)) == (None, 9)
    town.clock.turn(hours=2)
    assert (await booked(passer_by, 9)).booking is not None
    assert await what_does_not_add_up() == []


async def test_an_offer_that_runs_out_goes_to_the_next_in_line_although_no_worker_runs(town: Town) -> None:
    everybody = await fill(town)
    first, second, passer_by = await people(town, 3)
    await waiting(first)
    await waiting(second)
    await cancelled(everybody[0])
    town.clock.turn(hours=2)
    with refused("slot_full"):
        await booked(passer_by, 9)
    await tend_places(town.deps)
    assert await offered(second) == 9


async def test_a_taken_offer_is_a_booking_and_ends_the_waiting(town: Town) -> None:
    everybody = await fill(town)
    way = await opened(town)
    await waiting(way)
    await cancelled(everybody[0])
    view = await booked(way, 9)
    assert (view.booking is None, view.hold, view.waiting) == (False, None, None)
    assert await what_does_not_add_up() == []


async def test_a_declined_offer_goes_on_at_once(town: Town) -> None:
    everybody = await fill(town)
    first, second = await people(town, 2)
    await waiting(first)
    town.clock.turn(seconds=1)
    await waiting(second)
    await cancelled(everybody[0])
    await released(first)
    assert (await offered(first), await offered(second)) == (None, 9)


async def test_three_silences_end_the_waiting(town: Town) -> None:
    everybody = await fill(town)
    way = await opened(town)
    await waiting(way)
    for number in range(3):
        await cancelled(everybody[number])
        town.clock.turn(hours=2)
        await tend_places(town.deps)
    assert (await seen(way)).waiting is None


async def test_a_raised_capacity_serves_the_waiting_list_first(town: Town) -> None:
    await fill(town)
    way = await opened(town)
    await waiting(way)
    await settings(capacity=2)
    await tend_places(town.deps)
    assert await offered(way) == 9


async def test_one_stops_waiting_and_is_offered_nothing(town: Town) -> None:
    everybody = await fill(town)
    way = await opened(town)
    await waiting(way)
    assert (await no_longer_waiting(way)).waiting is None
    with refused("waiting_not_found"):
        await no_longer_waiting(way)
    await cancelled(everybody[0])
    assert await offered(way) is None


async def test_waiting_for_days_that_are_over_ends(town: Town) -> None:
    await fill(town)
    way = await opened(town)
    await waiting(way)
    town.clock.set(MONDAY.replace(day=22))
    await tend_places(town.deps)
    assert (await seen(way)).waiting is None


async def test_one_waits_only_for_days_that_can_come(town: Town) -> None:
    way = await opened(town)
    for first, last in ((17, 18), (22, 21), (21, 30)):
        to = MONDAY.replace(day=last) if last < 30 else MONDAY.replace(month=11)
        with refused("waiting_days_wrong"):
            await waiting(way, MONDAY.replace(day=first), to)


async def test_a_freed_place_is_offered_to_one_however_many_are_freed_at_once(town: Town) -> None:
    everybody = await fill(town)
    line = await people(town, 3)
    for way in line:
        await waiting(way)
    await at_once(cancel_booking(town.deps, way.citizen, way.number, key()) for way in everybody[:5])
    assert sorted([await offered(way) is not None for way in line]) == [True] * 3
    assert await Hold.filter(ended_at=None, is_offer=True).count() == 3
    assert await what_does_not_add_up() == []
