"""Counts for supervision (R180–R188): one SQL statement each, the same on both databases; never a person in them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from domain.terms import CaseEventKind, ClockKind
from models.columns import utc
from models.store import connection, on_postgres

Row = Mapping[str, Any]
_BATCH = 2000
REVIEWS = (ClockKind.REVIEW, ClockKind.CERTIFICATE_CHECK)
"""The clocks whose timeliness is reported (R180, D9)."""


@dataclass(frozen=True)
class Scope:
    """Whose cases are counted: what begins with ``prefix``, of one point if ``point_id`` names one."""

    prefix: str
    point_id: int | None = None


async def cases_by_state(scope: Scope) -> list[Row]:
    """``state``, ``n``: the cases of the acceptance places in scope."""
    return await _ask(
        f"SELECT c.state AS state, COUNT(*) AS n FROM service_case c {_POINT} WHERE {_here(scope)} GROUP BY c.state",
        *_given(scope),
    )


async def turns_by_day(scope: Scope, kinds: Sequence[CaseEventKind], start: datetime, end: datetime) -> list[Row]:
    """``day``, ``kind``, ``n``: what happened each day in China between two moments."""
    sql = f"""
        SELECT {_day("e.at")} AS day, e.kind AS kind, COUNT(*) AS n
        FROM case_event e JOIN service_case c ON c.id = e.case_id {_POINT}
        WHERE {_here(scope)} AND e.at >= ? AND e.at < ? AND e.kind IN ({_marks(kinds)}) GROUP BY 1, 2 ORDER BY 1
    """
    return [
        {**row, "day": _as_day(row["day"])} for row in await _ask(sql, *_given(scope), utc(start), utc(end), *kinds)
    ]


async def timeliness(scope: Scope, digits: int, first: date, last: date) -> list[Row]:
    """``place``, ``due``, ``on_time``, ``late``, ``waiting``: reviews due in a period (D9), by the first digits of the
    place that has to decide. ``late``: decided after the last day; ``waiting``: not decided yet."""
    sql = f"""
        SELECT {_cut("d.division", digits)} AS place, {_VERDICTS} FROM deadline d {_JOIN}
        WHERE {_duty(scope)} AND {_reviews()} AND d.due_on >= ? AND d.due_on <= ? GROUP BY 1 ORDER BY 1
    """
    return await _ask(sql, *_given(scope), first, last)


async def timeliness_by_unit(scope: Scope, first: date, last: date, limit: int) -> list[Row]:
    """The same by county and reporting station, the slowest first."""
    sql = f"""
        SELECT d.division AS place, COALESCE(d.unit, '') AS unit, {_VERDICTS} FROM deadline d {_JOIN}
        WHERE {_duty(scope)} AND {_reviews()} AND d.due_on >= ? AND d.due_on <= ?
        GROUP BY 1, 2
        ORDER BY SUM(CASE WHEN d.stopped_on <= d.due_on THEN 1.0 ELSE 0 END) / COUNT(*), 1, 2 LIMIT {limit}
    """
    return await _ask(sql, *_given(scope), first, last)


async def overdue_now(scope: Scope, today: date) -> list[Row]:
    """``kind``, ``n``, ``oldest``: clocks that have run out and are still running."""
    sql = f"""
        SELECT d.kind AS kind, COUNT(*) AS n, MIN(d.due_on) AS oldest FROM deadline d {_JOIN}
        WHERE {_duty(scope)} AND d.stopped_at IS NULL AND d.due_on < ? GROUP BY 1 ORDER BY 2 DESC
    """
    return [{**row, "oldest": _as_day(row["oldest"])} for row in await _ask(sql, *_given(scope), today)]


async def unpacked_by_age(scope: Scope) -> list[Row]:
    """``day``, ``n``: cards issued on a day and not packed yet (K9, R115)."""
    sql = f"""
        SELECT d.started_on AS day, COUNT(*) AS n FROM deadline d {_JOIN}
        WHERE {_duty(scope)} AND d.kind = 'packing' AND d.stopped_at IS NULL GROUP BY 1 ORDER BY 1
    """
    return [{**row, "day": _as_day(row["day"])} for row in await _ask(sql, *_given(scope))]


async def visits(scope: Scope, start: datetime, end: datetime) -> Row:
    """``kept`` and ``missed``: visits booked for a time between two moments."""
    sql = f"""
        SELECT COALESCE(SUM(CASE WHEN b.how_ended = 'kept' THEN 1 ELSE 0 END), 0) AS kept,
               COALESCE(SUM(CASE WHEN b.how_ended = 'no_show' THEN 1 ELSE 0 END), 0) AS missed
        FROM booking b JOIN slot s ON s.id = b.slot_id JOIN acceptance_point p ON p.id = s.point_id
        WHERE {"p.id = ?" if scope.point_id is not None else "p.division LIKE ?"} AND s.ends_at >= ? AND s.ends_at < ?
    """
    (row,) = await _ask(sql, *_given(scope), utc(start), utc(end))
    return row


async def notices_by_kind(scope: Scope, start: datetime, end: datetime) -> list[Row]:
    """``kind``, ``status``, ``n``: what became of notices owed between two moments, one for each person and event.

    What WeChat is told on top of an SMS is not counted again.
    """
    sql = f"""
        SELECT n.kind AS kind, n.status AS status, COUNT(*) AS n
        FROM notice n JOIN service_case c ON c.id = n.case_id {_POINT}
        WHERE {_here(scope)} AND n.route <> 'wechat' AND n.owed_at >= ? AND n.owed_at < ? GROUP BY 1, 2
    """
    return await _ask(sql, *_given(scope), utc(start), utc(end))


async def reach_tasks_by_kind(scope: Scope, start: datetime, end: datetime) -> list[Row]:
    """``kind``, ``outcome`` (None: open), ``n``: people whom somebody at the station was to tell (K8)."""
    sql = f"""
        SELECT t.kind AS kind, t.outcome AS outcome, COUNT(*) AS n
        FROM reach_task t JOIN service_case c ON c.id = t.case_id {_POINT}
        WHERE {_here(scope)} AND t.opened_at >= ? AND t.opened_at < ? GROUP BY 1, 2
    """
    return await _ask(sql, *_given(scope), utc(start), utc(end))


async def quality(scope: Scope, start: datetime, end: datetime) -> dict[str, int]:
    """R187, 错、重、假: ``accepted``, and of what came to the counter ``wrong`` data, ``duplicate``, ``fake``."""
    fact, fields = _fact("e.facts", "reason"), _length("e.facts", "differing_fields")
    differing = f"CASE WHEN e.kind = 'accepted' AND {fields} > 0 THEN 1 ELSE 0 END"
    sql = f"""
        SELECT COALESCE(SUM(CASE WHEN e.kind = 'accepted' THEN 1 ELSE 0 END), 0) AS accepted,
               COALESCE(SUM({differing} + CASE WHEN {fact} = 'data_mismatch' THEN 1 ELSE 0 END), 0) AS wrong,
               COALESCE(SUM(CASE WHEN {fact} = 'not_first_issue' THEN 1 ELSE 0 END), 0) AS duplicate,
               COALESCE(SUM(CASE WHEN {fact} = 'identity_doubtful' OR e.kind = 'issuance_refused' THEN 1 ELSE 0 END), 0)
               AS fake
        FROM case_event e JOIN service_case c ON c.id = e.case_id {_POINT}
        WHERE {_here(scope)} AND e.kind IN ('accepted', 'declined', 'issuance_refused') AND e.at >= ? AND e.at < ?
    """
    (row,) = await _ask(sql, *_given(scope), utc(start), utc(end))
    return {name: int(value) for name, value in row.items()}


async def complaints(scope: Scope, start: datetime, end: datetime, today: date) -> Row:
    """``opened``, ``complaints``, ``answered``, ``on_time``, ``late``: what was said between two moments (R198).

    Late: answered after its last day, or not yet and that day is over.
    """
    answered = f"COALESCE({_day('x.answered_at')}, {'CAST(? AS date)' if on_postgres() else '?'})"
    sql = f"""
        SELECT COUNT(*) AS opened,
               COALESCE(SUM(CASE WHEN x.kind = 'complaint' THEN 1 ELSE 0 END), 0) AS complaints,
               COALESCE(SUM(CASE WHEN x.answered_at IS NOT NULL THEN 1 ELSE 0 END), 0) AS answered,
               COALESCE(SUM(x.on_time), 0) AS on_time, COALESCE(SUM(x.late), 0) AS late
        FROM (
            SELECT x.kind, x.answered_at, CASE WHEN x.due_on < {answered} THEN 1 ELSE 0 END AS late,
                   CASE WHEN x.answered_at IS NOT NULL AND NOT COALESCE(x.due_on < {answered}, FALSE) THEN 1 ELSE 0 END
                   AS on_time
            FROM complaint x
            WHERE {"x.point_id = ?" if scope.point_id is not None else "x.division LIKE ?"}
              AND x.opened_at >= ? AND x.opened_at < ?
        ) x
    """
    (row,) = await _ask(sql, today, today, *_given(scope), utc(start), utc(end))
    return row


async def issued_by_county(prefix: str, item: str, first: date, last: date) -> list[Row]:
    """``place``, ``month`` (YYYY-MM), ``n``: cards issued to the people of each county, for the settlement (R152)."""
    month = "to_char(k.issued_on, 'YYYY-MM')" if on_postgres() else "substr(k.issued_on, 1, 7)"
    sql = f"""
        SELECT c.household_division AS place, {month} AS month, COUNT(*) AS n
        FROM card k JOIN service_case c ON c.id = k.case_id
        WHERE c.household_division LIKE ? AND c.item = ? AND k.issued_on >= ? AND k.issued_on <= ?
        GROUP BY 1, 2 ORDER BY 2, 1
    """
    return await _ask(sql, f"{prefix}%", item, first, last)


async def points_online(scope: Scope, today: date) -> list[Row]:
    """``city`` (4 digits), ``item``, ``points``, ``open``, ``first``: how far each city has come (R188)."""
    sql = f"""
        SELECT substr(p.division, 1, 4) AS city, s.item AS item, COUNT(*) AS points,
               SUM(CASE WHEN s.open_from <= ? THEN 1 ELSE 0 END) AS open, MIN(s.open_from) AS first
        FROM point_service s JOIN acceptance_point p ON p.id = s.point_id
        WHERE {"p.id = ?" if scope.point_id is not None else "p.division LIKE ?"} GROUP BY 1, 2 ORDER BY 1, 2
    """
    return [{**row, "first": _as_day(row["first"])} for row in await _ask(sql, today, *_given(scope))]


async def clock_lines(scope: Scope, first: date, last: date) -> AsyncIterator[list[Row]]:
    """Every review clock due in a period, batch by batch: a million of them are never in memory at once."""
    sql = f"""
        SELECT d.id AS id, c.number AS number, c.item AS item, c.state AS state, d.kind AS kind, d.division AS division,
               d.unit AS unit, d.started_on AS started_on, d.due_on AS due_on, d.stopped_on AS stopped_on
        FROM deadline d{_in_order()} JOIN service_case c ON c.id = d.case_id
        WHERE {_duty(scope)} AND {_reviews()} AND d.due_on >= ? AND d.due_on <= ? AND d.id > ?
        ORDER BY d.id LIMIT {_BATCH}
    """
    last_id = 0
    while batch := await _ask(sql, *_given(scope), first, last, last_id):
        last_id = batch[-1]["id"]
        days = ("started_on", "due_on", "stopped_on")
        yield [{**row, **{name: _as_day(row[name]) for name in days}} for row in batch]


_POINT = "LEFT JOIN acceptance_point p ON p.id = c.acceptance_point_id"
_JOIN = "JOIN service_case c ON c.id = d.case_id"
_VERDICTS = """COUNT(*) AS due, SUM(CASE WHEN d.stopped_on <= d.due_on THEN 1 ELSE 0 END) AS on_time,
    SUM(CASE WHEN d.stopped_on > d.due_on THEN 1 ELSE 0 END) AS late,
    SUM(CASE WHEN d.stopped_on IS NULL THEN 1 ELSE 0 END) AS waiting"""


def _here(scope: Scope) -> str:
    """Cases by their place of acceptance; before one is chosen, by the residence."""
    return "p.id = ?" if scope.point_id is not None else "COALESCE(p.division, c.residence_division) LIKE ?"


def _duty(scope: Scope) -> str:
    """Clocks by the place whose duty they measure; for a point, those of its own cases."""
    return "c.acceptance_point_id = ?" if scope.point_id is not None else "d.division LIKE ?"


def _given(scope: Scope) -> tuple[Any, ...]:
    return (scope.point_id,) if scope.point_id is not None else (f"{scope.prefix}%",)


def _reviews() -> str:
    return "d.kind IN ({})".format(", ".join(f"'{kind}'" for kind in REVIEWS))


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" for _ in values)


def _cut(column: str, digits: int) -> str:
    return f"substr({column}, 1, {digits})"


def _in_order() -> str:
    """SQLite would find all by the day and sort them anew for every batch; this makes it read on by the row's id."""
    return "" if on_postgres() else " NOT INDEXED"


def _day(column: str) -> str:
    """The day in China of a moment."""
    return f"({column} AT TIME ZONE 'Asia/Shanghai')::date" if on_postgres() else f"date({column}, '+8 hours')"


def _as_day(value: date | str | None) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _fact(column: str, name: str) -> str:
    return f"{column}->>'{name}'" if on_postgres() else f"json_extract({column}, '$.{name}')"


def _length(column: str, name: str) -> str:
    if on_postgres():
        return f"COALESCE(jsonb_array_length({column}->'{name}'), 0)"
    return f"COALESCE(json_array_length({column}, '$.{name}'), 0)"


async def _ask(sql: str, *values: Any) -> list[Row]:
    """Ask with ``?`` for every value; PostgreSQL numbers them."""
    client = connection()
    if on_postgres():
        head, *rest = sql.split("?")
        sql = head + "".join(f"${number}{part}" for number, part in enumerate(rest, start=1))
    else:
        values = tuple(value.isoformat() if type(value) is date else value for value in values)
    return list(await client.execute_query_dict(sql, list(values)))
