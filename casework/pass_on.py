"""A freed place goes to the waiting list first: kept for the next in line for a while, and told; then to everybody."""

from datetime import datetime

from casework.booking_rules import booking_rule
from casework.deps import Deps
from casework.facts import insist_allowed
from casework.owe import owe
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import CaseState, NoticeKind
from models.case import Case, find_case_by_id
from models.hold import end_hold, lapsed_in, make_hold, passed_over, unended_hold
from models.slot import Slot, free_place, take_place
from models.waiting import Waiting, move_back, waiting_for
from templates.shown import when

_LINE = 100


async def release_lapsed(deps: Deps, slot: Slot) -> int:
    """End the holds of a locked slot that ran out, and free their places; returns how many.

    Who let an offer run out goes to the end of the line.
    """
    now, ended = deps.clock.now(), 0
    for hold in await lapsed_in(slot.id, now):
        if not await end_hold(hold.id, "lapsed", now):
            continue
        await free_place(slot.id, minor=hold.is_minor)
        ended += 1
        if hold.is_offer:
            case = await find_case_by_id(hold.case_id)
            await move_back(case.id, booking_rule(deps, case).silences, now)
    return ended


async def pass_on(deps: Deps, slot: Slot) -> int:
    """Offer the free places of a locked slot to those who wait, first in line first; returns how many took one.

    Nobody is offered the same slot twice, nor one that begins before they could answer.
    """
    if slot.closed or slot.starts_at <= deps.clock.now():
        return 0
    line = await waiting_for(slot.point_id, slot.item, day_of(slot.starts_at), _LINE)
    silent = await passed_over(slot.id) if line else set()
    offered = 0
    for waiting in line:
        if waiting.case_id not in silent and await _fits(deps, waiting, slot):
            offered += await offer(deps, waiting.case, slot, displaced=waiting.rank == 0)
    return offered


async def offer(deps: Deps, case: Case, slot: Slot, *, displaced: bool, tell: bool = True) -> bool:
    """Keep a place of a locked slot for a case and tell the person; False when there is none for them."""
    rule, now = booking_rule(deps, case), deps.clock.now()
    until = min(now + (rule.displaced_offer if displaced else rule.offer), slot.starts_at)
    if not await take_place(slot.id, minor=case.is_minor):
        return False
    if not await make_hold(slot.id, case, now, until, is_offer=True):
        await free_place(slot.id, minor=case.is_minor)
        return False
    if tell:
        await _tell(deps, case, slot, until)
    return True


async def _fits(deps: Deps, waiting: Waiting, slot: Slot) -> bool:
    case = waiting.case
    if case.state is not CaseState.OPEN or await unended_hold(case.id) is not None:
        return False
    try:
        insist_allowed(deps, case, day_of(slot.starts_at))
    except Refusal:
        return False
    return True


async def _tell(deps: Deps, case: Case, slot: Slot, until: datetime) -> None:
    await owe(
        deps, case, NoticeKind.PLACE_OFFERED, f"{slot.id}-{int(deps.clock.now().timestamp())}",
        time=when(slot.starts_at), station=slot.point.name, due=when(until),
    )  # fmt: skip
