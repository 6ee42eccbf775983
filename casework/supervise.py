"""Supervision: what stands where in the officer's own area, for looking at and for taking away (R180, R185–R188)."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from casework.area import Area, area_inside, level_below
from casework.callers import Officer
from casework.complain import complaint_statistics
from casework.deps import Deps
from casework.supervision_views import (
    Dashboard,
    DayCount,
    GoLiveLine,
    NoticeCount,
    OverdueCount,
    Period,
    Quality,
    SettlementLine,
    Timeliness,
)
from domain.division import Level, children, find_division, provinces
from domain.local_time import day_bounds
from domain.refusal import Refusal
from domain.terms import (
    CaseEventKind,
    CaseState,
    ClockKind,
    ContactDuty,
    NoticeKind,
    ReachOutcome,
    ServiceItem,
    StaffRole,
)
from models import statistics
from models.audit import write_audit
from models.contact import contacts_below
from models.statistics import Row, Scope
from templates.labels import label

SUPERVISING = frozenset({StaffRole.SUPERVISOR, StaffRole.OPERATOR})
USUAL_DAYS, MOST_DAYS = 14, 731
_UNITS = 20
_DIGITS = {Level.PROVINCE: 2, Level.CITY: 4, Level.COUNTY: 6}
_TURNS = {CaseEventKind.OPENED: "opened", CaseEventKind.ACCEPTED: "accepted", CaseEventKind.ISSUED: "issued"}


@dataclass(frozen=True)
class Asked:
    """Whose figures are asked for, checked: the officer's own area or a part of it, and the days."""

    area: Area
    period: Period

    @property
    def scope(self) -> Scope:
        """The area as the tables know it."""
        return Scope(self.area.prefix, self.area.point_id)

    @property
    def moments(self) -> tuple[datetime, datetime]:
        """The first moment of the period and the first one after it."""
        return day_bounds(self.period.first)[0], day_bounds(self.period.last)[1]


def asked(
    deps: Deps, officer: Officer, division: str | None = None, first: date | None = None, last: date | None = None
) -> Asked:
    """What an officer asks for; the last two weeks if no days are named.

    Raises:
        Refusal: ``staff_role_missing``, ``area_outside``, ``area_unknown``, ``division_unknown``,
            ``period_wrong``.
    """
    if officer.role not in SUPERVISING:
        raise Refusal("staff_role_missing", source="R185")
    last = last or deps.today()
    first = first or last - timedelta(days=USUAL_DAYS - 1)
    if not first <= last < first + timedelta(days=MOST_DAYS):
        raise Refusal("period_wrong", most_days=MOST_DAYS)
    return Asked(area_inside(officer, division), Period(first, last))


async def dashboard(deps: Deps, what: Asked) -> Dashboard:
    """An area at a glance."""
    scope, (start, end) = what.scope, what.moments
    first, last = what.period.first, what.period.last
    (whole,) = _totals(what.area, await statistics.timeliness(scope, 0, first, last))
    notices = await statistics.notices_by_kind(scope, start, end)
    by_hand = await statistics.reach_tasks_by_kind(scope, start, end)
    visits = await statistics.visits(scope, start, end)
    counted = {row["state"]: int(row["n"]) for row in await statistics.cases_by_state(scope)}
    return Dashboard(
        area=what.area,
        inside=_inside(what.area),
        period=what.period,
        states=tuple((state, counted.get(state, 0)) for state in CaseState),
        overdue=tuple(_overdue(row) for row in await statistics.overdue_now(scope, deps.today())),
        whole=whole,
        places=await timeliness_of_places(what),
        units=await timeliness_of_units(what),
        unpacked=tuple((row["day"], int(row["n"])) for row in await statistics.unpacked_by_age(scope)),
        days=_days(what.period, await statistics.turns_by_day(scope, tuple(_TURNS), start, end)),
        kept=int(visits["kept"]),
        missed=int(visits["missed"]),
        notices=_notices(notices, by_hand),
        complaints=await complaint_statistics(deps, scope, first, last),
        quality=Quality(**await statistics.quality(scope, start, end)),
    )


def _notices(rows: Sequence[Row], by_hand: Sequence[Row]) -> tuple[NoticeCount, ...]:
    """By kind, what nobody was reached by first."""
    sent = {(row["kind"], row["status"]): int(row["n"]) for row in rows}
    told = {(row["kind"], row["outcome"]): int(row["n"]) for row in by_hand}
    kinds = {kind for kind, _ in [*sent, *told]}
    counts = [
        NoticeCount(
            kind=NoticeKind(kind),
            delivered=sent.get((kind, "delivered"), 0),
            sent=sent.get((kind, "sent"), 0),
            unreached=sent.get((kind, "unreached"), 0),
            owed=sent.get((kind, "owed"), 0),
            told=told.get((kind, ReachOutcome.REACHED), 0),
            given_up=told.get((kind, ReachOutcome.NOT_REACHED), 0),
            to_tell=told.get((kind, None), 0),
        )
        for kind in kinds
    ]
    return tuple(sorted(counts, key=lambda one: (-one.unreached, -one.to_tell, one.kind)))


