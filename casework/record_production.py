"""Hop 8: the card centre makes and dispatches; the post delivers (R110–R116, R122)."""

from datetime import date

from casework.deps import Deps
from casework.owe import owe
from casework.record_review import insist_within_case
from casework.release_card import after_release
from casework.step import Said, take_step
from casework.tell_progress import tell_progress
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import CaseEventKind, CollectorKind, DeliveryMode, NoticeKind
from models.card import keep_card, write_release
from models.case import Case


async def record_production(
    deps: Deps,
    case: Case,
    kind: CaseEventKind,
    said: Said,
    *,
    card_centre: str | None,
    waybill: str | None,
    received_on: date | None,
) -> None:
    """Record a report of a card centre or of the post, in the running transaction.

    Raises:
        Refusal: ``step_out_of_order``; ``report_malformed`` for a day of receipt outside of the case's life.
    """
    if kind is CaseEventKind.PRODUCTION_STARTED:
        await take_step(deps, case, kind, said, facts={"card_centre": (card_centre or "")[:120]})
        await keep_card(case.id, card_centre=(card_centre or "")[:120] or None)
        await tell_progress(deps, case)
    elif kind is CaseEventKind.DISPATCHED:
        await _dispatched(deps, case, said, waybill)
    else:
        await _received(deps, case, said, received_on or day_of(said.at))


async def _dispatched(deps: Deps, case: Case, said: Said, waybill: str | None) -> None:
    await take_step(deps, case, CaseEventKind.DISPATCHED, said, facts={"delivery": case.delivery})
    if waybill:
        await keep_card(case.id, waybill=waybill[:40])
    if case.delivery is DeliveryMode.POST:
        await owe(deps, case, NoticeKind.POSTED, "once", waybill=waybill[:40] if waybill else None)
    else:
        await tell_progress(deps, case)


async def _received(deps: Deps, case: Case, said: Said, received_on: date) -> None:
    """Signed for by post: released without a counter, so the later check is due (R122)."""
    if case.delivery is not DeliveryMode.POST:
        raise Refusal("step_out_of_order", source="R113", state=case.state, step="received_by_post")
    insist_within_case(deps, case, received_on, "received_on")
    await take_step(deps, case, CaseEventKind.RECEIVED_BY_POST, said)
    await write_release(
        case_id=case.id, collector=CollectorKind.POST, checks={"received_on": True}, released_at=said.at
    )
    await after_release(deps, case, CollectorKind.POST, said, received_on)
