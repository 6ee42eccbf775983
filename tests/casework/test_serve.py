"""What officers see: their own station's cases, and every look is on record."""

import pytest

from casework.callers import Officer
from casework.serve import day_list, find_at_counter, read_case
from casework.state_presence import state_presence
from domain.terms import CaseState, DeliveryMode, Present
from models.audit import AuditEntry, audit_of
from models.case import Case
from tests.casework.refused import refused
from tests.casework.town import GANZHOU, JIUJIANG, NANCHANG, SMALL, Town
from tests.casework.way import ADULT, MINOR, Way, gone


async def entries_of(way: Way) -> list[AuditEntry]:
    return await audit_of((await Case.get(number=way.number)).id)


async def test_the_clerk_sees_the_pre_fill_beside_the_checklist(town: Town) -> None:
    way = await gone(town, "signed", MINOR)
    await way.scan()
    clerk = await town.clerk(JIUJIANG)
    with refused("minor_leave_required"):
        await state_presence(town.deps, clerk, way.number, Present.MINOR_AND_GUARDIAN)
    await town.give_leave(clerk)
    masked = await read_case(town.deps, clerk, way.number)
    assert not masked.whole
    assert way.identity_number not in str(masked)
    case = await state_presence(town.deps, clerk, way.number, Present.MINOR_AND_GUARDIAN)
    assert (case.name, case.identity_number, case.phone) == ("示例甲", way.identity_number, "13800000001")
    assert case.guardian is not None
    assert {line.code for line in case.checks} == {
        "guardian_present",
        "same_frame_photo",
        "face_check_done",
        "compared",
    }
    assert {line.code for line in case.materials} >= {"household_booklet", "birth_certificate", "guardian_id_card"}
    assert case.delivery is DeliveryMode.STATION


async def test_reading_another_station_s_case_is_refused_and_on_record(town: Town) -> None:
    way = await gone(town, "booked")
    for point in (JIUJIANG, SMALL, GANZHOU):
        with refused("case_of_other_station"):
            await read_case(town.deps, await town.clerk(point), way.number)
    refusals = await entries_of(way)
    assert {entry.act for entry in refusals} == {"read_case_refused"}
    assert [entry.actor for entry in refusals] == [f"staff:clerk-{p.lower()}" for p in (JIUJIANG, SMALL, GANZHOU)]


async def test_a_case_nobody_booked_is_no_station_s_yet(town: Town) -> None:
    way = await gone(town, "open")
    with refused("case_of_other_station"):
        await read_case(town.deps, await town.clerk(), way.number)


async def test_after_a_move_the_old_station_reads_no_more(town: Town) -> None:
    way = await gone(town, "booked")
    await way.book(point=SMALL)
    with refused("case_of_other_station"):
        await read_case(town.deps, await town.clerk(NANCHANG), way.number)
    assert (await read_case(town.deps, await town.clerk(SMALL), way.number)).state is CaseState.OPEN


async def test_who_serves_at_no_counter_reads_no_case(town: Town) -> None:
    way = await gone(town, "booked")
    auditor = await town.officer("auditor")
    for act in (read_case(town.deps, auditor, way.number), day_list(town.deps, auditor)):
        with refused("staff_role_missing"):
            await act


async def test_every_step_at_the_counter_leaves_its_entry(town: Town) -> None:
    way = await gone(town, "released")
    acts = [entry.act for entry in await entries_of(way)]
    for act in ("redeem_code", "confirm_letter", "accept", "read_case", "register_arrival", "release_card"):
        assert act in acts
    for act in ("read_to_accept", "read_to_confirm_letter", "read_to_register_arrival", "read_to_release"):
        assert act in acts


async def test_every_read_is_an_entry_with_reader_and_request(town: Town) -> None:
    way = await gone(town, "signed")
    await way.scan()
    clerk = await town.clerk()
    reader = Officer(**{**clerk.__dict__, "request_id": "request-7"})
    before = len(await entries_of(way))
    for _ in range(3):
        await read_case(town.deps, reader, way.number)
    added = (await entries_of(way))[before:]
    assert [(e.act, e.staff_id, e.request_id) for e in added] == [("read_case", clerk.staff_id, "request-7")] * 3


async def test_the_day_s_list_is_masked_and_reading_it_is_on_record(town: Town) -> None:
    way = await gone(town, "booked")
    clerk = await town.clerk()
    listed = await day_list(town.deps, clerk)
    assert [(line.number, line.name_masked) for line in listed.booked] == [(way.number, "示**")]
    assert "示例甲" not in str(listed)
    entry = await AuditEntry.get(act="read_day_list")
    assert (entry.staff_id, entry.facts) == (clerk.staff_id, {"day": "2026-09-18"})


async def test_the_day_s_list_shows_the_own_station_only(town: Town) -> None:
    await gone(town, "booked")
    assert (await day_list(town.deps, await town.clerk(JIUJIANG))).booked == ()


@pytest.mark.parametrize(
    ("stop", "where"), [("accepted", "on_the_way"), ("dispatched", "on_the_way"), ("arrived", "to_collect")]
)
async def test_a_case_is_where_its_next_step_is(stop: str, where: str, town: Town) -> None:
    way = await gone(town, stop)
    listed = await day_list(town.deps, await town.clerk())
    assert [line.number for line in getattr(listed, where)] == [way.number]
    assert listed.booked == ()


async def test_a_case_is_found_by_any_of_its_numbers(town: Town) -> None:
    way = await gone(town, "accepted")
    clerk = await town.clerk()
    for text in (way.number, way.number.replace("-", ""), way.acceptance_number, way.slip_number):
        assert await find_at_counter(town.deps, clerk, text) == way.number
    for text in ("", "nothing", "3" * 400, "%"):
        with refused("case_not_found"):
            await find_at_counter(town.deps, clerk, text)


async def test_a_slip_number_is_the_own_station_s(town: Town) -> None:
    """Slips are numbered by their stations: another station's slip of the same number is another slip."""
    mine, theirs = await gone(town, "accepted", ADULT), await gone(town, "accepted", MINOR)
    assert mine.slip_number == theirs.slip_number
    assert await find_at_counter(town.deps, await town.clerk(NANCHANG), mine.slip_number) == mine.number
    assert await find_at_counter(town.deps, await town.clerk(JIUJIANG), mine.slip_number) == theirs.number
