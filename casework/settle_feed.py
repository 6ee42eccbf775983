"""What the file feed set aside, before an operator's eyes: tried again at once, or dismissed with a reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casework.callers import Officer
from casework.deps import Deps
from casework.feed_report import MAY_GO_IN_LATER
from casework.report_shape import read_report
from casework.take_feed import try_line
from domain.refusal import Refusal
from domain.terms import BatchStatus, SetAsideStatus, StaffRole
from models.audit import write_audit
from models.feed import SetAside, find_set_aside, latest_batches, open_set_aside, settle_set_aside

_SHOWN, _LONGEST_NOTE = 200, 200


@dataclass(frozen=True)
class AsideLine:
    """A line that waits. ``code`` and ``facts`` say why; kind and number are None where the line can't be read."""

    id: int
    station: str
    batch: str
    line: int
    code: str
    facts: dict[str, Any]
    kind: str | None
    acceptance_number: str | None
    at: datetime
    tried_at: datetime
    tries: int
    tried_by_itself: bool


@dataclass(frozen=True)
class BatchLine:
    """A file that came; ``code`` says why it was refused whole."""

    file_name: str
    station: str | None
    status: BatchStatus
    code: str | None
    lines: int
    taken: int
    known: int
    began_at: datetime


@dataclass(frozen=True)
class FeedView:
    """What waits, and what came last."""

    aside: tuple[AsideLine, ...]
    batches: tuple[BatchLine, ...]


async def feed_here(deps: Deps, officer: Officer) -> FeedView:  # noqa: ARG001 – all acts take deps first
    """What an operator sees of the feed. Raises ``staff_role_missing``."""
    _insist_operator(officer)
    batches = await latest_batches(20)
    return FeedView(
        aside=tuple(_line(one) for one in await open_set_aside(_SHOWN)),
        batches=tuple(
            BatchLine(
                one.file_name, one.system.name if one.system else None, one.status, one.code, one.lines, one.taken,
                one.known, one.began_at,
            )
            for one in batches
        ),
    )  # fmt: skip


async def try_now(deps: Deps, officer: Officer, set_aside_id: int) -> bool:
    """Try a line again; True when it went in. Raises ``set_aside_not_found``, ``staff_role_missing``."""
    await _open(deps, officer, set_aside_id, "try_set_aside")
    return await try_line(deps, set_aside_id, officer.actor)


async def dismiss(deps: Deps, officer: Officer, set_aside_id: int, note: str) -> None:
    """Leave a line out for good; the reason stays on record.

    Raises:
        Refusal: ``set_aside_not_found``, ``reason_required``, ``staff_role_missing``.
    """
    if not note.strip():
        raise Refusal("reason_required")
    await _open(deps, officer, set_aside_id, "dismiss_set_aside")
    settled = await settle_set_aside(
        set_aside_id, SetAsideStatus.DISMISSED, officer.actor, deps.clock.now(), note.strip()[:_LONGEST_NOTE]
    )
    if not settled:
        raise Refusal("set_aside_not_found")


async def _open(deps: Deps, officer: Officer, set_aside_id: int, act: str) -> SetAside:
    _insist_operator(officer)
    one = await find_set_aside(set_aside_id)
    if one is None or one.status is not SetAsideStatus.OPEN:
        raise Refusal("set_aside_not_found")
    await write_audit(
        at=deps.clock.now(), actor=officer.actor, act=act, staff_id=officer.staff_id,
        request_id=officer.request_id or None, facts={"set_aside": one.id, "code": one.code},
    )  # fmt: skip
    return one


def _line(one: SetAside) -> AsideLine:
    try:
        told = read_report(one.text.encode())
    except Refusal:
        told = None
    return AsideLine(
        id=one.id,
        station=one.batch.system.name if one.batch.system else "",
        batch=one.batch.number or "",
        line=one.line,
        code=one.code,
        facts=one.facts,
        kind=told.kind if told else None,
        acceptance_number=(told.acceptance_number or None) if told else None,
        at=one.at,
        tried_at=one.tried_at,
        tries=one.tries,
        tried_by_itself=one.code in MAY_GO_IN_LATER,
    )


def _insist_operator(officer: Officer) -> None:
    if officer.role is not StaffRole.OPERATOR:
        raise Refusal("staff_role_missing", source="R078")
