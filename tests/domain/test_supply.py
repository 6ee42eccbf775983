"""How the places of a slot are shared out, and when they may be booked."""

from datetime import date, datetime, timedelta

import pytest

from domain.local_time import SHANGHAI
from domain.supply import Places, Supply, free_places

NOON = datetime(2026, 9, 18, 12, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("capacity", "walk_in_percent", "minor_places", "places"),
    [
        (10, 0, 0, Places(10, 10, 10)),
        (10, 50, 0, Places(10, 5, 5)),
        (3, 50, 0, Places(3, 1, 1)),
        (10, 20, 3, Places(10, 8, 5)),
        (2, 0, 5, Places(2, 2, 0)),
        (0, 50, 1, Places(0, 0, 0)),
    ],
)
def test_walk_ins_and_children_keep_their_places(
    capacity: int, walk_in_percent: int, minor_places: int, places: Places
) -> None:
    assert Supply(capacity, walk_in_percent=walk_in_percent, minor_places=minor_places).places == places


@pytest.mark.parametrize(
    ("taken", "taken_general", "minor", "left"),
    [(0, 0, False, 5), (0, 0, True, 8), (5, 5, False, 0), (5, 5, True, 3), (8, 4, False, 0), (9, 9, True, 0)],
)
def test_what_is_left_depends_on_who_asks(taken: int, taken_general: int, minor: bool, left: int) -> None:
    assert free_places(Places(10, 8, 5), taken=taken, taken_general=taken_general, minor=minor) == left


def test_the_horizon_moves_on_at_the_release_hour_of_china() -> None:
    supply = Supply(1, horizon_days=14, release_hour=9)
    assert supply.last_day(NOON.replace(hour=8, minute=59)) == date(2026, 10, 1)
    assert supply.last_day(NOON.replace(hour=9)) == date(2026, 10, 2)
    assert supply.released_at(date(2026, 10, 2)) == NOON.replace(hour=9)


def test_without_a_lead_a_slot_may_be_booked_until_it_ends() -> None:
    start, end = NOON - timedelta(minutes=20), NOON + timedelta(minutes=10)
    assert Supply(1).in_time(start, end, NOON)
    assert not Supply(1).in_time(start, end, end)
    assert not Supply(1, lead=timedelta(minutes=1)).in_time(NOON, end, NOON)
    assert Supply(1, lead=timedelta(minutes=1)).in_time(NOON + timedelta(minutes=1), end, NOON)


def test_the_cut_off_counts_back_from_the_beginning() -> None:
    assert Supply(1).change_until(NOON) is None
    assert Supply(1, cut_off=timedelta(hours=2)).change_until(NOON) == NOON - timedelta(hours=2)
