"""The whole way, for every kind of application there is."""

import pytest

from casework.release_card import record_check
from casework.serve import read_case
from casework.track import my_case
from domain.terms import CaseState, CollectorKind, ReportKind
from tests.casework.town import Town
from tests.casework.way import ACROSS, ADULT, CHECKED, FROM_HUNAN, GUANGDONG, MINOR, Kind, gone


@pytest.mark.parametrize("kind", [ADULT, ACROSS, FROM_HUNAN], ids=["adult", "across", "from hunan"])
async def test_a_case_collected_in_person_is_closed_at_the_counter(kind: Kind, town: Town) -> None:
    way = await gone(town, "released", kind)
    assert (await my_case(town.deps, way.citizen, way.number)).state is CaseState.CLOSED


async def test_a_minor_s_card_collected_by_a_relative_is_closed_after_the_later_check(town: Town) -> None:
    way = await gone(town, "arrived", MINOR)
    released = await way.release(CollectorKind.PROXY)
    assert released.state is CaseState.RELEASED
    checked = await record_check(town.deps, await town.clerk(MINOR.point), way.number, dict.fromkeys(CHECKED, True))
    assert checked.state is CaseState.CLOSED


async def test_a_card_by_post_is_closed_after_the_later_check(town: Town) -> None:
    way = await gone(town, "dispatched", GUANGDONG)
    await way.reported(ReportKind.RECEIVED_BY_POST)
    clerk = await town.clerk(GUANGDONG.point)
    assert (await read_case(town.deps, clerk, way.number)).state is CaseState.RELEASED
    await record_check(town.deps, clerk, way.number, dict.fromkeys(CHECKED, True))
    assert (await my_case(town.deps, way.citizen, way.number)).state is CaseState.CLOSED
