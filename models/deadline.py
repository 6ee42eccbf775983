"""The clocks of cases (K1–K9), and the warnings given when one runs out."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.terms import ClockKind, DayKind, WarningLevel, Watcher
from models.case import Case
from models.columns import UtcDatetime
from models.staff import Staff
from models.store import insert_once

_SEEN = 20


class Deadline(Model):
    """A clock of a case. ``due_on`` is null where the calendar of ``missing_year`` is not known yet.

    ``division`` and ``unit``: where the duty lies, and whose it is as far as known (R186). ``ahead_on``: the day it is
    told ahead, if it is. ``stopped_on``: the day of ``stopped_at`` in China, to be compared with ``due_on`` (D9).
    """

    id = fields.IntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="deadlines", on_delete=fields.RESTRICT
    )
    case_id: int
    kind = fields.CharEnumField(ClockKind, max_length=20)
    started_on = fields.DateField()
    days = fields.IntField()
    day_kind = fields.CharEnumField(DayKind, max_length=10)
    due_on = fields.DateField(null=True)
    missing_year = fields.IntField(null=True)
    stopped_at = UtcDatetime(null=True)
    warned_at = UtcDatetime(null=True)
    division = fields.CharField(max_length=6, default="", db_default="")
    unit = fields.CharField(max_length=120, null=True)
    ahead_on = fields.DateField(null=True)
    told_ahead_at = UtcDatetime(null=True)
    stopped_on = fields.DateField(null=True)

    class Meta:
        table = "deadline"
        unique_together = (("case", "kind"),)
        indexes = (("due_on",), ("division", "due_on"))


class DeadlineWarning(Model):
    """That somebody was to be told of a clock, and who took note of it (R090). One per clock, level and watcher."""

    id = fields.IntField(primary_key=True)
    deadline: fields.ForeignKeyRelation[Deadline] = fields.ForeignKeyField(
        "models.Deadline", related_name="warnings", on_delete=fields.RESTRICT
    )
    deadline_id: int
    level = fields.CharEnumField(WarningLevel, max_length=10)
    watcher = fields.CharEnumField(Watcher, max_length=20)
    division = fields.CharField(max_length=6)
    given_at = UtcDatetime()
    seen_at = UtcDatetime(null=True)
    seen_by: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="warnings_seen", on_delete=fields.RESTRICT, null=True
    )
    seen_by_id: int | None

    class Meta:
        table = "deadline_warning"
        unique_together = (("deadline", "level", "watcher"),)
        indexes = (("watcher", "division"),)


async def write_clock(case_id: int, kind: ClockKind, *, ahead_on: date | None = None, **columns: Any) -> None:
    """Start a clock once; a second start changes nothing."""
    await insert_once(Deadline, case_id=case_id, kind=kind, ahead_on=ahead_on, **columns)


async def stop_clocks(case_id: int, kinds: Sequence[ClockKind], at: datetime, on: date) -> None:
    """Stop those of a case's clocks that run; ``on`` is the day of ``at`` in China."""
    if kinds:
        running = Deadline.filter(case_id=case_id, kind__in=list(kinds), stopped_at=None)
        await running.update(stopped_at=at, stopped_on=on)


async def stop_all_clocks(case_id: int, at: datetime, on: date) -> None:
    """The case has ended: none of its clocks runs on."""
    await Deadline.filter(case_id=case_id, stopped_at=None).update(stopped_at=at, stopped_on=on)


async def clocks_of(case_id: int) -> list[Deadline]:
    """The clocks of a case."""
    return await Deadline.filter(case_id=case_id).order_by("id")


async def clocks_run_out(today: date, limit: int) -> list[Deadline]:
    """Running clocks whose last day is over, not warned of yet, oldest first; the case loaded."""
    found = Deadline.filter(stopped_at=None, warned_at=None, due_on__lt=today)
    return await found.select_related("case").order_by("due_on", "id").limit(limit)


async def clocks_near_the_end(today: date, limit: int) -> list[Deadline]:
    """Running clocks to be told ahead today and not told yet; the case loaded."""
    found = Deadline.filter(stopped_at=None, told_ahead_at=None, ahead_on__lte=today, due_on__gte=today)
    return await found.select_related("case").order_by("due_on", "id").limit(limit)


async def mark_warned(deadline_id: int, at: datetime) -> bool:
    """Claim the warning of a clock that ran out; False when it was given, or the clock was stopped."""
    return await Deadline.filter(id=deadline_id, warned_at=None, stopped_at=None).update(warned_at=at) == 1


async def mark_told_ahead(deadline_id: int, at: datetime) -> bool:
    """Claim the word told ahead; False when it was given, or the clock was stopped."""
    return await Deadline.filter(id=deadline_id, told_ahead_at=None, stopped_at=None).update(told_ahead_at=at) == 1


async def running_clocks(kind: ClockKind, after_id: int, limit: int) -> list[Deadline]:
    """Clocks of a kind that run, by id; the case and its point loaded."""
    found = Deadline.filter(kind=kind, stopped_at=None, id__gt=after_id)
    return await found.select_related("case", "case__acceptance_point").order_by("id").limit(limit)


async def clocks_without_calendar() -> list[Deadline]:
    """Running clocks that wait for a year's calendar."""
    return await Deadline.filter(stopped_at=None, due_on=None)


async def set_due(deadline_id: int, due_on: date, ahead_on: date | None) -> None:
    """Fill in a due day once its calendar is known."""
    await Deadline.filter(id=deadline_id, due_on=None).update(due_on=due_on, ahead_on=ahead_on, missing_year=None)


async def note_missing_year(deadline_id: int, year: int) -> None:
    """One year came, and the next one is still missing."""
    await Deadline.filter(id=deadline_id, due_on=None).update(missing_year=year)


async def give_warning(deadline_id: int, level: WarningLevel, watcher: Watcher, division: str, at: datetime) -> None:
    """Warn somebody of a clock, once."""
    await insert_once(
        DeadlineWarning, deadline_id=deadline_id, level=level, watcher=watcher, division=division, given_at=at
    )


async def warnings_for(watchers: Sequence[Watcher], division_prefix: str, limit: int) -> list[DeadlineWarning]:
    """The warnings for these watchers in an area, those nobody took note of first; clock and case loaded."""
    found = DeadlineWarning.filter(watcher__in=list(watchers), division__startswith=division_prefix)
    unseen = await found.filter(seen_at=None).select_related("deadline", "deadline__case").order_by("id").limit(limit)
    seen = await found.exclude(seen_at=None).select_related("deadline", "deadline__case").order_by("-id").limit(_SEEN)
    return [*unseen, *seen]


async def see_warning(
    warning_id: int, watchers: Sequence[Watcher], division_prefix: str, staff_id: int, at: datetime
) -> bool:
    """Take note of a warning; False when it is not one of theirs. A second look changes nothing."""
    theirs = DeadlineWarning.filter(id=warning_id, watcher__in=list(watchers), division__startswith=division_prefix)
    await theirs.filter(seen_at=None).update(seen_at=at, seen_by_id=staff_id)
    return await theirs.exists()
