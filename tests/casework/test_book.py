"""Booking: a slot never holds more than it can, a move is never half done, and a place given up is free at once."""

from datetime import date, timedelta

import pytest

from casework.book import book, cancel_booking
from casework.deps import Deps
from casework.find_place import free_slots, points_for
from casework.track import my_case
from casework.views import BookingView
from casework.withdraw import withdraw
from domain.local_time import SHANGHAI
from domain.terms import CaseEventKind, CaseState, ServiceItem, Whose
from models.case import Case
from models.place import keep_point
from models.slot import Booking, Slot
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import (
    GANZHOU,
    ITEM,
    JIUJIANG,
    NANCHANG,
    SHENZHEN,
    SMALL,
    SMALL_CAPACITY,
    Town,
    identity_number,
    key,
)
from tests.casework.way import ADULT, GUANGDONG, MINOR, Way, at_hour, gone, person, set_out

TODAY = date(2026, 9, 18)
THREE, FOUR = at_hour(TODAY, 15), at_hour(TODAY, 16)


async def free_at(deps: Deps, hour: int, point: str = SMALL) -> int:
    slots = await free_slots(deps, point, ITEM, TODAY)
    return next((slot.free for slot in slots if slot.starts_at == at_hour(TODAY, hour)), 0)


async def booking_of(way: Way) -> BookingView | None:
    return (await my_case(way.deps, way.citizen, way.number)).booking


async def openers(town: Town, count: int) -> list[Way]:
    return [await gone(town, "open") for _ in range(count)]


async def test_a_slot_with_three_places_takes_exactly_three_however_many_come_at_once(town: Town) -> None:
    ways = await openers(town, 10)
    verdicts = await at_once(way.book(THREE, SMALL) for way in ways)
    assert verdicts == {DONE: SMALL_CAPACITY, "slot_full": 10 - SMALL_CAPACITY}
    slot = await Slot.get(starts_at=THREE)
    assert slot.taken == SMALL_CAPACITY == await Booking.filter(slot_id=slot.id, ended_at=None).count()


async def test_a_full_slot_is_not_offered_and_the_nearest_free_ones_are(town: Town) -> None:
    ways = await openers(town, 4)
    for way in ways[:3]:
        await way.book(THREE, SMALL)
    assert await free_at(town.deps, 15) == 0
    with refused("slot_full") as said:
        await ways[3].book(THREE, SMALL)
    hours = [moment.astimezone(SHANGHAI).hour for moment in said.facts["alternatives"]]
    assert sorted(hours) == [13, 14, 16]


async def test_a_repeat_of_a_booking_takes_no_second_place(town: Town) -> None:
    way, tap = await gone(town, "open"), key()
    verdicts = await at_once(book(town.deps, way.citizen, way.number, SMALL, THREE, tap) for _ in range(6))
    assert verdicts == {DONE: 6}
    assert await free_at(town.deps, 15) == SMALL_CAPACITY - 1


async def test_one_case_booked_twice_at_once_holds_one_place(town: Town) -> None:
    way = await gone(town, "open")
    verdicts = await at_once(way.book(at_hour(TODAY, hour), SMALL) for hour in (11, 12, 13, 14, 15, 16))
    assert verdicts[DONE] >= 1
    assert verdicts[DONE] + verdicts["booking_exists"] == 6
    assert await Booking.filter(ended_at=None).count() == 1
    assert sum(slot.taken for slot in await Slot.all()) == 1


async def test_moving_gives_the_old_place_back(town: Town) -> None:
    way = await gone(town, "open")
    await way.book(THREE, SMALL)
    await way.book(FOUR, SMALL)
    assert (await free_at(town.deps, 15), await free_at(town.deps, 16)) == (SMALL_CAPACITY, SMALL_CAPACITY - 1)


async def test_moving_to_a_full_slot_keeps_the_old_place(town: Town) -> None:
    way, *others = await openers(town, 1 + SMALL_CAPACITY)
    for other in others:
        await other.book(FOUR, SMALL)
    await way.book(THREE, SMALL)
    code = await _code_with_letter(way)
    with refused("slot_full"):
        await way.book(FOUR, SMALL)
    booking = await booking_of(way)
    assert booking is not None
    assert booking.starts_at == THREE
    assert await free_at(town.deps, 15) == SMALL_CAPACITY - 1
    assert code  # and what was issued for the old place is still good: see test_hand_off


async def _code_with_letter(way: Way) -> str:
    await way.sign()
    return await way.code()


