"""The file feed: signed batches of reports that station systems drop into a folder, JSON Lines (R086, R164, D17).

A batch proves itself before a line of it is read. Then every line goes its own way: in, known already, or set aside
with a reason, while the rest goes in. Lines that came too early are tried again; the database knows how far a batch
was taken, so a process that dies loses nothing and doubles nothing.
"""

import json
from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import structlog
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from casework.callers import Reporter
from casework.deps import Deps
from casework.feed_report import MAY_GO_IN_LATER, report_of_batch, report_of_refused
from casework.ports import OutcomeFeed
from casework.report import report, reporter_of
from casework.report_shape import STRICT, read_report, read_shape
from casework.reported import Report
from domain.feed import FeedLine
from domain.refusal import Refusal
from domain.terms import BatchStatus, SetAsideStatus
from models.feed import (
    FeedBatch,
    begin_batch,
    count_set_aside,
    end_batch,
    find_batch,
    find_set_aside,
    give_back,
    lease_batch,
    lines_to_try,
    note_progress,
    note_refused_file,
    note_try,
    set_line_aside,
    settle_set_aside,
)
from models.staff import StationSystem, find_station_system, public_keys_of

DONE, REFUSED = "done", "refused"
TRY_AGAIN_AFTER = timedelta(seconds=60)
MOST_SET_ASIDE = 10_000
"""So many bad lines are one bad file: more would only bury whoever looks through them."""
_LEASE, _SLICE = timedelta(seconds=30), timedelta(seconds=20)
_NOTED_EVERY, _TRIED_AT_ONCE = 25, 200
_ENDS = {BatchStatus.TAKEN: None, BatchStatus.REFUSED: "feed_too_many_set_aside"}
_OUR_TROUBLE = frozenset({"service_unavailable", "internal"})
log = structlog.get_logger()


class HeaderIn(BaseModel):
    """The first line of a file: whose batch, which one, made when, how many events follow."""

    model_config = STRICT

    feed: Annotated[str, StringConstraints(pattern=r"^TBF1$")]
    station: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
    batch: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,40}$")]
    time: AwareDatetime
    count: Annotated[int, Field(ge=0, le=10_000_000)]


class _Went(StrEnum):
    """What became of a line."""

    TAKEN = "taken"
    KNOWN = "known"
    ASIDE = "aside"


@dataclass
class _Slice:
    """What this worker did with a batch since it last noted it."""

    reached: int
    lines: int = 0
    went: Counter[_Went] = field(default_factory=Counter)


async def take_feed(deps: Deps) -> int:
    """Take what was dropped, and try again what was set aside; returns how many lines were taken in hand.

    Safe to run twice at once, and to be killed: a batch is leased in the database, and every report counts once.
    A long batch is taken in slices, so that no run of this is long.
    """
    if deps.feed is None:
        return 0
    handled, until = 0, deps.clock.now() + _SLICE
    for name in await deps.feed.waiting():
        if deps.clock.now() >= until:
            return handled
        try:
            handled += await _take_file(deps, deps.feed, name, until)
        except OSError as trouble:  # a file that can't be read or moved keeps no other one waiting
            log.error("feed_file_unreadable", trouble=type(trouble).__name__)  # noqa: TRY400 – its text names a path
    return handled + await try_again(deps)


async def try_again(deps: Deps, batch_id: int | None = None) -> int:
    """Try the open lines again that may go in by now, until none of them does; returns how many went in."""
    went_in = 0
    before = deps.clock.now() - (TRY_AGAIN_AFTER if batch_id is None else timedelta())
    while ids := await lines_to_try(MAY_GO_IN_LATER, before, _TRIED_AT_ONCE, batch_id):
        done = [await try_line(deps, one, "feed") for one in ids]
        went_in += sum(done)
        if batch_id is None or not any(done):
            return went_in
    return went_in


async def try_line(deps: Deps, set_aside_id: int, by: str) -> bool:
    """Try one open line again; True when it is in."""
    one = await find_set_aside(set_aside_id)
    if one is None or one.status is not SetAsideStatus.OPEN or one.batch.system is None:
        return False
    try:
        await report(deps, reporter_of(one.batch.system), read_report(one.text.encode()))
    except Refusal as refusal:
        if refusal.code in _OUR_TROUBLE:
            raise
        await note_try(one.id, refusal.code, _plain(refusal), deps.clock.now())
        return False
    return await settle_set_aside(one.id, SetAsideStatus.TAKEN, by, deps.clock.now())


async def _take_file(deps: Deps, feed: OutcomeFeed, name: str, until: datetime) -> int:
    try:
        digest = await feed.digest(name)
    except OSError:  # another worker put it away
        return 0
    try:
        system, header, batch = await _open_batch(deps, feed, name, digest)
    except Refusal as refusal:
        if refusal.code in _OUR_TROUBLE:
            raise
        await _refuse(deps, feed, name, digest, refusal)
        return 0
    if batch.status is not BatchStatus.TAKING:
        await _put_away(deps, feed, name, batch, header)
        return 0
    return await _take_batch(deps, feed, name, batch, reporter_of(system), header, until)


