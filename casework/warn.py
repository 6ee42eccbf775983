"""Warnings: the first instant after a limit passed (R090, D10), softly a working day ahead; days filled in later."""

from datetime import datetime, time

import structlog

from casework.deps import Deps, unit_of_work
from casework.keep_clocks import CALENDAR_MISSING
from casework.owe import owe
from domain.calendar import CalendarMissing
from domain.clock import CLOCKS, day_ahead
from domain.collection import later_check_reminders
from domain.deadline import due_day
from domain.local_time import SHANGHAI
from domain.terms import ClockKind, ContactDuty, NoticeKind, WarningLevel
from models.audit import write_audit
from models.contact import nearest_contact
from models.deadline import (
    Deadline,
    clocks_near_the_end,
    clocks_run_out,
    clocks_without_calendar,
    give_warning,
    mark_told_ahead,
    mark_warned,
    note_missing_year,
    running_clocks,
    set_due,
)
from models.follow_up import open_follow_up
from models.operator_task import close_task, open_task
from models.store import transaction
from templates.shown import day as day_text

_BATCH = 200
_IN_THE_MORNING = time(9, 0)
log = structlog.get_logger()


async def warn_overdue(deps: Deps) -> int:
    """Warn once of every running clock whose last day is over; returns how many were warned of."""
    warned = 0
    while clocks := await clocks_run_out(deps.today(), _BATCH):
        done = sum([await _warn(deps, clock) for clock in clocks])
        warned += done
        if not done:
            break
    return warned


async def warn_ahead(deps: Deps) -> int:
    """Tell once, a working day before the last day, those whose clocks are told ahead; returns how many clocks."""
    told = 0
    while clocks := await clocks_near_the_end(deps.today(), _BATCH):
        done = sum([await _tell_ahead(deps, clock) for clock in clocks])
        told += done
        if not done:
            break
    return told


async def remind_of_checks(deps: Deps) -> int:
    """Remind whoever has a later check open, on the days the rule names (R122, K5); returns how many were reminded."""
    reminded, last = 0, 0
    while clocks := await running_clocks(ClockKind.COLLECTION_CHECK, last, _BATCH):
        last = clocks[-1].id
        reminded += sum([await _remind(deps, clock) for clock in clocks])
    return reminded


async def fill_calendars(deps: Deps) -> int:
    """Give a due day to clocks that waited for a year's calendar; returns how many got one.

    A limit that runs on into another unknown year waits for that one, and the operator is told.
    """
    filled = 0
    for clock in await clocks_without_calendar():
        if clock.missing_year in deps.calendar.known_years:
            await close_task(CALENDAR_MISSING, str(clock.missing_year), deps.clock.now())
            filled += await _fill(deps, clock)
    return filled


async def _warn(deps: Deps, clock: Deadline) -> bool:
    async with transaction():
        if not await mark_warned(clock.id, deps.clock.now()):
            return False
        await _give(deps, clock, WarningLevel.OVERDUE)
        if CLOCKS[clock.kind].followed_up:
            contact = await nearest_contact(clock.division, ContactDuty.LIAISON)
            await open_follow_up(clock.id, clock.division, contact.id if contact else None, deps.clock.now())
        await write_audit(
            at=deps.clock.now(), actor="clock", act="deadline_passed", case_id=clock.case_id,
            facts={
                "kind": clock.kind, "due_on": clock.due_on.isoformat() if clock.due_on else None,
                "division": clock.division, "unit": clock.unit,
            },
        )  # fmt: skip
    log.warning("deadline_passed", case=clock.case.number, kind=clock.kind)
    return True


async def _tell_ahead(deps: Deps, clock: Deadline) -> bool:
    async with transaction():
        if not await mark_told_ahead(clock.id, deps.clock.now()):
            return False
        await _give(deps, clock, WarningLevel.SOFT)
    return True


async def _give(deps: Deps, clock: Deadline, level: WarningLevel) -> None:
    for watcher in CLOCKS[clock.kind].warned:
        await give_warning(clock.id, level, watcher, clock.division, deps.clock.now())


async def _remind(deps: Deps, clock: Deadline) -> bool:
    """The newest reminder whose day has come; those before it are past, and two at once would annoy."""
    rules = deps.rulebook.on(clock.started_on)
    come = [day for day in later_check_reminders(rules, clock.started_on) if day <= deps.today()]
    if not come or (clock.due_on is not None and deps.today() > clock.due_on):
        return False
    point = clock.case.acceptance_point
    async with unit_of_work(deps):
        return await owe(
            deps, clock.case, NoticeKind.CHECK_DUE, f"remind-{come[-1].isoformat()}",
            due_at=datetime.combine(come[-1], _IN_THE_MORNING, tzinfo=SHANGHAI),
            due=day_text(clock.due_on) if clock.due_on else f"收到证件后{clock.days}个工作日内",
            station=point.name if point else None,
        )  # fmt: skip


async def _fill(deps: Deps, clock: Deadline) -> bool:
    try:
        due_on = due_day(clock.started_on, clock.days, clock.day_kind, deps.calendar)
    except CalendarMissing as missing:
        await note_missing_year(clock.id, missing.year)
        await open_task(CALENDAR_MISSING, str(missing.year), deps.clock.now())
        return False
    await set_due(clock.id, due_on, day_ahead(due_on, deps.calendar) if CLOCKS[clock.kind].ahead else None)
    return True
