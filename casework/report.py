"""What station systems report, by whichever of the four ways it comes back. Nothing is decided here."""

import hmac
from datetime import timedelta
from hashlib import sha256

import structlog

from casework.callers import Reporter
from casework.counter_views import ReportReceipt
from casework.deps import Deps, unit_of_work
from casework.record_counter import AT_A_COUNTER, record_counter
from casework.record_production import record_production
from casework.record_review import record_review
from casework.reported import Report
from casework.step import Said
from domain.case_number import check_acceptance_number, check_case_number
from domain.lifecycle import already_past
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import CaseEventKind, ClockKind, ReportKind
from models.case import Case, CaseEvent, find_accepted_case, find_case, report_seen
from models.deadline import clocks_of
from models.staff import StationSystem, secrets_of

REPLAY_WINDOW = timedelta(seconds=300)
_DECIDED_AT_COUNTER = frozenset({ReportKind.ACCEPTED, ReportKind.DECLINED})
_LONGEST_TIME = 12  # digits of a moment in seconds, with room for some millennia
log = structlog.get_logger()


async def who_reports(
    deps: Deps, *, key_id: str, timestamp: str, signature: str, body: bytes, request_id: str = ""
) -> Reporter:
    """The station system behind a signed request: hex HMAC-SHA256 of ``timestamp.body`` under its own secret.

    Raises:
        Refusal: ``reporter_unknown``, ``report_signature_bad``, ``report_stale`` (more than 300 s off).
    """
    known = await secrets_of(key_id[:40], deps.clock.now())
    if known is None:
        raise Refusal("reporter_unknown")
    system, secret = known
    expected = hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.lower().encode()):
        raise Refusal("report_signature_bad")
    now = deps.clock.now()
    if (
        not (timestamp.isdecimal() and len(timestamp) <= _LONGEST_TIME)
        or abs(now.timestamp() - int(timestamp)) > REPLAY_WINDOW.total_seconds()
    ):
        raise Refusal(
            "report_stale",
            seconds=int(REPLAY_WINDOW.total_seconds()),
            server_time=now.replace(microsecond=0).isoformat(),
        )
    return reporter_of(system, request_id)


def reporter_of(system: StationSystem, request_id: str = "") -> Reporter:
    """A system that proved itself, as the acts know it."""
    return Reporter(
        system_id=system.id, key_id=system.key_id, name=system.name, division=system.division, side=system.side,
        kinds=tuple(system.kinds), request_id=request_id,
    )  # fmt: skip


async def report(deps: Deps, reporter: Reporter, said: Report) -> ReportReceipt:
    """Take a report: from listed states only; a report or a step known already is a log line, not an error.

    Raises:
        Refusal: ``case_not_found``, ``report_not_yours``, ``report_malformed``, ``step_out_of_order``,
            ``acceptance_number_differs``, and for what a counter did the refusals of ``record_counter``.
    """
    # asked before the case is read: one just gone in would else be compared with a case that knows no numbers
    seen = await report_seen(reporter.system_id, said.report_id)
    case = await _case_of(reporter, said)
    if _is_known(reporter, said, case, seen):
        return await _receipt(case, duplicate=True)
    try:
        async with unit_of_work(deps):
            await _record(deps, reporter, case, said)
    except Refusal as refusal:
        if refusal.code != "step_out_of_order":
            raise
        # another delivery of the same report may have been faster
        seen = await report_seen(reporter.system_id, said.report_id)
        case = await _case_of(reporter, said)
        if not _is_known(reporter, said, case, seen):
            raise
        return await _receipt(case, duplicate=True)
    return await _receipt(case, duplicate=False)


async def _case_of(reporter: Reporter, said: Report) -> Case:
    case = await _find(said)
    if case is None:
        raise Refusal("case_not_found")
    place = case.household_division if reporter.side == "household" else _acceptance_division(case)
    if said.kind not in reporter.kinds or not place.startswith(reporter.reach):
        raise Refusal("report_not_yours", source="R091")
    return case


async def _find(said: Report) -> Case | None:
    if said.kind not in _DECIDED_AT_COUNTER:
        return await find_accepted_case(check_acceptance_number(said.acceptance_number))
    if not said.case_number:
        raise Refusal("report_malformed", field="case_number")
    return await find_case(check_case_number(said.case_number))


def _acceptance_division(case: Case) -> str:
    return case.acceptance_point.division if case.acceptance_point else ""


def _is_known(reporter: Reporter, said: Report, case: Case, seen: CaseEvent | None) -> bool:
    if seen is not None and seen.case_id != case.id:
        raise Refusal("report_malformed", field="report_id")
    if seen is not None or already_past(case.item, case.state, CaseEventKind(said.kind)):
        _insist_same_numbers(said, case)
        log.info("report_known_already", case=case.number, kind=said.kind, reporter=reporter.key_id)
        return True
    return False


def _insist_same_numbers(said: Report, case: Case) -> None:
    """An acceptance known under another number is no duplicate: one of the two was mistyped; a person has to see."""
    if said.kind is not ReportKind.ACCEPTED:
        return
    told = (check_acceptance_number(said.acceptance_number), said.facts.slip_number)
    if told != (case.acceptance_number, case.slip_number):
        raise Refusal("acceptance_number_differs", source="R143")


async def _record(deps: Deps, reporter: Reporter, case: Case, said: Report) -> None:
    if day_of(said.at) < day_of(case.opened_at) or said.at > deps.clock.now() + REPLAY_WINDOW:
        raise Refusal("report_malformed", field="at")
    by = Said(reporter.actor, said.at, unit=said.unit, reporter_id=reporter.system_id, report_id=said.report_id)
    facts = said.facts
    if said.kind in AT_A_COUNTER:
        await record_counter(deps, case, said, by)
    elif said.kind in {ReportKind.REVIEW_STARTED, ReportKind.ISSUED, ReportKind.ISSUANCE_REFUSED}:
        await record_review(
            deps, case, CaseEventKind(said.kind), by, issued_on=facts.issued_on, reason=facts.refusal_reason
        )
    else:
        await record_production(
            deps, case, CaseEventKind(said.kind), by,
            card_centre=facts.card_centre, waybill=facts.waybill, received_on=facts.received_on,
        )  # fmt: skip


async def _receipt(case: Case, *, duplicate: bool) -> ReportReceipt:
    review = next((clock for clock in await clocks_of(case.id) if clock.kind is ClockKind.REVIEW), None)
    return ReportReceipt(
        case_number=case.number,
        state=case.state,
        duplicate=duplicate,
        review_due_on=review.due_on if review else None,
        calendar_missing=review.missing_year if review else None,
    )