async def _open_batch(
    deps: Deps, feed: OutcomeFeed, name: str, digest: str
) -> tuple[StationSystem, HeaderIn, FeedBatch]:
    header, first = await _header(feed, name)
    system = await _sender(deps, feed, name, header, digest)
    batch = await begin_batch(
        system.id, header.batch, file_name=name[:120], digest=digest, began_at=deps.clock.now(), reached=first.end
    )
    if batch.digest != digest:
        raise Refusal("feed_batch_reused", batch=header.batch)
    return system, header, batch


async def _header(feed: OutcomeFeed, name: str) -> tuple[HeaderIn, FeedLine]:
    async with aclosing(feed.lines(name)) as lines:
        first = await anext(lines, None)
    if first is None or first.text is None:
        raise Refusal("feed_header_malformed", field="JSON")
    try:
        return read_shape(HeaderIn, first.text), first
    except Refusal as refusal:
        raise Refusal("feed_header_malformed", field=refusal.facts.get("field")) from None


async def _sender(deps: Deps, feed: OutcomeFeed, name: str, header: HeaderIn, digest: str) -> StationSystem:
    system = await find_station_system(header.station)
    if system is None:
        raise Refusal("feed_station_unknown", station=header.station)
    keys = await public_keys_of(system.id, deps.clock.now())
    if not await feed.is_signed(name, digest, list(keys.values())):
        raise Refusal("feed_signature_bad")
    return system


async def _take_batch(
    deps: Deps,
    feed: OutcomeFeed,
    name: str,
    batch: FeedBatch,
    reporter: Reporter,
    header: HeaderIn,
    until: datetime,
) -> int:
    now = deps.clock.now()
    leased = await lease_batch(batch.id, now, now + _LEASE)
    if leased is None:
        return 0
    try:
        handled, end = await _take_lines(deps, feed, name, leased, reporter, until)
        if end is not None:
            await end_batch(leased.id, end, deps.clock.now(), _ENDS[end])
            await _put_away(deps, feed, name, await find_batch(leased.id), header)
        return handled
    finally:
        await give_back(leased.id)


async def _take_lines(
    deps: Deps, feed: OutcomeFeed, name: str, batch: FeedBatch, reporter: Reporter, until: datetime
) -> tuple[int, BatchStatus | None]:
    """The lines from where the batch was left: how many, and how it ended; None when time was up before its end."""
    handled, since = 0, _Slice(batch.reached)
    async with aclosing(feed.lines(name, batch.reached)) as lines:
        async for line in lines:
            since.reached = line.end
            if not (line.text or b"-").strip():
                continue
            since.went[await _take_line(deps, batch, batch.lines + handled, reporter, line)] += 1
            since.lines += 1
            handled += 1
            if since.lines < _NOTED_EVERY:
                continue
            since = await _note(deps, batch, since)
            if await count_set_aside(batch.id) > MOST_SET_ASIDE:
                return handled, BatchStatus.REFUSED
            if deps.clock.now() >= until:
                return handled, None
    await _note(deps, batch, since)
    await try_again(deps, batch.id)
    return handled, BatchStatus.TAKEN


async def _take_line(deps: Deps, batch: FeedBatch, before: int, reporter: Reporter, line: FeedLine) -> _Went:
    """One line; ``before``: how many events stand before it. The header is line 1, for people and for us."""
    try:
        receipt = await report(deps, reporter, _read(line))
    except Refusal as refusal:
        if refusal.code in _OUR_TROUBLE:
            raise
        code = "feed_line_cut_off" if refusal.code == "report_malformed" and not line.whole else refusal.code
        await set_line_aside(
            batch.id, before + 2, deps.clock.now(), text=(line.text or b"").decode(errors="replace").strip(),
            code=code, facts=_plain(refusal),
        )  # fmt: skip
        return _Went.ASIDE
    return _Went.KNOWN if receipt.duplicate else _Went.TAKEN


def _read(line: FeedLine) -> Report:
    if line.text is None:
        raise Refusal("feed_line_too_long")
    return read_report(line.text)


async def _note(deps: Deps, batch: FeedBatch, since: _Slice) -> _Slice:
    await note_progress(
        batch.id, reached=since.reached, lines=since.lines, taken=since.went[_Went.TAKEN],
        known=since.went[_Went.KNOWN], until=deps.clock.now() + _LEASE,
    )  # fmt: skip
    return _Slice(since.reached)


async def _put_away(deps: Deps, feed: OutcomeFeed, name: str, batch: FeedBatch, header: HeaderIn) -> None:
    place = DONE if batch.status is BatchStatus.TAKEN else REFUSED
    await feed.put_away(name, place, await report_of_batch(batch, header.time, header.count, deps.clock.now()))
    log.info(
        "feed_batch_taken", station=header.station, batch=batch.number, taken=batch.taken, known=batch.known,
        lines=batch.lines,
    )  # fmt: skip


async def _refuse(deps: Deps, feed: OutcomeFeed, name: str, digest: str, refusal: Refusal) -> None:
    now = deps.clock.now()
    await note_refused_file(file_name=name[:120], digest=digest, code=refusal.code, began_at=now, ended_at=now)
    await feed.put_away(name, REFUSED, report_of_refused(name, refusal, now))
    log.warning("feed_file_refused", code=refusal.code)


def _plain(refusal: Refusal) -> dict[str, Any]:
    """The facts of a refusal as a table keeps them: words and numbers."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(refusal.facts), default=str))
    return plain