async def test_moving_to_the_same_slot_of_one_s_own_is_no_loss_even_when_it_is_full(town: Town) -> None:
    ways = await openers(town, SMALL_CAPACITY)
    for way in ways:
        await way.book(THREE, SMALL)
    await ways[0].book(THREE, SMALL)
    assert (await Slot.get(starts_at=THREE)).taken == SMALL_CAPACITY


async def test_cases_that_swap_their_slots_at_once_never_block_each_other(town: Town) -> None:
    ways = await openers(town, 6)
    hours = [THREE, FOUR]
    for n, way in enumerate(ways):
        await way.book(hours[n % 2])
    for turn in range(1, 5):
        assert await at_once(way.book(hours[(n + turn) % 2]) for n, way in enumerate(ways)) == {DONE: 6}
    assert {slot.taken for slot in await Slot.all()} == {3}


async def test_a_cancelled_place_is_free_at_once(town: Town) -> None:
    ways = await openers(town, SMALL_CAPACITY + 1)
    for way in ways[:-1]:
        await way.book(THREE, SMALL)
    await cancel_booking(town.deps, ways[0].citizen, ways[0].number, key())
    await ways[-1].book(THREE, SMALL)
    assert await booking_of(ways[0]) is None
    with refused("booking_not_found"):
        await cancel_booking(town.deps, ways[0].citizen, ways[0].number, key())


async def test_cancelling_twice_at_once_frees_one_place(town: Town) -> None:
    ways = await openers(town, 2)
    for way in ways:
        await way.book(THREE, SMALL)
    verdicts = await at_once(cancel_booking(town.deps, ways[0].citizen, ways[0].number, key()) for _ in range(4))
    assert verdicts == {DONE: 1, "booking_not_found": 3}
    assert (await Slot.get(starts_at=THREE)).taken == 1


async def test_cancelling_keeps_the_signature(town: Town) -> None:
    way = await gone(town, "signed")
    await cancel_booking(town.deps, way.citizen, way.number, key())
    case = await my_case(town.deps, way.citizen, way.number)
    assert (case.letter.standing, case.missing) == ("signed", ("booking",))


async def test_withdrawing_frees_the_place_and_ends_the_case(town: Town) -> None:
    way = await gone(town, "open")
    await way.book(THREE, SMALL)
    withdrawn = await withdraw(town.deps, way.citizen, way.number, key())
    assert withdrawn.state is CaseState.WITHDRAWN
    assert await free_at(town.deps, 15) == SMALL_CAPACITY
    for act in (way.book, way.sign, way.code):
        with refused("case_already_ended", state=CaseState.WITHDRAWN):
            await act()


async def test_withdrawing_and_moving_at_once_leaves_no_place_taken(town: Town) -> None:
    """Whichever comes first: a withdrawn case holds no place."""
    ways = await openers(town, 5)
    for way in ways:
        await way.book(THREE)
    acts = [act for way in ways for act in (way.book(FOUR), withdraw(town.deps, way.citizen, way.number, key()))]
    verdicts = await at_once(acts)
    ended = await Case.filter(state=CaseState.WITHDRAWN).count()
    assert verdicts[DONE] >= 5
    assert sum(slot.taken for slot in await Slot.all()) == 5 - ended == await Booking.filter(ended_at=None).count()


async def test_an_accepted_case_is_withdrawn_by_no_citizen(town: Town) -> None:
    way = await gone(town, "accepted")
    with refused("case_not_open", state=CaseState.ACCEPTED):
        await withdraw(town.deps, way.citizen, way.number, key())


async def test_the_booking_is_confirmed_to_the_citizen_once_per_booking(town: Town) -> None:
    way = await gone(town, "open")
    for at in (THREE, FOUR, THREE):
        await way.book(at)
    kinds = [event.kind for event in (await my_case(town.deps, way.citizen, way.number)).history]
    assert kinds.count(CaseEventKind.BOOKED) == 3


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (at_hour(TODAY, 8), "slot_not_found"),  # before opening
        (at_hour(TODAY, 17), "slot_not_found"),  # after closing
        (THREE + timedelta(minutes=30), "slot_not_found"),  # not the start of a slot
        (at_hour(date(2026, 9, 19), 10), "slot_not_found"),  # Saturday
        (at_hour(date(2026, 9, 25), 10), "slot_not_found"),  # Friday, a holiday
        (at_hour(date(2026, 9, 17), 10), "slot_past"),
        (at_hour(date(2026, 10, 8), 10), "slot_beyond_horizon"),
        (at_hour(date(2023, 3, 23), 10), "slot_past"),
    ],
)
async def test_only_a_slot_of_the_schedule_can_be_booked(at: object, code: str, town: Town) -> None:
    way = await gone(town, "open")
    with refused(code):
        await way.book(at)  # type: ignore[arg-type]
    assert await Booking.all().count() == 0


