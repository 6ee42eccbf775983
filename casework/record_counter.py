"""Hops 6, 9 and 10 as a station's own system reports them, where the counter worked without our console (T18, F13)."""

from dataclasses import replace

from casework.deps import Deps
from casework.owe import owe
from casework.register_arrival import arrived
from casework.release_card import after_release
from casework.remind import drop_reminders
from casework.reported import Report, ReportFacts
from casework.step import Said, take_step
from domain.case_number import check_acceptance_number
from domain.collection import missing_checks
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import CaseEventKind, CollectorKind, NoticeKind, ReportKind
from models.card import write_release
from models.case import Case, claim_acceptance_number
from models.handoff import revoke_codes
from models.slot import end_booking, live_booking
from templates.labels import label

AT_A_COUNTER = frozenset({ReportKind.ACCEPTED, ReportKind.DECLINED, ReportKind.ARRIVAL_REGISTERED, ReportKind.RELEASED})


async def record_counter(deps: Deps, case: Case, report: Report, said: Said) -> None:
    """Record what a counter did, in the running transaction.

    Raises:
        Refusal: ``step_out_of_order``, ``report_malformed`` for a fact that must be stated, ``acceptance_number_used``,
            ``card_goes_by_post``, ``slip_mismatch``, ``collection_checks_missing``, ``collector_not_relative``.
    """
    if report.kind is ReportKind.ACCEPTED:
        await _accepted(deps, case, report, said)
    elif report.kind is ReportKind.DECLINED:
        await _declined(deps, case, report.facts, said)
    elif report.kind is ReportKind.ARRIVAL_REGISTERED:
        await arrived(deps, case, said)
    else:
        await _released(deps, case, report.facts, said)


async def _accepted(deps: Deps, case: Case, report: Report, said: Said) -> None:
    """Accepted there: by which officer (C6.1), and for a minor with guardian and same-frame picture (C6.2, R073)."""
    facts, number = report.facts, check_acceptance_number(report.acceptance_number)
    needed: dict[str, object] = {"slip_number": facts.slip_number, "officer": facts.officer}
    if case.is_minor:
        needed |= {"guardian_present": facts.guardian_present, "same_frame_photo": facts.same_frame_photo}
    _insist_stated(needed)
    stated = {
        "officer": facts.officer,
        "guardian_present": facts.guardian_present,
        "same_frame_photo": facts.same_frame_photo,
    }
    await take_step(deps, case, CaseEventKind.ACCEPTED, said, facts=stated, slip_number=facts.slip_number)
    if not await claim_acceptance_number(case.id, number):
        raise Refusal("acceptance_number_used", source="R143")
    await _visit_is_over(deps, case)
    await owe(deps, case, NoticeKind.ACCEPTED, "once", station=_station(case) or said.unit)


async def _declined(deps: Deps, case: Case, facts: ReportFacts, said: Said) -> None:
    """Not accepted there: the person is told the reason and where to go (T17)."""
    _insist_stated({"decline_reason": facts.decline_reason, "officer": facts.officer})
    assert facts.decline_reason is not None
    reason = facts.decline_reason
    stated = {"reason": reason, "officer": facts.officer}
    await take_step(deps, case, CaseEventKind.DECLINED, said, facts=stated)
    await _visit_is_over(deps, case)
    await owe(
        deps, case, NoticeKind.DECLINED, "once", station=_station(case) or said.unit,
        reason=label(reason, "DeclineReason"), advice=label(reason, "DeclineAdvice"),
    )  # fmt: skip


async def _released(deps: Deps, case: Case, facts: ReportFacts, said: Said) -> None:
    """Handed over there, with the checks of its collector's kind (R120, R121); by post is a report of its own."""
    _insist_stated({"collector": facts.collector if facts.collector is not CollectorKind.POST else None})
    assert facts.collector is not None
    checks = dict.fromkeys(facts.checks, True)
    if missing := missing_checks(deps.rulebook.on(day_of(said.at)), facts.collector, checks):
        raise Refusal("collection_checks_missing", source="R120", missing=list(missing))
    if facts.slip_number is not None and facts.slip_number != case.slip_number:
        raise Refusal("slip_mismatch", source="R120")
    if facts.collector is CollectorKind.PROXY and facts.kinship is None:
        raise Refusal("collector_not_relative", source="R036")
    await take_step(deps, case, CaseEventKind.RELEASED, said, facts={"collector": facts.collector})
    await write_release(
        case_id=case.id, collector=facts.collector, checks=checks, kinship=facts.kinship, released_at=said.at
    )
    ours = replace(said, reporter_id=None, report_id=None)  # what follows is our own event: a report counts once
    await after_release(deps, case, facts.collector, ours, day_of(said.at))


def _insist_stated(facts: dict[str, object]) -> None:
    for name, value in facts.items():
        if not value:
            raise Refusal("report_malformed", field=f"facts.{name}")


async def _visit_is_over(deps: Deps, case: Case) -> None:
    """The place was used, nobody is reminded of it, and no code for it works any more."""
    now, booking = deps.clock.now(), await live_booking(case.id)
    await revoke_codes(case.id, now)
    if booking is not None:
        await end_booking(booking.id, "kept", now)
        await drop_reminders(case, booking.id, now)


def _station(case: Case) -> str | None:
    return case.acceptance_point.name if case.acceptance_point else None
