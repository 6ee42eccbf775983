"""Distances on the map."""

import pytest

from domain.position import Position, metres_between

NANCHANG, JIUJIANG = Position(28.683, 115.858), Position(29.705, 116.002)


def test_the_distance_between_two_cities_is_right_to_a_kilometre() -> None:
    assert metres_between(NANCHANG, JIUJIANG) == pytest.approx(114_500, abs=1_000)
    assert metres_between(NANCHANG, JIUJIANG) == metres_between(JIUJIANG, NANCHANG)


def test_nothing_is_far_from_itself_and_nothing_further_than_the_other_side() -> None:
    assert metres_between(NANCHANG, NANCHANG) == 0
    assert metres_between(Position(0, 0), Position(0, 180)) == pytest.approx(20_015_087, abs=10)
