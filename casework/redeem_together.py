"""The quick way to redeem a code: those scanned at one moment are read and written together (``models.group``).

Only what is ordinary goes this way: a live code of the own counter for today's visit, no reason given. Whatever else
comes up is left to ``casework.hand_off``, which decides the same on its own and refuses in its own words. The rows
written are the same: tests/casework/test_redeem_together.py compares them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casework.callers import Officer
from casework.deps import Deps, database_expected
from casework.facts import insist_allowed
from casework.remind import reminder_keys
from domain.clock import started_by, stopped_by
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import CaseEventKind, CaseState
from models.db import COLLISIONS
from models.group import Group
from models.redemptions import LostRace, Shown, check_in, find_shown

_KIND = CaseEventKind.CHECKED_IN
_IN_THE_WAY: tuple[type[Exception], ...] = (*COLLISIONS, LostRace)


@dataclass(frozen=True)
class Scan:
    """One code scanned at a counter, known by its hash."""

    deps: Deps
    officer: Officer
    code_hash: str


@dataclass(frozen=True)
class _CheckIn:
    """A scan that opens its case."""

    scan: Scan
    shown: Shown


async def redeem_together(scan: Scan) -> str | None:
    """The number of the case checked in; None for what is not ordinary, and nothing was done.

    Raises:
        Refusal: ``service_unavailable``.
    """
    with database_expected():
        try:
            return await _SCANS.do(scan)
        except _IN_THE_WAY:
            return None  # somebody stood in the way twice: the plain way tries for itself


async def _redeem_all(scans: Sequence[Scan]) -> list[str | Exception | None]:
    now = scans[0].deps.clock.now()
    shown = await find_shown({scan.code_hash for scan in scans})
    plans: dict[int, _CheckIn] = {}  # by case: of two scans for one case the second finds it opened
    for scan in scans:
        code = shown.get(scan.code_hash)
        if code is not None and code.case.id not in plans and _is_ordinary(scan, code, now):
            plans[code.case.id] = _CheckIn(scan, code)
    if plans:  # by case, so that two groups with the same codes never wait for each other crosswise
        await _write([plans[case] for case in sorted(plans)], now)
    numbers = {id(plan.scan): plan.shown.case.number for plan in plans.values()}
    return [numbers.get(id(scan)) for scan in scans]


def _is_ordinary(scan: Scan, shown: Shown, now: datetime) -> bool:
    """The decisions of ``casework.hand_off``; False wherever it would refuse or ask for more."""
    case = shown.case
    if shown.point_id != scan.officer.point_id or case.state is not CaseState.OPEN:
        return False
    if not shown.live or now >= shown.expires_at:
        return False
    if shown.starts_at is not None and day_of(shown.starts_at) != day_of(now):
        return False
    if stopped_by(_KIND) or started_by(_KIND, case.item):
        return False  # the plain way turns the clocks
    try:
        insist_allowed(scan.deps, case, day_of(now))
    except Refusal:
        return False
    return True


async def _write(plans: Sequence[_CheckIn], now: datetime) -> None:
    reminders = [key for plan in plans for key in _reminders(plan.shown)]
    await check_in(
        [(plan.shown, plan.scan.officer.staff_id) for plan in plans],
        [_event_row(plan, now) for plan in plans], [_audit_row(plan, now) for plan in plans], reminders, now,
    )  # fmt: skip


def _reminders(shown: Shown) -> list[str]:
    return reminder_keys(shown.case, shown.booking_id) if shown.booking_id is not None else []


def _event_row(plan: _CheckIn, now: datetime) -> dict[str, Any]:
    case, officer = plan.shown.case, plan.scan.officer
    return {
        "case_id": case.id, "seq": case.last_seq + 1, "kind": _KIND, "from_state": case.state, "to_state": case.state,
        "at": now, "recorded_at": now, "rule_day": day_of(now), "actor": officer.actor, "unit": officer.point_name,
        "facts": {}, "words": {"other_day_reason": ""},
    }  # fmt: skip


def _audit_row(plan: _CheckIn, now: datetime) -> dict[str, Any]:
    officer = plan.scan.officer
    return {
        "at": now, "actor": officer.actor, "act": "redeem_code", "staff_id": officer.staff_id,
        "case_id": plan.shown.case.id, "request_id": officer.request_id or None, "facts": {"other_day": False},
    }  # fmt: skip


_SCANS: Group[Scan, str | None] = Group(_redeem_all, writers=1, whole=True)  # larger groups, fewer questions
