"""What readers are told of free places is remembered for a moment: own commits show at once, and time counts exactly.

The memory's clock stands still here, so that nothing is forgotten for its age: whatever is seen anew was forgotten for
a reason, and what time alone changes is told from memory.
"""

from contextlib import suppress
from datetime import date, datetime, timedelta

import pytest

from casework.find_place import free_slots
from casework.tend_places import tend_places
from models import glance, place
from models.slot import Slot
from models.store import transaction
from tests.casework.booking import MONDAY, booked, cancelled, closed, held, opened, released, settings
from tests.casework.refused import refused
from tests.casework.town import ITEM, SMALL, Town
from tests.casework.way import at_hour

SECOND = timedelta(seconds=1)
LITTLE = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def nothing_grows_old(monkeypatch: pytest.MonkeyPatch) -> None:
    for memory in (glance._DAYS, place._SERVICES):
        monkeypatch.setattr(memory, "_clock", lambda: 0.0)


async def free(town: Town, hour: int = 10, day: date = MONDAY) -> int:
    slots = await free_slots(town.deps, SMALL, ITEM, day)
    return next((slot.free for slot in slots if slot.starts_at == at_hour(day, hour)), 0)


async def test_between_two_changes_the_table_is_not_asked(town: Town) -> None:
    way = await opened(town)
    before = await free_slots(town.deps, SMALL, ITEM, MONDAY)
    await Slot.filter(point__code=SMALL).update(closed=True)  # by nobody we know
    assert await free_slots(town.deps, SMALL, ITEM, MONDAY) is before
    async with transaction():
        inside = await free_slots(town.deps, SMALL, ITEM, MONDAY)
    assert inside is not before
    await booked(way)
    assert await free_slots(town.deps, SMALL, ITEM, MONDAY) is not before


async def test_who_has_booked_moved_or_cancelled_sees_it_at_once(town: Town) -> None:
    way = await opened(town)
    places = await free(town)
    await booked(way)
    assert await free(town) == places - 1
    await booked(way, 11)
    assert (await free(town), await free(town, 11)) == (places, places - 1)
    await cancelled(way)
    assert await free(town, 11) == places


async def test_a_first_booking_is_learned_and_the_day_is_not_asked_for_again(town: Town) -> None:
    first, second = await opened(town), await opened(town)
    await booked(first, 11)
    places = await free(town)
    await Slot.filter(point__code=SMALL).update(closed=True)  # by nobody we know
    await Slot.filter(point__code=SMALL, starts_at=at_hour(MONDAY, 10)).delete()
    await booked(second)
    assert (await free(town), await free(town, 11)) == (places - 1, places - 1)


async def test_a_place_held_or_given_back_is_seen_at_once(town: Town) -> None:
    way = await opened(town)
    places = await free(town)
    await held(way)
    assert await free(town) == places - 1
    await released(way)
    assert await free(town) == places


async def test_what_comes_to_nothing_changes_nothing(town: Town) -> None:
    way = await opened(town)
    places = await free(town)
    with suppress(LookupError):
        async with transaction():
            await settings(capacity=0)
            raise LookupError
    assert await free(town) == places
    await booked(way)
    assert await free(town) == places - 1


async def test_a_hold_that_runs_out_is_free_at_that_moment_and_counted_once_when_it_is_swept(town: Town) -> None:
    way = await opened(town)
    places = await free(town)
    view = await held(way)
    assert view.hold is not None
    town.clock.at = view.hold.until - LITTLE
    assert await free(town) == places - 1
    town.clock.at = view.hold.until
    assert await free(town) == places
    await tend_places(town.deps)
    assert await free(town) == places


async def test_a_closure_is_seen_at_once(town: Town) -> None:
    assert await free(town) > 0
    await closed(town, at_hour(MONDAY, 10), hours=1)
    assert (await free(town), await free(town, 11) > 0) == (0, True)


async def test_a_closure_alone_is_seen_before_any_slot_is_marked(town: Town) -> None:
    assert await free(town) > 0
    point, ten = await place.find_point(SMALL), at_hour(MONDAY, 10)
    assert point is not None
    await place.make_closure(
        point_id=point.id, starts_at=ten, ends_at=ten + timedelta(hours=1), reason="演示", closed_by="system",
        closed_at=town.clock.now(),
    )  # fmt: skip
    assert (await free(town), await free(town, 11) > 0) == (0, True)


async def test_changed_settings_are_seen_at_once(town: Town) -> None:
    assert await free(town) > 0
    await settings(capacity=7)
    assert await free(town) == 7
    await settings(minor_places=2)
    assert await free(town) == 5


async def test_a_day_is_released_at_its_hour_exactly(town: Town) -> None:
    """At nine in China, not before, and not because anybody asked the table."""
    await settings(release_hour=9, horizon_days=14)
    town.clock.at = at_hour(MONDAY, 9) - timedelta(days=14) - LITTLE
    with refused("slot_beyond_horizon"):
        await free(town)
    town.clock.at += LITTLE
    assert await free(town) > 0
    town.clock.at -= LITTLE
    with refused("slot_beyond_horizon"):
        await free(town)


@pytest.mark.parametrize(
    ("lead", "last"),
    [(60, at_hour(MONDAY, 9)), (0, at_hour(MONDAY, 11) - LITTLE)],
    ids=["an hour before", "until it ends"],
)
async def test_a_slot_is_offered_until_its_last_moment_exactly(town: Town, lead: int, last: datetime) -> None:
    await settings(lead_minutes=lead)
    for before in (2 * SECOND, SECOND, LITTLE, timedelta()):
        town.clock.at = last - before
        assert await free(town) > 0
    town.clock.at = last + LITTLE
    assert await free(town) == 0
    town.clock.at = last
    assert await free(town) > 0
