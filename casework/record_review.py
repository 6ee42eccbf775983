"""Hop 7: the household place reviews; we keep its clock and pass on its word (R090–R106)."""

from datetime import date

from casework.deps import Deps
from casework.facts import birth_date_of
from casework.make_temporary_card import begin_making, void_dependants
from casework.owe import owe
from casework.step import Said, take_step
from casework.tell_progress import tell_progress
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import CaseEventKind, NoticeKind, ServiceItem
from domain.validity import expected_validity
from models.card import keep_card
from models.case import Case
from templates.shown import when

LONGEST_REASON = 200


async def record_review(
    deps: Deps, case: Case, kind: CaseEventKind, said: Said, *, issued_on: date | None, reason: str | None
) -> None:
    """Record a report of the household place, in the running transaction.

    Raises:
        Refusal: ``step_out_of_order``, ``report_malformed`` for a day of issue outside of the case's life.
    """
    if kind is CaseEventKind.REVIEW_STARTED:
        await _started(deps, case, said)
    elif kind is CaseEventKind.ISSUED:
        await _issued(deps, case, said, issued_on or day_of(said.at))
    else:
        await _refused(deps, case, said, reason)


async def _started(deps: Deps, case: Case, said: Said) -> None:
    """The data arrived at the household place: its clock starts with this step (R091, C6.11)."""
    await take_step(deps, case, CaseEventKind.REVIEW_STARTED, said)
    if case.item is ServiceItem.ID_CARD_FIRST_APPLICATION:
        await keep_card(case.id)
    await tell_progress(deps, case)


async def _issued(deps: Deps, case: Case, said: Said, issued_on: date) -> None:
    """Issued: the day of issue starts the validity and decides it (D5, R099, B02)."""
    insist_within_case(deps, case, issued_on, "issued_on")
    await take_step(deps, case, CaseEventKind.ISSUED, said, facts={"issued_on": issued_on.isoformat()})
    valid = expected_validity(deps.rulebook.on(issued_on), case.item, birth_date_of(case), issued_on)
    await keep_card(
        case.id, issued_on=issued_on, valid_from=issued_on,
        valid_until=valid.until if valid else None, is_long_term=bool(valid and valid.until is None),
    )  # fmt: skip
    await tell_progress(deps, case)
    await begin_making(deps, case, said, issued_on)


async def _refused(deps: Deps, case: Case, said: Said, reason: str | None) -> None:
    """Not issued: the person must be told, and to go to the household place (R105, R106, C6.4)."""
    words = {"reason": (reason or "")[:LONGEST_REASON]}
    await take_step(deps, case, CaseEventKind.ISSUANCE_REFUSED, said, words=words)
    station = case.acceptance_point.name if case.acceptance_point else None
    await owe(deps, case, NoticeKind.ISSUANCE_REFUSED, "once", time=when(said.at), station=station)
    await void_dependants(deps, case, said)


def insist_within_case(deps: Deps, case: Case, day: date, field: str) -> None:
    """Nothing about a card happens before its case was opened, or after today. Raises ``report_malformed``."""
    if not day_of(case.opened_at) <= day <= deps.today():
        raise Refusal("report_malformed", field=field)