async def test_a_make_up_sunday_is_served(town: Town) -> None:
    way = await gone(town, "open")
    await way.book(at_hour(date(2026, 9, 20), 10))
    assert await booking_of(way) is not None


@pytest.mark.parametrize("day", [date(2026, 9, 19), date(2026, 9, 25), date(2026, 10, 1)])
async def test_nothing_is_offered_on_a_rest_day(day: date, deps: Deps) -> None:
    assert await free_slots(deps, NANCHANG, ITEM, day) == ()


async def test_a_slot_is_offered_until_it_ends(town: Town) -> None:
    town.clock.set(TODAY, 15, 59)
    assert [slot.starts_at for slot in await free_slots(town.deps, NANCHANG, ITEM, TODAY)] == [THREE, FOUR]
    town.clock.set(TODAY, 16, 0)
    assert [slot.starts_at for slot in await free_slots(town.deps, NANCHANG, ITEM, TODAY)] == [FOUR]


async def test_a_point_of_another_city_does_not_take_the_application(town: Town) -> None:
    way = await gone(town, "open")
    for point in (JIUJIANG, GANZHOU, SHENZHEN):
        with refused("station_elsewhere"):
            await way.book(THREE, point)
    with refused("station_not_found"):
        await way.book(THREE, "NOWHERE")


async def test_a_point_takes_only_what_it_was_opened_for(deps: Deps) -> None:
    await keep_point(
        "T-ONE", {ITEM: date(2023, 1, 1)}, name="演示", division="360102", address="-", phone="0",
        schedule={"openings": [], "slot_minutes": 30, "capacity": 1, "closed_on_rest_days": True},
    )  # fmt: skip
    with refused("station_without_service"):
        await free_slots(deps, "T-ONE", ServiceItem.HOUSEHOLD_CERTIFICATE, TODAY)


async def test_a_point_is_not_open_before_its_first_day(town: Town) -> None:
    town.clock.set(date(2023, 3, 20))
    with refused("station_not_open_yet", open_from=date(2023, 3, 24)):
        await free_slots(town.deps, NANCHANG, ITEM, date(2023, 3, 23))
    assert await points_for(town.deps, ITEM, "360102") == ()
    town.clock.set(date(2023, 3, 24))
    assert {point.code for point in await points_for(town.deps, ITEM, "3601")} == {NANCHANG, SMALL}


async def test_another_account_s_case_is_as_good_as_none(town: Town) -> None:
    mine, theirs = await gone(town, "open"), await gone(town, "open")
    for number in (theirs.number, "260918-0000-0000-00", "", "x" * 5000):
        with refused("case_not_found" if number == theirs.number else "case_number_malformed"):
            await book(town.deps, mine.citizen, number, NANCHANG, THREE, key())


async def test_a_minor_and_the_guardian_come_together_on_one_place(town: Town) -> None:
    way = await gone(town, "open", MINOR)
    booked = (await way.book()).booking
    assert booked is not None
    assert (booked.seats, booked.who_must_come) == (2, (Whose.APPLICANT, Whose.GUARDIAN))
    assert (await Slot.all())[0].taken == 1


@pytest.mark.parametrize(
    ("day", "code"),
    [(date(2026, 9, 21), None), (date(2026, 9, 22), "age_changed"), (date(2026, 9, 23), "age_changed")],
    ids=["the day before", "the birthday", "the day after"],
)
async def test_the_16th_birthday_between_form_and_visit(day: date, code: str | None, town: Town) -> None:
    """D5, T10: the day of the visit decides; from the birthday on the applicant applies alone."""
    facts = person(MINOR, identity_number=identity_number("360102", date(2010, 9, 22)))
    way = await (await set_out(town, MINOR, facts=facts)).until("open")
    if code is None:
        await way.book(at_hour(day, 10))
        return
    with refused(code, birthday=date(2026, 9, 22)):
        await way.book(at_hour(day, 10))
    assert await Slot.filter(taken__gt=0).count() == 0


async def test_a_full_house_in_guangdong_is_booked_like_any_other(town: Town) -> None:
    way = await gone(town, "booked", GUANGDONG)
    booking = await booking_of(way)
    assert booking is not None
    assert booking.point.code == SHENZHEN
    assert ADULT.point != SHENZHEN
