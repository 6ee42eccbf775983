"""Holding a place for some minutes, like a seat in the basket: one per case, and it lapses by itself."""

from datetime import datetime, timedelta

from casework.book import insist_may_book, place_asked, wanted_slot, with_alternatives
from casework.booking_rules import booking_rule
from casework.callers import Citizen
from casework.challenge import NO_PROOF, Proof, insist_proof
from casework.deps import Deps
from casework.facts import insist_allowed
from casework.repeat import once
from casework.step import insist_open
from casework.take_place import give_up_hold, hold_place
from casework.track import case_view, own_case, own_case_to_change
from casework.views import CaseView
from domain.local_time import day_of
from domain.refusal import Refusal
from models.case import Case
from models.hold import count_holds_since, unended_hold

_HOUR = timedelta(hours=1)


async def hold(
    deps: Deps,
    citizen: Citizen,
    number: str,
    point_code: str,
    starts_at: datetime,
    key: str,
    proof: Proof = NO_PROOF,
) -> CaseView:
    """Hold a place until it is booked or some minutes are over, whether a worker runs or not; a booking stays as it is.

    Raises:
        Refusal: as ``book``; ``holds_too_often``, ``hold_exists``.
    """
    case = await own_case(deps, citizen, number)

    async def held() -> CaseView:
        return await once(
            deps, citizen, key, act="hold", body=place_asked(number, point_code, starts_at), view=CaseView,
            do=lambda: _hold(deps, citizen, number, point_code, starts_at, key, proof),
        )  # fmt: skip

    return await with_alternatives(deps, case, point_code, starts_at, held)


async def release_hold(deps: Deps, citizen: Citizen, number: str, key: str) -> CaseView:
    """Give the held place, or the one offered, back at once.

    Raises:
        Refusal: ``case_not_found``, ``hold_not_found``.
    """
    return await once(
        deps, citizen, key, act="release_hold", body={"number": number}, view=CaseView,
        do=lambda: _release(deps, citizen, number),
    )  # fmt: skip


async def _hold(
    deps: Deps, citizen: Citizen, number: str, point_code: str, starts_at: datetime, key: str, proof: Proof
) -> CaseView:
    case = await own_case_to_change(deps, citizen, number)
    insist_open(case)
    wanted = await wanted_slot(deps, case, point_code, starts_at)
    await insist_proof(deps, citizen, wanted.desk, key, proof)
    insist_allowed(deps, case, day_of(starts_at))
    await insist_may_book(deps, case)
    await _insist_seldom(deps, citizen, case, wanted.slot_id)
    await hold_place(deps, case, wanted, booking_rule(deps, case).hold)
    return await case_view(deps, case)


async def _insist_seldom(deps: Deps, citizen: Citizen, case: Case, slot_id: int) -> None:
    """Holds cannot be farmed: so many an hour for an account, and holding again what one holds counts as none."""
    held, most = await unended_hold(case.id), booking_rule(deps, case).holds_per_hour
    if held is not None and held.slot_id == slot_id:
        return
    if await count_holds_since(citizen.account_id, deps.clock.now() - _HOUR) >= most:
        raise Refusal("holds_too_often", most=most)


async def _release(deps: Deps, citizen: Citizen, number: str) -> CaseView:
    case = await own_case_to_change(deps, citizen, number)
    if not await give_up_hold(deps, case):
        raise Refusal("hold_not_found")
    return await case_view(deps, case)
