"""Hop 9: the card arrived at the counter (接收登记)."""

from collections.abc import Sequence

from casework.callers import Officer
from casework.counter_views import CounterCase
from casework.deps import Deps, unit_of_work
from casework.owe import owe
from casework.serve import audit, case_at_counter, counter_case, find_at_counter, insist_clerk
from casework.step import Said, take_step
from casework.views_staff import ArrivalLine
from domain.refusal import Refusal
from domain.terms import CaseEventKind, DeliveryMode, NoticeKind
from models.card import keep_card
from models.case import Case


async def register_arrival(deps: Deps, officer: Officer, number: str) -> CounterCase:
    """Register the arrival; the pickup notice is owed by the same transaction, exactly once (R117, C6.5).

    Raises:
        Refusal: ``case_of_other_station``, ``step_out_of_order``.
    """
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, "read_to_register_arrival")
    assert case.acceptance_point is not None
    async with unit_of_work(deps):
        await arrived(deps, case, Said(officer.actor, deps.clock.now(), unit=case.acceptance_point.name))
        await audit(deps, officer, case, "register_arrival")
    return await counter_case(deps, case)


async def register_arrivals(deps: Deps, officer: Officer, typed: Sequence[str]) -> tuple[ArrivalLine, ...]:
    """A bag of cards: each number has an outcome of its own, and one that fails holds up no other (R116, R117).

    A number is one of the case, of the acceptance or of the collection slip; twice in a bag it counts once.
    """
    insist_clerk(officer)
    lines: list[ArrivalLine] = []
    for text in dict.fromkeys(typed):
        number: str | None = None
        try:
            number = await find_at_counter(deps, officer, text)
            await register_arrival(deps, officer, number)
            lines.append(ArrivalLine(text, number, None))
        except Refusal as refusal:
            lines.append(ArrivalLine(text, number, refusal))
    return tuple(lines)


async def arrived(deps: Deps, case: Case, said: Said) -> None:
    """The card is at the counter, in the running transaction, whoever says so.

    Raises:
        Refusal: ``card_goes_by_post``, ``step_out_of_order``.
    """
    if case.delivery is not DeliveryMode.STATION:
        raise Refusal("card_goes_by_post", source="R113")
    point = case.acceptance_point
    await take_step(deps, case, CaseEventKind.ARRIVAL_REGISTERED, said)
    await keep_card(case.id, arrived_at=said.at)
    hours = point.hours_text if point else None
    await owe(
        deps, case, NoticeKind.READY_FOR_PICKUP, "once", station=point.name if point else said.unit,
        address=point.address if point else None, hours=hours,
    )  # fmt: skip
