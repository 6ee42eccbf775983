"""The quick way to redeem a code: those scanned at one moment are read, and then written, together (``models.group``).

Only what is ordinary goes this way: a live code of the own counter for today's visit, no reason given. Whatever else
comes up is left to ``casework.hand_off``, which decides the same on its own and refuses in its own words. The rows
written are the same: tests/casework/test_redeem_together.py compares them.

A scan may come with the clerk known, or with a badge: then the session is looked up together with the code, and what
is not ordinary about the session is left to ``casework.sign_in_officer`` in the same way.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from casework.callers import Officer
from casework.deps import Deps, database_expected
from casework.facts import insist_allowed
from casework.remind import reminder_keys
from casework.sign_in_officer import is_to_be_touched, officer_of
from domain.clock import started_by, stopped_by
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import CaseEventKind, CaseState, StaffRole
from models.db import COLLISIONS
from models.group import Group
from models.redemptions import LostRace, Shown, check_in, find_shown, find_shown_by
from models.staff import LiveSession

_KIND = CaseEventKind.CHECKED_IN
_IN_THE_WAY: tuple[type[Exception], ...] = (*COLLISIONS, LostRace)


@dataclass(frozen=True)
class Badge:
    """What a browser shows of its clerk: the hash of the session's token, and the CSRF token of the form."""

    token_hash: str
    csrf_token: str
    request_id: str


@dataclass(frozen=True)
class Scan:
    """One code scanned at a counter, known by its hash."""

    deps: Deps
    by: Officer | Badge
    code_hash: str


@dataclass(frozen=True)
class CheckedIn:
    """The case that was opened, and who opened it."""

    number: str
    officer: Officer


@dataclass(frozen=True)
class _CheckIn:
    """A scan that opens its case."""

    scan: Scan
    officer: Officer
    shown: Shown


async def redeem_together(scan: Scan) -> CheckedIn | None:
    """The case checked in; None for what is not ordinary, and nothing was done.

    Raises:
        Refusal: ``service_unavailable``.
    """
    with database_expected():
        try:
            plan = await _LOOKS.do(scan)
            return None if plan is None else await _CHECK_INS.do(plan)
        except _IN_THE_WAY:
            return None  # somebody stood in the way twice: the plain way tries for itself


async def _look_at_all(scans: Sequence[Scan]) -> list[_CheckIn | Exception | None]:
    """What may be opened, as far as it can be seen now."""
    now = scans[0].deps.clock.now()
    plans = {
        id(scan): _CheckIn(scan, officer, code)
        for scan, officer, code in await _read(scans, now)
        if _is_ordinary(scan.deps, officer, code, now)
    }
    return [plans.get(id(scan)) for scan in scans]


async def _check_in_all(asked: Sequence[_CheckIn]) -> list[CheckedIn | Exception | None]:
    plans = {plan.shown.case.id: plan for plan in reversed(asked)}  # of two for one case the second finds it opened
    # by case, so that two groups with the same codes never wait for each other crosswise
    await _write([plans[case] for case in sorted(plans)], asked[0].scan.deps.clock.now())
    return [
        CheckedIn(plan.shown.case.number, plan.officer) if plans[plan.shown.case.id] is plan else None for plan in asked
    ]


async def _read(scans: Sequence[Scan], now: datetime) -> list[tuple[Scan, Officer, Shown]]:
    """Those whose clerk and code are known, each kind in one question; as a rule there is only one kind."""
    known = [(scan, scan.by) for scan in scans if isinstance(scan.by, Officer)]
    badges = [(scan, scan.by) for scan in scans if isinstance(scan.by, Badge)]
    read: list[tuple[Scan, Officer, Shown]] = []
    if known:
        shown = await find_shown({scan.code_hash for scan, _ in known})
        read += [(scan, by, shown[scan.code_hash]) for scan, by in known if scan.code_hash in shown]
    found = await find_shown_by([(badge.token_hash, scan.code_hash) for scan, badge in badges])
    for (scan, badge), pair in zip(badges, found, strict=True):
        if pair is not None and (officer := _clerk_with(badge, scan.deps, pair[0], now)) is not None:
            read.append((scan, officer, pair[1]))
    return read


def _clerk_with(badge: Badge, deps: Deps, session: LiveSession, now: datetime) -> Officer | None:
    """Who shows this badge; None where the door would refuse, or has more to do than let in."""
    try:
        officer = officer_of(deps, session, now, badge.request_id)
    except Refusal:
        return None
    own = hmac.compare_digest(badge.csrf_token.encode(), officer.csrf_token.encode())
    finished = not (officer.must_change_password or officer.must_enrol)
    ordinary = own and finished and officer.role is StaffRole.CLERK and not is_to_be_touched(session, now)
    return officer if ordinary else None


def _is_ordinary(deps: Deps, officer: Officer, shown: Shown, now: datetime) -> bool:
    """The decisions of ``casework.hand_off``; False wherever it would refuse or ask for more."""
    case = shown.case
    if shown.point_id != officer.point_id or case.state is not CaseState.OPEN:
        return False
    if not shown.live or now >= shown.expires_at:
        return False
    if shown.starts_at is not None and day_of(shown.starts_at) != day_of(now):
        return False
    if stopped_by(_KIND) or started_by(_KIND, case.item):
        return False  # the plain way turns the clocks
    try:
        insist_allowed(deps, case, day_of(now))
    except Refusal:
        return False
    return True


async def _write(plans: Sequence[_CheckIn], now: datetime) -> None:
    reminders = [key for plan in plans for key in _reminders(plan.shown)]
    await check_in(
        [(plan.shown, plan.officer.staff_id) for plan in plans],
        [_event_row(plan, now) for plan in plans], [_audit_row(plan, now) for plan in plans], reminders, now,
    )  # fmt: skip


def _reminders(shown: Shown) -> list[str]:
    return reminder_keys(shown.case, shown.booking_id) if shown.booking_id is not None else []


def _event_row(plan: _CheckIn, now: datetime) -> dict[str, Any]:
    case, officer = plan.shown.case, plan.officer
    return {
        "case_id": case.id, "seq": case.last_seq + 1, "kind": _KIND, "from_state": case.state, "to_state": case.state,
        "at": now, "recorded_at": now, "rule_day": day_of(now), "actor": officer.actor, "unit": officer.point_name,
        "facts": {}, "words": {"other_day_reason": ""},
    }  # fmt: skip


def _audit_row(plan: _CheckIn, now: datetime) -> dict[str, Any]:
    officer = plan.officer
    return {
        "at": now, "actor": officer.actor, "act": "redeem_code", "staff_id": officer.staff_id,
        "case_id": plan.shown.case.id, "request_id": officer.request_id or None, "facts": {"other_day": False},
    }  # fmt: skip


# One group of each in flight: larger groups, fewer questions, and never two that write for each other's rows. While one
# writes, the next is looked at; the statement asks again for whatever was decided upon.
_LOOKS: Group[Scan, _CheckIn | None] = Group(_look_at_all, writers=1, reading=True)
_CHECK_INS: Group[_CheckIn, CheckedIn | None] = Group(_check_in_all, writers=1, whole=True)
