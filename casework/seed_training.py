"""The training tenant (R214, R215): invented people, their cases in every state and what came of them, in one go.

Written past the acts, many rows at once; what the acts would have made of time (clocks, warnings, follow-ups) is made
by them afterwards. Each kind of row has a function of its own, so that another service adds one.
"""

from collections import Counter as Tally
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from casework.deps import Deps
from casework.explain_policy import answer
from casework.facts import question_of
from casework.pre_register import privacy_notice
from casework.seed_demo import seed_people_who_watch
from casework.seed_services import Known, seed_services
from casework.take_place import plan_of
from casework.warn import warn_ahead, warn_overdue
from domain.applicant import mask_name
from domain.case_number import make_case_number
from domain.clock import CLOCKS, Side, day_ahead, limit_of, started_by, stopped_by
from domain.deadline import deadline
from domain.division import find_division
from domain.identity_number import parse_identity_number
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import (
    CaseEventKind,
    Channel,
    ClockKind,
    CollectorKind,
    DeliveryMode,
    GuardianRelation,
    GuardianshipCase,
    NoticeKind,
    ProofKind,
    ServiceItem,
    Whose,
)
from domain.training import Counter, Life, invent
from models.slot import coming_bookings, set_plan
from models.store import transaction
from models.training import account_of, counters_of_demo, index_of, is_trained, put, slots_there
from templates.labels import label
from templates.shown import when

ITEM = ServiceItem.ID_CARD_FIRST_APPLICATION
MOST = 20_000
_SLOT = timedelta(minutes=30)
_UNREACHED = 17  # every so manieth notice reaches nobody
_NOTICES = {
    CaseEventKind.OPENED: NoticeKind.CASE_OPENED, CaseEventKind.BOOKED: NoticeKind.BOOKING_CONFIRMED,
    CaseEventKind.VISIT_MISSED: NoticeKind.VISIT_MISSED, CaseEventKind.ACCEPTED: NoticeKind.ACCEPTED,
    CaseEventKind.DECLINED: NoticeKind.DECLINED, CaseEventKind.ISSUED: NoticeKind.PROGRESS,
    CaseEventKind.ISSUANCE_REFUSED: NoticeKind.ISSUANCE_REFUSED, CaseEventKind.LAPSED: NoticeKind.CASE_LAPSED,
    CaseEventKind.ARRIVAL_REGISTERED: NoticeKind.READY_FOR_PICKUP, CaseEventKind.RELEASED: NoticeKind.RELEASED,
    CaseEventKind.RECEIVED_BY_POST: NoticeKind.CHECK_DUE,
}  # fmt: skip


@dataclass(frozen=True)
class Told:
    """A life with the ids of its rows."""

    life: Life
    number: str
    account_id: int
    person_id: int
    case_id: int = 0


async def seed_training(deps: Deps, count: int, *, sure: bool = False) -> int:
    """Make so many invented people; returns how many cases there are. Once only: a second time is refused.

    Raises:
        Refusal: ``training_not_here`` on a service for real people, unless ``sure``; ``training_there_already``;
            ``training_count_wrong``; ``training_without_points`` where no demo point was seeded.
    """
    if not deps.settings.sandboxed and not sure:
        raise Refusal("training_not_here", source="R215")
    if not 1 <= count <= MOST:
        raise Refusal("training_count_wrong", most=MOST)
    counters = tuple(Counter(**columns) for columns in await counters_of_demo())
    if not counters:
        raise Refusal("training_without_points")
    async with transaction():
        if await is_trained():
            raise Refusal("training_there_already", source="R215")
        told = await _people(deps, invent(count, counters, deps.clock.now(), deps.calendar))
        for write in (_events, _visits, _cards, _releases, _clocks, _notices):
            await write(deps, told)
    await _plan_visits(deps)
    await seed_people_who_watch(deps)
    if deps.settings.sandboxed:  # these are made by the acts, which owe notices
        await seed_services(deps, [Known(one.life, one.number, one.account_id, one.person_id) for one in told])
    await warn_overdue(deps)
    await warn_ahead(deps)
    return len(told)


async def _people(deps: Deps, lives: Sequence[Life]) -> list[Told]:
    """Accounts, persons and cases."""
    rows = [
        account_of(order, phone=life.phone, phone_verified_at=_opened(life), created_at=_opened(life))
        for order, life in enumerate(lives)
    ]
    accounts = await put("account", rows, "openid_index")
    ids = [accounts[row["openid_index"]] for row in rows]
    version = privacy_notice(deps).version
    await put("consent", [_consent(i, life, version) for i, life in zip(ids, lives, strict=True)])
    persons = await put("person", [_person(i, life) for i, life in zip(ids, lives, strict=True)], "account_id")
    told = [
        Told(life, make_case_number(day_of(_opened(life)), life.number), i, persons[i])
        for i, life in zip(ids, lives, strict=True)
    ]
    cases = await put("case", [_case(one) for one in told], "number")
    return [Told(one.life, one.number, one.account_id, one.person_id, cases[one.number]) for one in told]


