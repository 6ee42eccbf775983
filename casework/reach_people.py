"""People whom no message reached: a task for a person at the station, and every step of it on record (K8)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from casework.callers import Officer
from casework.deps import Deps
from casework.of_age import phone_of
from casework.owe import MUST_REACH, event_of
from casework.serve import audit
from domain.applicant import mask_name, mask_phone
from domain.calendar import CalendarMissing
from domain.deadline import due_day
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import DayKind, NoticeKind, ReachOutcome, ReachStepKind
from models.notice import Notice, delivered_among, not_delivered
from models.reach_task import (
    ReachStep,
    ReachTask,
    add_step,
    close_task,
    find_task,
    open_reach_task,
    settle_tasks,
    steps_of,
    subjects_asked,
    tasks_at,
)
from models.store import transaction
from templates.labels import label

LOOKED_BACK = timedelta(days=60)
SHOWN = 200
ROUTES = ("sms", "wechat", "chain")
_ENDS = {ReachStepKind.REACHED: ReachOutcome.REACHED, ReachStepKind.NOT_REACHED: ReachOutcome.NOT_REACHED}


@dataclass(frozen=True)
class ReachLine:
    """One person to be told. ``phone`` is masked until somebody asked for it."""

    id: int
    number: str
    name_masked: str
    phone: str | None
    kind: NoticeKind
    owed_at: datetime
    taken_by: str | None
    steps: tuple[str, ...]


async def open_reach_tasks(deps: Deps) -> int:
    """Ask a person about every pickup, refusal or certificate notice that reached nobody; returns how many are new.

    At once where no channel is left; where a provider took the message and never said that it arrived, when a working
    day is over. What arrives later closes its task.
    """
    now, opened = deps.clock.now(), 0
    events: defaultdict[str, list[Notice]] = defaultdict(list)
    for notice in await not_delivered(MUST_REACH, now - LOOKED_BACK):
        events[event_of(notice.dedupe_key)].append(notice)
    keys = [f"{event}:{route}" for event in events for route in ROUTES]
    arrived = {event_of(key) for key in await delivered_among(keys)}
    await settle_tasks(arrived, now)
    asked = await subjects_asked(events)
    for event, notices in events.items():
        if event not in arrived | asked and _is_due(deps, notices):
            opened += await _open(event, notices[0], now)
    return opened


async def people_to_reach(deps: Deps, officer: Officer, shown: int | None = None) -> tuple[ReachLine, ...]:
    """The point's list, oldest first; ``shown`` is the task whose phone number was asked for.

    Raises:
        Refusal: ``staff_role_missing`` for staff who serve at no counter.
    """
    tasks = await tasks_at(_point_of(officer), SHOWN)
    steps: defaultdict[int, list[ReachStep]] = defaultdict(list)
    for step in await steps_of([task.id for task in tasks]):
        steps[step.task_id].append(step)
    phones = {task.id: await phone_of(deps, task.case) for task in tasks}
    return tuple(_line(task, steps[task.id], phones[task.id], plain=task.id == shown) for task in tasks)


async def take_reach_step(deps: Deps, officer: Officer, task_id: int, step: ReachStepKind) -> None:
    """Put on record what a clerk did; told or given up, the task is over.

    Raises:
        Refusal: ``reach_task_not_found`` for another point's task or one that is over, ``staff_role_missing``.
    """
    task = await find_task(task_id, _point_of(officer))
    if task is None:
        raise Refusal("reach_task_not_found")
    now = deps.clock.now()
    async with transaction():
        if step in _ENDS and not await close_task(task.id, _ENDS[step], now):
            raise Refusal("reach_task_not_found")
        await add_step(task, officer.staff_id, step, now)
        await audit(deps, officer, task.case, "reach_person", step=step, task=task.id)


def _is_due(deps: Deps, notices: list[Notice]) -> bool:
    """Whether waiting any longer for a message to arrive helps nobody."""
    if all(notice.status == "unreached" for notice in notices):
        return True
    owed_on = day_of(notices[0].owed_at)
    days = deps.rulebook.on(owed_on).need("notices").number("reach_days")
    try:
        last = due_day(owed_on, days, DayKind.WORKING, deps.calendar)
    except CalendarMissing:
        last = owed_on + timedelta(days=days)
    return deps.today() > last


async def _open(event: str, notice: Notice, now: datetime) -> bool:
    case = notice.case
    if case is None or case.acceptance_point_id is None:
        return False
    return await open_reach_task(
        event, kind=notice.kind, case_id=case.id, point_id=case.acceptance_point_id,
        owed_at=notice.owed_at, opened_at=now,
    )  # fmt: skip


def _line(task: ReachTask, steps: list[ReachStep], phone: str | None, *, plain: bool) -> ReachLine:
    return ReachLine(
        id=task.id,
        number=task.case.number,
        name_masked=mask_name(str(task.case.form["name"])),
        phone=phone if plain or phone is None else mask_phone(phone),
        kind=task.kind,
        owed_at=task.owed_at,
        taken_by=task.staff.display_name if task.staff else None,
        steps=tuple(label(step.step, "ReachStepKind") for step in steps),
    )


def _point_of(officer: Officer) -> int:
    if officer.point_id is None:
        raise Refusal("staff_role_missing", source="R078")
    return officer.point_id
