"""Supervision pages (R180, R185–R188): the figures of the officer's own area, and the same as tables to take away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from casework import supervise as acts
from casework.callers import Officer
from casework.deps import Deps
from casework.supervise import Asked
from casework.supervision_views import GoLiveLine, SettlementLine, Timeliness
from counter.forms import read_day
from counter.keys import DEPS
from counter.pages import html_page, refused
from domain.refusal import Refusal
from templates.labels import label
from templates.tables import BOM, CSV_TYPE, XLSX_TYPE, Cell, Workbook, csv_lines

Batches = AsyncIterator[Sequence[Sequence[Cell]]]
_ALL_UNITS = 100_000


@dataclass(frozen=True)
class Table:
    """One table to take away: its title, its columns, and its rows batch by batch."""

    title: str
    heads: tuple[str, ...]
    rows: Callable[[Deps, Asked], Batches]


async def show(request: web.Request, officer: Officer) -> web.Response:
    """The dashboard; a place outside the own area is a refusal on top of the own one."""
    deps = request.app[DEPS]
    problem, status = None, 200
    try:
        what = _asked(request, officer)
    except Refusal as refusal:
        what = acts.asked(deps, officer)
        problem, status = refused(request, refusal)
    await acts.note_reading(deps, officer, what, "read_dashboard")
    board = await acts.dashboard(deps, what)
    return html_page("supervision.html", status=status, officer=officer, problem=problem, board=board)


async def show_settlement(request: web.Request, officer: Officer) -> web.Response:
    """What each county hands up, by month (R152)."""
    what = _asked(request, officer)
    lines = await acts.settlement(request.app[DEPS], what)
    return html_page("settlement.html", officer=officer, lines=lines, what=what)


async def show_go_live(request: web.Request, officer: Officer) -> web.Response:
    """How far each city has come (R188)."""
    what = _asked(request, officer)
    return html_page("go_live.html", officer=officer, lines=await acts.go_live(request.app[DEPS], what), what=what)


async def take_away(request: web.Request, officer: Officer) -> web.StreamResponse:
    """A table as CSV or XLSX, sent while it is read: a million rows are never in memory."""
    name, _, kind = request.match_info["name"].partition(".")
    table = TABLES.get(name)
    if table is None or kind not in {"csv", "xlsx"}:
        raise Refusal("not_found")
    what = _asked(request, officer)
    await acts.note_reading(request.app[DEPS], officer, what, f"export_{name}")
    rows = table.rows(request.app[DEPS], what)
    saved = f'attachment; filename="{name}-{what.period.first}-{what.period.last}.{kind}"'
    if kind == "csv":
        return await _send(request, saved, CSV_TYPE, _csv(table, rows))
    return await _send(request, saved, XLSX_TYPE, _xlsx(table, rows))


def _asked(request: web.Request, officer: Officer) -> Asked:
    query = request.query
    first, last = (read_day({"day": query.get(name, "")}) for name in ("from", "to"))
    return acts.asked(request.app[DEPS], officer, query.get("division", "")[:6] or None, first, last)


async def _send(request: web.Request, saved: str, media: str, chunks: AsyncIterator[bytes]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Disposition": saved, "Content-Type": media})
    await response.prepare(request)
    async for chunk in chunks:
        await response.write(chunk)
    await response.write_eof()
    return response


async def _csv(table: Table, rows: Batches) -> AsyncIterator[bytes]:
    yield (BOM + csv_lines([table.heads])).encode()
    async for batch in rows:
        yield csv_lines(batch).encode()


async def _xlsx(table: Table, rows: Batches) -> AsyncIterator[bytes]:
    """Pressed in a thread of its own, so that others are served meanwhile; sent as it comes."""
    book = Workbook(table.title, table.heads)
    try:
        async for batch in rows:
            await asyncio.to_thread(book.add, batch)
            if chunk := book.take():
                yield chunk
    finally:
        book.close()
    yield book.take()


async def _bulletin(_deps: Deps, what: Asked) -> Batches:
    """By place, then by station (R180)."""
    places = await acts.timeliness_of_places(what)
    yield [_rate(line, "按地区") for line in places]
    yield [_rate(line, "按审核单位") for line in await acts.timeliness_of_units(what, _ALL_UNITS)]


async def _settlement(deps: Deps, what: Asked) -> Batches:
    yield [_settled(line) for line in await acts.settlement(deps, what)]


async def _go_live(deps: Deps, what: Asked) -> Batches:
    yield [_live(line) for line in await acts.go_live(deps, what)]


def _clocks(_deps: Deps, what: Asked) -> Batches:
    return acts.clock_rows(what)


def _rate(line: Timeliness, by: str) -> tuple[Cell, ...]:
    percent = None if line.rate is None else line.rate / 10
    return (by, line.name, line.due, line.on_time, line.late, line.waiting, percent)


def _settled(line: SettlementLine) -> tuple[Cell, ...]:
    return (line.place, line.month, line.cards, line.fen, line.state_fen, line.province_fen)


def _live(line: GoLiveLine) -> tuple[Cell, ...]:
    return (line.city, label(line.item), line.points, line.open, line.first, "有" if line.liaison else "未登记")


TABLES: Mapping[str, Table] = {
    "bulletin": Table(
        "审核签发情况通报",
        ("口径", "地区或单位", "应办结", "按时办结", "超期办结", "未办结", "及时率（%）"),
        _bulletin,
    ),
    "clocks": Table("审核时限明细", acts.CLOCK_HEADS, _clocks),
    "settlement": Table(
        "工本费结算", ("县区", "月份", "签发证件数", "应上缴（分）", "其中中央（分）", "其中省级（分）"), _settlement
    ),
    "go-live": Table("上线情况", ("城市", "事项", "受理点", "已开通", "最早开通", "联络员"), _go_live),
}
