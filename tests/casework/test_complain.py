"""Complaints and suggestions (R198): a number, a clock, a person, an answer, and a count."""

from datetime import date

import pytest

from casework.complain import (
    ComplaintWish,
    add_word,
    answer_complaint,
    assign_complaint,
    complaint_statistics,
    complaints_here,
    escalate_overdue,
    my_complaint,
    my_complaints,
    open_complaint,
    read_complaint,
    take_complaint,
)
from domain.terms import ComplaintKind, ComplaintStatus, NoticeKind, StaffRole
from models.audit import AuditEntry
from models.notice import Notice
from models.staff import Staff
from models.statistics import Scope
from tests.casework.refused import DONE, at_once, refused
from tests.casework.town import JIUJIANG, NANCHANG, Town, employ, key
from tests.casework.way import gone

COMPLAINT, SUGGESTION = ComplaintKind.COMPLAINT, ComplaintKind.SUGGESTION
TEXT = "窗口排队两个小时，没有人说明原因"


@pytest.fixture
async def supervisor(town: Town) -> str:
    await employ("head", StaffRole.SUPERVISOR, None)
    await Staff.filter(username="head").update(division="360000")
    return "head"


async def test_a_complaint_about_a_case_goes_to_its_station_and_is_answered_by_who_took_it(town: Town) -> None:
    way = await gone(town, "accepted")
    opened = await open_complaint(town.deps, way.citizen, ComplaintWish(COMPLAINT, TEXT, way.number), key())
    assert (opened.due_on, opened.status) == (date(2026, 9, 24), ComplaintStatus.OPEN)  # 5 working days
    clerk, other = await town.clerk(NANCHANG), await town.clerk(JIUJIANG)
    assert [line.number for line in await complaints_here(town.deps, clerk)] == [opened.number]
    assert await complaints_here(town.deps, other) == ()
    for act in (read_complaint, take_complaint):
        with refused("complaint_not_found"):
            await act(town.deps, other, opened.number)
    with refused("complaint_not_taken"):
        await answer_complaint(town.deps, clerk, opened.number, "已经核实，当天系统故障，向您致歉。")
    await take_complaint(town.deps, clerk, opened.number)
    await add_word(town.deps, way.citizen, opened.number, "当天是上午十点", key())
    assert [word.text for word in (await read_complaint(town.deps, clerk, opened.number)).words] == ["当天是上午十点"]
    await answer_complaint(town.deps, clerk, opened.number, "已经核实，当天系统故障，向您致歉。")
    with refused("complaint_not_taken"):
        await answer_complaint(town.deps, clerk, opened.number, "另一个答复")
    with refused("complaint_answered_already"):
        await take_complaint(town.deps, clerk, opened.number)
    mine = await my_complaint(town.deps, way.citizen, opened.number)
    assert (mine.status, mine.answer) == (ComplaintStatus.ANSWERED, "已经核实，当天系统故障，向您致歉。")
    notice = await Notice.get(kind=NoticeKind.COMPLAINT_ANSWERED)
    assert (notice.facts["number"], notice.account_id) == (opened.number, way.citizen.account_id)
    assert "致歉" not in str(notice.facts)
    assert await AuditEntry.filter(act="read_complaint_refused").count() == 1


async def test_what_names_no_station_is_handed_on_by_a_supervisor(town: Town, supervisor: str) -> None:
    who = await town.stranger()
    opened = await open_complaint(town.deps, who, ComplaintWish(SUGGESTION, "希望周末也能办理"), key())
    head, clerk = await town.officer(supervisor), await town.clerk(JIUJIANG)
    assert [line.number for line in await complaints_here(town.deps, head)] == [opened.number]
    assert await complaints_here(town.deps, clerk) == ()
    with refused("staff_role_missing"):
        await assign_complaint(town.deps, clerk, opened.number, JIUJIANG)
    with refused("station_not_found"):
        await assign_complaint(town.deps, head, opened.number, "nowhere")
    await assign_complaint(town.deps, head, opened.number, JIUJIANG)
    assert [line.number for line in await complaints_here(town.deps, clerk)] == [opened.number]


