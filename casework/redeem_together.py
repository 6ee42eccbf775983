"""The quick way to redeem a code: those scanned at one moment share one transaction (``models.group``).

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
from models.case import Case
from models.db import COLLISIONS
from models.group import Group
from models.handoff import HandoffCode
from models.notice import skip_notices
from models.redemptions import (
    Visit,
    codes_with,
    keep_visits,
    lock_cases_by_id,
    spend_codes,
    visits_of,
    write_check_ins,
)

_KIND = CaseEventKind.CHECKED_IN


@dataclass(frozen=True)
class Scan:
    """One code scanned at a counter, known by its hash."""

    deps: Deps
    officer: Officer
    code_hash: str


@dataclass(frozen=True)
class _CheckIn:
    """A scan that opens its case if nobody redeems the code first."""

    scan: Scan
    code: HandoffCode
    case: Case
    visit: Visit | None


async def redeem_together(scan: Scan) -> str | None:
    """The number of the case checked in; None for what is not ordinary, and nothing was done.

    Raises:
        Refusal: ``service_unavailable``.
    """
    with database_expected():
        try:
            return await _SCANS.do(scan)
        except COLLISIONS:
            return None  # somebody stood in the way twice: the plain way tries for itself


async def _redeem_all(scans: Sequence[Scan]) -> list[str | Exception | None]:
    now = scans[0].deps.clock.now()
    plans = await _plans(scans, now)
    if not plans:
        return [None] * len(scans)
    spent = await spend_codes({plan.code.id: plan.scan.officer.staff_id for plan in plans}, now)
    done = [plan for plan in plans if plan.code.id in spent]
    if done:
        await _write(done, now)
    numbers = {id(plan.scan): plan.case.number for plan in done}
    return [numbers.get(id(scan)) for scan in scans]


async def _plans(scans: Sequence[Scan], now: datetime) -> list[_CheckIn]:
    """What may be opened; of two scans for one case the second finds it opened."""
    codes = await codes_with({scan.code_hash for scan in scans})
    if not codes:
        return []
    ids = {code.case_id for code in codes.values()}
    cases, visits = await lock_cases_by_id(ids), await visits_of(ids)
    plans: dict[int, _CheckIn] = {}
    for scan in scans:
        code = codes.get(scan.code_hash)
        if code is None or code.case_id in plans:
            continue
        plan = _CheckIn(scan, code, cases[code.case_id], visits.get(code.case_id))
        if _is_ordinary(plan, now):
            plans[code.case_id] = plan
    return list(plans.values())


def _is_ordinary(plan: _CheckIn, now: datetime) -> bool:
    """The decisions of ``casework.hand_off``; False wherever it would refuse or ask for more."""
    code, case, visit, deps = plan.code, plan.case, plan.visit, plan.scan.deps
    if code.point_id != plan.scan.officer.point_id or case.state is not CaseState.OPEN:
        return False
    if code.redeemed_at or code.revoked_at or now >= code.expires_at:
        return False
    if visit is not None and day_of(visit.starts_at) != day_of(now):
        return False
    if stopped_by(_KIND) or started_by(_KIND, case.item):
        return False  # the plain way turns the clocks
    try:
        insist_allowed(deps, case, day_of(now))
    except Refusal:
        return False
    return True


async def _write(done: Sequence[_CheckIn], now: datetime) -> None:
    await write_check_ins([_event_row(plan, now) for plan in done], [_audit_row(plan, now) for plan in done])
    booked = [(plan.case, plan.visit.booking_id) for plan in done if plan.visit is not None]
    await keep_visits([booking_id for _, booking_id in booked], now)
    await skip_notices([key for case, booking_id in booked for key in reminder_keys(case, booking_id)], now)


def _event_row(plan: _CheckIn, now: datetime) -> dict[str, Any]:
    case, officer = plan.case, plan.scan.officer
    return {
        "case_id": case.id, "seq": case.last_seq + 1, "kind": _KIND, "from_state": case.state, "to_state": case.state,
        "at": now, "recorded_at": now, "rule_day": day_of(now), "actor": officer.actor, "unit": officer.point_name,
        "facts": {}, "words": {"other_day_reason": ""},
    }  # fmt: skip


def _audit_row(plan: _CheckIn, now: datetime) -> dict[str, Any]:
    officer = plan.scan.officer
    return {
        "at": now, "actor": officer.actor, "act": "redeem_code", "staff_id": officer.staff_id,
        "case_id": plan.case.id, "request_id": officer.request_id or None, "facts": {"other_day": False},
    }  # fmt: skip


_SCANS: Group[Scan, str | None] = Group(_redeem_all)