async def _events(deps: Deps, told: Sequence[Told]) -> None:  # noqa: ARG001 – all of these take deps first
    """What happened."""
    await put(
        "event",
        [
            {
                "case_id": one.case_id, "seq": seq, "kind": turn.kind, "from_state": turn.before,
                "to_state": turn.after, "at": turn.at, "recorded_at": turn.at, "rule_day": day_of(turn.at),
                "actor": turn.actor, "unit": turn.unit, "facts": turn.facts, "words": _words(turn.kind),
            }
            for one in told
            for seq, turn in enumerate(one.life.turns, start=1)
        ],
    )  # fmt: skip


async def _visits(deps: Deps, told: Sequence[Told]) -> None:  # noqa: ARG001
    """Slots and bookings; a place is counted as taken unless the visit was given up."""
    booked = [one for one in told if one.life.visit is not None]
    taken = Tally(_slot_key(one) for one in booked)
    general = Tally(_slot_key(one) for one in booked if not one.life.guardian)
    there = await slots_there()
    await put(
        "slot",
        [
            {
                "point_id": key[0], "item": ITEM, "starts_at": key[1], "ends_at": key[1] + _SLOT,
                "capacity": taken[key] + 4, "online": taken[key] + 4, "general": taken[key] + 4,
                "closed": False,
                "taken": taken[key], "taken_general": general[key],
            }
            for key in taken
            if key not in there
        ],
    )  # fmt: skip
    ids = await slots_there()
    await put(
        "booking",
        [
            {
                "slot_id": ids[_slot_key(one)], "case_id": one.case_id, "is_minor": one.life.guardian is not None,
                "seats": 1, "made_at": one.life.at(CaseEventKind.BOOKED), "how_ended": one.life.how_visited,
                "ended_at": one.life.visit if one.life.how_visited else None,
            }
            for one in booked
            if _slot_key(one) not in there
        ],
    )  # fmt: skip


async def _plan_visits(deps: Deps) -> None:
    """What the people were told to bring to the visits ahead, so that nobody hears of a change there was not."""
    for booking in await coming_bookings(deps.clock.now(), 0, MOST):
        guidance = answer(deps, question_of(booking.case, day_of(booking.slot.starts_at)))
        await set_plan(booking.id, plan_of(guidance))


async def _cards(deps: Deps, told: Sequence[Told]) -> None:  # noqa: ARG001
    """What was reported about the cards."""
    await put(
        "card",
        [
            {
                "case_id": one.case_id, "issued_on": _day(one, CaseEventKind.ISSUED),
                "valid_from": _day(one, CaseEventKind.ISSUED), "is_long_term": False,
                "arrived_at": one.life.at(CaseEventKind.ARRIVAL_REGISTERED),
                "received_on": _day(one, CaseEventKind.RELEASED) or _day(one, CaseEventKind.RECEIVED_BY_POST),
            }
            for one in told
            if one.life.at(CaseEventKind.REVIEW_STARTED)
        ],
    )  # fmt: skip


async def _releases(deps: Deps, told: Sequence[Told]) -> None:  # noqa: ARG001
    """Who received the card."""
    await put(
        "release",
        [
            {
                "case_id": one.case_id, "collector": one.life.collector, "checks": {"data": True},
                "kinship": "parent" if one.life.collector is CollectorKind.PROXY else None,
                "released_at": one.life.at(CaseEventKind.RELEASED) or one.life.at(CaseEventKind.RECEIVED_BY_POST),
            }
            for one in told
            if one.life.collector
        ],
    )  # fmt: skip


async def _clocks(deps: Deps, told: Sequence[Told]) -> None:
    """The clocks as the events turned them (``domain.clock``)."""
    await put("deadline", [row for one in told for row in _clocks_of(deps, one)])


async def _notices(deps: Deps, told: Sequence[Told]) -> None:  # noqa: ARG001
    """What people were told; every so manieth notice reached nobody."""
    rows = [row for one in told for row in _notices_of(one)]
    for order, row in enumerate(rows):
        if order % _UNREACHED == _UNREACHED - 1:
            row |= {"status": "unreached", "channel": None}
    await put("notice", rows)


def _clocks_of(deps: Deps, one: Told) -> list[dict[str, Any]]:
    running: dict[ClockKind, dict[str, Any]] = {}
    for turn in one.life.turns:
        day = day_of(turn.at)
        ended = one.life.ended_at == turn.at
        for kind in running if ended else stopped_by(turn.kind):
            if kind in running and running[kind]["stopped_at"] is None:
                running[kind] |= {"stopped_at": turn.at, "stopped_on": day}
        starts = () if ended else started_by(turn.kind, ITEM)
        if turn.kind is CaseEventKind.RECEIVED_BY_POST or (
            turn.kind is CaseEventKind.RELEASED and one.life.collector is CollectorKind.PROXY
        ):
            starts = (ClockKind.COLLECTION_CHECK,)
        running |= {kind: row for kind in starts if (row := _clock(deps, one, kind, turn.unit, day))}
    return list(running.values())


