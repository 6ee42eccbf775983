"""K8: a pickup or refusal notice that reached nobody in one working day is work for a person at the station."""

from dataclasses import replace

import pytest

from casework.message_consents import record_report
from casework.notify import deliver_due
from casework.reach_people import ReachLine, open_reach_tasks, people_to_reach, take_reach_step
from domain.terms import Channel, NoticeKind, ReachOutcome, ReachStepKind
from models.audit import AuditEntry
from models.reach_task import ReachStep, ReachTask
from tests.casework.refused import refused
from tests.casework.town import ACCEPTED, GUANGZHOU, NUMBER_UNKNOWN, PHONE, Town
from tests.casework.way import Way, gone

PICKUP = NoticeKind.READY_FOR_PICKUP


async def arrived(town: Town, provider_id: str = "sms-1") -> Way:
    """A card at the counter; the SMS about it was taken by the provider, and no report has come."""
    town.sms.answer = ACCEPTED
    way = await gone(town, "dispatched")
    await deliver_due(town.deps)
    town.sms.answer = replace(ACCEPTED, provider_id=provider_id)
    await way.arrive()
    await deliver_due(town.deps)
    return way


async def listed(town: Town) -> tuple[ReachLine, ...]:
    return await people_to_reach(town.deps, await town.clerk())


async def test_a_notice_that_is_not_reported_as_arrived_is_a_task_when_a_working_day_is_over(town: Town) -> None:
    way = await arrived(town)
    assert await open_reach_tasks(town.deps) == 0
    town.clock.turn(days=2)  # Friday morning until Sunday, which is worked on in that week
    assert await open_reach_tasks(town.deps) == 0
    town.clock.turn(days=1)
    assert await open_reach_tasks(town.deps) == 1
    assert await open_reach_tasks(town.deps) == 0
    (line,) = await listed(town)
    assert (line.number, line.kind, line.taken_by) == (way.number, PICKUP, None)


async def test_a_notice_that_arrived_is_no_task(town: Town) -> None:
    await arrived(town)
    await record_report(town.deps, Channel.SMS, "sms-1", arrived=True, error=None)
    await deliver_due(town.deps)
    town.clock.turn(days=5)
    assert await open_reach_tasks(town.deps) == 0


async def test_where_no_channel_is_left_a_person_is_asked_at_once_unless_wechat_reached_them(town: Town) -> None:
    way = await gone(town, "dispatched")
    await deliver_due(town.deps)
    town.sms.answer = NUMBER_UNKNOWN
    await way.arrive()
    await deliver_due(town.deps)
    assert await open_reach_tasks(town.deps) == 1
    assert [line.number for line in await listed(town)] == [way.number]


async def test_a_message_that_arrives_late_closes_the_task_and_so_does_the_person_who_comes(town: Town) -> None:
    first, second = await arrived(town, "sms-1"), await arrived(town, "sms-2")
    town.clock.turn(days=5)
    assert await open_reach_tasks(town.deps) == 2
    await record_report(town.deps, Channel.SMS, "sms-1", arrived=True, error=None)
    await deliver_due(town.deps)
    assert [line.number for line in await listed(town)] == [second.number]
    await second.release()
    assert await listed(town) == ()
    assert {task.outcome for task in await ReachTask.all()} == {ReachOutcome.SETTLED}
    assert first.number != second.number


async def test_every_step_is_on_record_and_the_phone_is_masked_until_it_is_asked_for(town: Town) -> None:
    await arrived(town)
    town.clock.turn(days=5)
    await open_reach_tasks(town.deps)
    clerk = await town.clerk()
    (line,) = await listed(town)
    assert line.phone is not None
    assert PHONE not in line.phone
    for step in (ReachStepKind.TAKEN, ReachStepKind.PHONE_SHOWN, ReachStepKind.NO_ANSWER):
        await take_reach_step(town.deps, clerk, line.id, step)
    (seen,) = await people_to_reach(town.deps, clerk, shown=line.id)
    assert (seen.phone, seen.steps) == (PHONE, ("已接手", "查看电话", "无人接听"))
    assert await AuditEntry.filter(act="reach_person", staff_id=clerk.staff_id).count() == 3
    await take_reach_step(town.deps, clerk, line.id, ReachStepKind.REACHED)
    assert await listed(town) == ()
    assert [step.step for step in await ReachStep.all().order_by("id")][-1] is ReachStepKind.REACHED


async def test_a_task_of_another_station_or_one_that_is_over_cannot_be_touched(town: Town) -> None:
    await arrived(town)
    town.clock.turn(days=5)
    await open_reach_tasks(town.deps)
    (line,) = await listed(town)
    with refused("reach_task_not_found"):
        await take_reach_step(town.deps, await town.clerk(GUANGZHOU), line.id, ReachStepKind.PHONE_SHOWN)
    await take_reach_step(town.deps, await town.clerk(), line.id, ReachStepKind.NOT_REACHED)
    with refused("reach_task_not_found"):
        await take_reach_step(town.deps, await town.clerk(), line.id, ReachStepKind.REACHED)


@pytest.mark.parametrize("step", list(ReachStepKind))
async def test_the_first_step_of_any_kind_takes_the_task_in_hand(town: Town, step: ReachStepKind) -> None:
    await arrived(town)
    town.clock.turn(days=5)
    await open_reach_tasks(town.deps)
    (line,) = await listed(town)
    clerk = await town.clerk()
    await take_reach_step(town.deps, clerk, line.id, step)
    assert (await ReachTask.get(id=line.id)).staff_id == clerk.staff_id