async def test_another_accounts_complaint_looks_like_none(town: Town) -> None:
    mine, other = await town.stranger(), await town.stranger()
    opened = await open_complaint(town.deps, mine, ComplaintWish(COMPLAINT, TEXT), key())
    with refused("complaint_not_found"):
        await my_complaint(town.deps, other, opened.number)
    with refused("complaint_not_found"):
        await add_word(town.deps, other, opened.number, "我也是", key())
    assert await my_complaints(town.deps, other) == ()
    way = await gone(town, "open")
    with refused("case_not_found"):
        await open_complaint(town.deps, mine, ComplaintWish(COMPLAINT, TEXT, way.number), key())


async def test_the_same_request_again_is_the_same_complaint_and_a_day_has_a_bound(town: Town) -> None:
    who, again = await town.stranger(), key()
    wish = ComplaintWish(COMPLAINT, TEXT)
    numbers = {(await open_complaint(town.deps, who, wish, again)).number for _ in range(3)}
    assert len(numbers) == 1
    for _ in range(4):
        await open_complaint(town.deps, who, wish, key())
    with refused("complaints_too_many"):
        await open_complaint(town.deps, who, wish, key())
    town.clock.turn(days=1)
    await open_complaint(town.deps, who, wish, key())


@pytest.mark.parametrize("text", ["", "  ", "差", "\u200b" * 20, "长" * 1001])
async def test_nothing_and_too_much_is_no_complaint(text: str, town: Town) -> None:
    with refused("complaint_text_missing"):
        await open_complaint(town.deps, await town.stranger(), ComplaintWish(COMPLAINT, text), key())


async def test_one_answer_wins_whoever_presses_first(town: Town) -> None:
    way = await gone(town, "accepted")
    opened = await open_complaint(town.deps, way.citizen, ComplaintWish(COMPLAINT, TEXT, way.number), key())
    clerk = await town.clerk(NANCHANG)
    await take_complaint(town.deps, clerk, opened.number)
    answers = (answer_complaint(town.deps, clerk, opened.number, f"第{n}个答复内容") for n in range(4))
    assert await at_once(answers) == {DONE: 1, "complaint_not_taken": 3}
    assert await Notice.filter(kind=NoticeKind.COMPLAINT_ANSWERED).count() == 1


async def test_what_is_late_is_put_before_the_supervisors_once_and_counted(town: Town, supervisor: str) -> None:
    way = await gone(town, "accepted")
    opened = await open_complaint(town.deps, way.citizen, ComplaintWish(COMPLAINT, TEXT, way.number), key())
    await open_complaint(town.deps, way.citizen, ComplaintWish(SUGGESTION, TEXT, way.number), key())
    town.clock.set(date(2026, 9, 24), 23, 59)
    assert await escalate_overdue(town.deps) == 0
    town.clock.set(date(2026, 9, 25), 0, 0)
    assert [await escalate_overdue(town.deps) for _ in range(2)] == [2, 0]
    assert all(line.overdue for line in await complaints_here(town.deps, await town.officer(supervisor)))
    clerk = await town.clerk(NANCHANG)
    await take_complaint(town.deps, clerk, opened.number)
    await answer_complaint(town.deps, clerk, opened.number, "迟来的答复，请谅解")
    counted = await complaint_statistics(town.deps, Scope("36"), date(2026, 9, 18), date(2026, 9, 18))
    assert (counted.opened, counted.complaints, counted.suggestions) == (2, 1, 1)
    assert (counted.answered, counted.on_time, counted.late) == (1, 0, 2)
    assert (await complaint_statistics(town.deps, Scope("44"), date(2026, 9, 18), date(2026, 9, 18))).opened == 0


async def test_a_year_nobody_knows_the_holidays_of_is_waited_for(town: Town) -> None:
    town.clock.set(date(2026, 12, 30))
    who = await town.stranger()
    opened = await open_complaint(town.deps, who, ComplaintWish(COMPLAINT, TEXT), key())
    assert opened.due_on is None
    told = town.knowing(2027, date(2027, 1, 1))
    await escalate_overdue(told.deps)
    assert (await my_complaint(told.deps, who, opened.number)).due_on == date(2027, 1, 7)