def _clock(deps: Deps, one: Told, kind: ClockKind, unit: str | None, day: date) -> dict[str, Any] | None:
    limit = limit_of(deps.rulebook.on(day), kind, find_division(one.life.household))
    if limit is None:
        return None
    due = deadline(day, limit.days, limit.kind, deps.calendar)
    clock = CLOCKS[kind]
    return {
        "case_id": one.case_id, "kind": kind, "started_on": day, "days": limit.days, "day_kind": limit.kind,
        "due_on": due.due_on, "missing_year": due.missing_year, "stopped_at": None, "stopped_on": None, "unit": unit,
        "division": one.life.household if clock.side is Side.HOUSEHOLD else one.life.counter.division,
        "ahead_on": day_ahead(due.due_on, deps.calendar) if due.due_on and clock.ahead else None,
    }  # fmt: skip


def _notices_of(one: Told) -> list[dict[str, Any]]:
    return [
        {
            "dedupe_key": f"{one.number}:{_NOTICES[turn.kind]}:{turn.kind}:training", "kind": _NOTICES[turn.kind],
            "account_id": one.account_id, "case_id": one.case_id, "facts": _facts(one, when(turn.at)), "route": "chain",
            "status": "delivered", "owed_at": turn.at, "due_at": turn.at, "channel": Channel.SMS, "settled_at": turn.at,
            "attempts": 1,
        }
        for turn in one.life.turns
        if turn.kind in _NOTICES
    ]  # fmt: skip


def _facts(one: Told, time: str) -> dict[str, str]:
    return {
        "name": mask_name(one.life.name), "item": label(ITEM), "number": one.number, "time": time,
        "station": one.life.counter.name, "state": label(one.life.state),
    }  # fmt: skip


def _consent(account_id: int, life: Life, version: str) -> dict[str, Any]:
    return {"account_id": account_id, "version": version, "given_at": _opened(life)}


def _person(account_id: int, life: Life) -> dict[str, Any]:
    return {
        "account_id": account_id, "is_self": life.guardian is None, "name": life.name,
        "identity_number": life.identity_number, "identity_index": index_of(life.identity_number),
        "household_division": life.household, "household_address": _address(life.household),
        "collective_household": False, "declared_at": _opened(life),
    }  # fmt: skip


def _case(one: Told) -> dict[str, Any]:
    life = one.life
    accepted = life.at(CaseEventKind.ACCEPTED)
    stamp = f"{day_of(accepted):%Y%m%d}{life.number:08d}" if accepted else ""
    return {
        "number": one.number, "account_id": one.account_id, "applicant_id": one.person_id,
        "applicant_index": index_of(life.identity_number), "item": ITEM, "scope": life.scope, "state": life.state,
        "is_minor": life.guardian is not None, "household_division": life.household,
        "residence_division": life.counter.division, "delivery": life.delivery, "form": _form(life),
        "rule_day": day_of(_opened(life)), "opened_at": _opened(life), "ended_at": life.ended_at,
        "last_seq": len(life.turns), "acceptance_point_id": life.counter.id if life.visit else None,
        "acceptance_number": f"{life.counter.division}{stamp}" if accepted else None,
        "slip_number": f"YS{life.number:08d}" if accepted else None,
    }  # fmt: skip


def _form(life: Life) -> dict[str, Any]:
    local = life.counter.division[:2] == "44"
    number = parse_identity_number(life.identity_number, day_of(_opened(life)))
    guardian = {
        "name": life.guardian[0], "identity_number": life.guardian[1], "relation": GuardianRelation.MOTHER,
        "shown_by": GuardianshipCase.SAME_HOUSEHOLD,
    } if life.guardian else None  # fmt: skip
    whose = Whose.GUARDIAN if life.guardian else Whose.APPLICANT
    post = {"recipient": life.name, "phone": life.phone, "address": _address(life.counter.division)}
    return {
        "name": life.name, "identity_number": life.identity_number, "sex": number.sex,
        "birth_date": life.birth.isoformat(), "household_address": _address(life.household),
        "collective_household": False, "residence_address": _address(life.counter.division), "phone": life.phone,
        "proof": None if local else ProofKind.EMPLOYMENT, "proof_of": None if local else whose,
        "declared_locally": local, "guardian": guardian,
        "post_to": post if life.delivery is DeliveryMode.POST else None,
    }  # fmt: skip


def _words(kind: CaseEventKind) -> dict[str, str] | None:
    return {"reason": "经核查仍难以确认身份（演示）"} if kind is CaseEventKind.ISSUANCE_REFUSED else None


def _address(division: str) -> str:
    return f"{find_division(division).full_name}示范路1号"


def _opened(life: Life) -> datetime:
    return life.turns[0].at


def _day(one: Told, kind: CaseEventKind) -> date | None:
    at = one.life.at(kind)
    return day_of(at) if at else None


def _slot_key(one: Told) -> tuple[int, datetime]:
    assert one.life.visit is not None
    return one.life.counter.id, one.life.visit.astimezone(UTC)