async def timeliness_of_places(what: Asked) -> tuple[Timeliness, ...]:
    """The rate of each place one level below (R180)."""
    if what.area.point_id is not None:
        return ()
    digits = _DIGITS[level_below(what.area)]
    rows = await statistics.timeliness(what.scope, digits, what.period.first, what.period.last)
    return tuple(_timeliness(_name(row["place"]), row["place"], row) for row in rows)


async def timeliness_of_units(what: Asked, most: int = _UNITS) -> tuple[Timeliness, ...]:
    """The rate of each reporting station, the slowest first (R180)."""
    rows = await statistics.timeliness_by_unit(what.scope, what.period.first, what.period.last, most)
    return tuple(_timeliness(row["unit"] or "未写明单位", row["place"], row) for row in rows)


async def settlement(deps: Deps, what: Asked) -> tuple[SettlementLine, ...]:
    """What each county hands up for the first cards issued to its people, by month (R151, R152)."""
    item = ServiceItem.ID_CARD_FIRST_APPLICATION
    rows = await statistics.issued_by_county(what.area.prefix, item, what.period.first, what.period.last)
    return tuple(_settled(deps, row, item) for row in rows)


async def go_live(deps: Deps, what: Asked) -> tuple[GoLiveLine, ...]:
    """How far each city has come, service by service (R188), and whether it named a liaison (R183)."""
    named = {c.division[:4] for c in await contacts_below(what.area.prefix, ContactDuty.LIAISON)}
    return tuple(
        GoLiveLine(
            _name(row["city"]), ServiceItem(row["item"]), int(row["points"]), int(row["open"]), row["first"],
            liaison=row["city"] in named,
        )
        for row in await statistics.points_online(what.scope, deps.today())
    )  # fmt: skip


CLOCK_HEADS = ("预登记编号", "事项", "状态", "时限", "户籍地", "审核单位", "起算日", "截止日", "办结日", "是否按时")


async def clock_rows(what: Asked) -> AsyncIterator[list[tuple[str | date | None, ...]]]:
    """Every review due in the period, a batch at a time; numbers of cases, never a person."""
    async for batch in statistics.clock_lines(what.scope, what.period.first, what.period.last):
        yield [_clock_row(row) for row in batch]


async def note_reading(deps: Deps, officer: Officer, what: Asked, act: str) -> None:
    """Who looked at which figures, or took them away, stands on record."""
    await write_audit(
        at=deps.clock.now(), actor=officer.actor, act=act, staff_id=officer.staff_id,
        request_id=officer.request_id or None,
        facts={
            "division": what.area.division, "first": what.period.first.isoformat(),
            "last": what.period.last.isoformat(),
        },
    )  # fmt: skip


def _totals(area: Area, rows: Sequence[Row]) -> tuple[Timeliness]:
    empty = {"due": 0, "on_time": 0, "late": 0, "waiting": 0}
    return (_timeliness(area.name, area.division, rows[0] if rows else empty),)


def _timeliness(name: str, division: str, row: Row) -> Timeliness:
    return Timeliness(name, division, int(row["due"]), int(row["on_time"]), int(row["late"]), int(row["waiting"]))


def _overdue(row: Row) -> OverdueCount:
    return OverdueCount(ClockKind(row["kind"]), int(row["n"]), row["oldest"])


def _days(period: Period, rows: Sequence[Row]) -> tuple[DayCount, ...]:
    counted = {(row["day"], row["kind"]): int(row["n"]) for row in rows}
    days = (period.first + timedelta(days=n) for n in range((period.last - period.first).days + 1))
    return tuple(DayCount(day, *(counted.get((day, kind), 0) for kind in _TURNS)) for day in days)


def _inside(area: Area) -> tuple[tuple[str, str], ...]:
    """The places one level below, to look closer at."""
    if area.point_id is not None:
        return ()
    below = children(find_division(area.division)) if area.prefix else provinces()
    return tuple((place.code, place.name) for place in below)


def _name(digits: str) -> str:
    try:
        return find_division(digits.ljust(6, "0")).full_name
    except Refusal:
        return digits


def _settled(deps: Deps, row: Row, item: ServiceItem) -> SettlementLine:
    year, month = map(int, row["month"].split("-"))
    rules = deps.rulebook.on(date(year, month, 1))
    value = rules.find("settlement", item=item, household=find_division(row["place"]))
    cards = int(row["n"])
    fen = [value.number(name) * cards if value else None for name in ("fen", "state_fen", "province_fen")]
    return SettlementLine(_name(row["place"]), row["month"], cards, *fen)


def _clock_row(row: Row) -> tuple[str | date | None, ...]:
    due, stopped = row["due_on"], row["stopped_on"]
    verdict = "未办结" if stopped is None else "是" if stopped <= due else "否"
    return (
        row["number"], label(ServiceItem(row["item"])), label(CaseState(row["state"])), label(ClockKind(row["kind"])),
        _name(row["division"]), row["unit"], row["started_on"], due, stopped, verdict,
    )  # fmt: skip
