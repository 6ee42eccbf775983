"""The two stations of a case consult, and it is clear at any time whose answer is awaited (R189)."""

from casework.consult import read_thread, waiting_threads, write_to_thread
from domain.clock import Side
from domain.terms import ReportKind
from models.audit import AuditEntry
from tests.casework.refused import refused
from tests.casework.test_announce import watching
from tests.casework.town import GUANGZHOU, NANCHANG, Town
from tests.casework.way import gone


async def test_a_question_waits_for_the_other_station_until_it_answers(town: Town) -> None:
    way = await gone(town, "under_review")
    clerk, home = await town.clerk(NANCHANG), await watching(town, "360700")
    asked = await write_to_thread(town.deps, home, way.number, "请补拍户口簿首页。")
    assert (asked.side, asked.turn) == (Side.HOUSEHOLD, Side.ACCEPTANCE)
    assert [line.number for line in await waiting_threads(town.deps, clerk)] == [way.number]
    assert await waiting_threads(town.deps, home) == ()
    await write_to_thread(town.deps, clerk, way.number, "已补拍，请查收。")
    assert [line.number for line in await waiting_threads(town.deps, home)] == [way.number]
    settled = await write_to_thread(town.deps, home, way.number, "收到。", settled=True)
    assert [message.text for message in settled.messages] == ["请补拍户口簿首页。", "已补拍，请查收。", "收到。"]
    assert settled.turn is None
    assert await waiting_threads(town.deps, home) == await waiting_threads(town.deps, clerk) == ()


async def test_no_third_station_reads_along_and_its_try_is_on_record(town: Town) -> None:
    way = await gone(town, "under_review")
    for stranger in (await town.clerk(GUANGZHOU), await watching(town, "440000")):
        with refused("case_of_other_station"):
            await read_thread(town.deps, stranger, way.number)
    assert await AuditEntry.filter(act="read_consultation_refused").count() == 2


async def test_nothing_is_written_about_an_ended_case_or_without_words(town: Town) -> None:
    way = await gone(town, "under_review")
    clerk = await town.clerk(NANCHANG)
    with refused("consultation_empty"):
        await write_to_thread(town.deps, clerk, way.number, "  ")
    await way.reported(ReportKind.ISSUANCE_REFUSED)
    with refused("case_already_ended"):
        await write_to_thread(town.deps, clerk, way.number, "还有问题")
