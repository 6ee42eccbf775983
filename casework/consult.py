"""The two stations of a case consult (会商, R189): one thread, and always clear whose answer is awaited."""

from dataclasses import dataclass
from datetime import datetime

from casework.area import area_of
from casework.callers import Officer
from casework.deps import Deps, unit_of_work
from casework.serve import audit
from domain.case_number import check_case_number
from domain.clock import Side
from domain.division import find_division
from domain.lifecycle import ENDED
from domain.refusal import Refusal
from domain.terms import CaseState
from models.case import Case, find_case
from models.consultation import messages_of, newest_messages, write_message

_LONGEST, _LOOKED_AT = 500, 1000


@dataclass(frozen=True)
class MessageView:
    """One message."""

    side: Side
    unit: str
    text: str
    at: datetime


@dataclass(frozen=True)
class Thread:
    """The thread of a case as an officer of one of its sides sees it. ``turn``: whose answer is awaited."""

    number: str
    state: CaseState
    household: str
    acceptance: str
    side: Side
    messages: tuple[MessageView, ...]
    turn: Side | None


@dataclass(frozen=True)
class ThreadLine:
    """A thread that waits for the officer's side."""

    number: str
    from_unit: str
    at: datetime


async def read_thread(deps: Deps, officer: Officer, number: str) -> Thread:
    """The thread of a case; the reading is on record, a refused one too.

    Raises:
        Refusal: ``case_not_found``, ``case_of_other_station``, ``area_unknown``.
    """
    case, side = await _case_of(deps, officer, number, "read_consultation")
    return await _thread(case, side)


async def write_to_thread(deps: Deps, officer: Officer, number: str, text: str, *, settled: bool = False) -> Thread:
    """Write to the other station, whose turn it is then; with ``settled`` nobody has to answer any more.

    Raises:
        Refusal: as ``read_thread``; ``consultation_empty``, ``case_already_ended``.
    """
    case, side = await _case_of(deps, officer, number, "write_consultation")
    if not text.strip():
        raise Refusal("consultation_empty")
    if case.state in ENDED:
        raise Refusal("case_already_ended", number=case.number, state=case.state)
    async with unit_of_work(deps):
        await write_message(
            case.id, side=side, unit=officer.point_name or area_of(officer).name, text=text.strip()[:_LONGEST],
            turn=None if settled else _other(side), staff_id=officer.staff_id, at=deps.clock.now(),
        )  # fmt: skip
    return await _thread(case, side)


async def waiting_threads(deps: Deps, officer: Officer) -> tuple[ThreadLine, ...]:  # noqa: ARG001 – all acts take deps first
    """The threads that wait for the officer's side. Raises ``area_unknown``."""
    newest = await newest_messages(_LOOKED_AT)
    return tuple(
        ThreadLine(one.case.number, one.unit, one.at) for one in newest if one.turn in _sides_of(officer, one.case)
    )


async def _case_of(deps: Deps, officer: Officer, number: str, act: str) -> tuple[Case, Side]:
    case = await find_case(check_case_number(number))
    if case is None:
        raise Refusal("case_not_found")
    sides = _sides_of(officer, case)
    await audit(deps, officer, case, act if sides else f"{act}_refused")
    if not sides:
        raise Refusal("case_of_other_station", source="R085")
    return case, sides[0]


def _sides_of(officer: Officer, case: Case) -> tuple[Side, ...]:
    """For which station of the case an officer speaks: the own counter's first, then the place of the register."""
    area, point = area_of(officer), case.acceptance_point
    own = point is not None and (area.contains(point.division) if area.point_id is None else area.point_id == point.id)
    household = area.contains(case.household_division)
    return (*((Side.ACCEPTANCE,) if own else ()), *((Side.HOUSEHOLD,) if household else ()))


def _other(side: Side) -> Side:
    return Side.HOUSEHOLD if side is Side.ACCEPTANCE else Side.ACCEPTANCE


async def _thread(case: Case, side: Side) -> Thread:
    messages = await messages_of(case.id)
    point = case.acceptance_point
    return Thread(
        number=case.number, state=case.state, household=find_division(case.household_division).full_name,
        acceptance=point.name if point else "", side=side, turn=messages[-1].turn if messages else None,
        messages=tuple(MessageView(one.side, one.unit, one.text, one.at) for one in messages),
    )  # fmt: skip
