"""Complaints and suggestions (R198): a number at once, a clock, somebody who sees to it, and an answer.

A complaint about a case or a station goes to that station; any other one to the supervisors, who hand it on. Whoever
takes it answers it. What is late is put before the supervisors by itself.
"""

from dataclasses import dataclass
from datetime import date, datetime

import structlog

from casework.area import area_of
from casework.callers import Citizen, Officer
from casework.complaint_views import ComplaintLine, ComplaintStatistics, ComplaintView, line_of, view_of
from casework.deps import Deps, unit_of_work
from casework.owe import owe_account
from casework.repeat import once
from casework.track import own_case
from domain.applicant import mask_name
from domain.complaint import HIGHEST, check_complaint_number, make_complaint_number
from domain.deadline import deadline, due_day
from domain.local_time import day_bounds, day_of
from domain.refusal import Refusal
from domain.terms import ComplaintKind, DayKind, NoticeKind, StaffRole
from models import complaint as store
from models.audit import write_audit
from models.complaint import Complaint
from models.person import own_person
from models.place import find_point
from models.statistics import Scope
from models.statistics import complaints as complaints_said
from models.store import transaction
from templates.labels import label
from templates.shown import clean
from templates.shown import day as day_text

LONGEST, SHORTEST, LONGEST_WORD = 1000, 4, 500
MAY_ANSWER = frozenset({StaffRole.CLERK, StaffRole.SUPERVISOR})
_SHOWN, _BATCH, _TRIES, _MOST_WORDS = 100, 100, 20, 20
log = structlog.get_logger()


@dataclass(frozen=True)
class ComplaintWish:
    """What a person says. ``case_number``: an own case it is about; ``point_code``: else the station, if any."""

    kind: ComplaintKind
    text: str
    case_number: str | None = None
    point_code: str | None = None


async def open_complaint(deps: Deps, citizen: Citizen, wish: ComplaintWish, key: str) -> ComplaintView:
    """Open a complaint or a suggestion, from whichever door: the view says its number and until when it is answered.

    ``key``: the caller's idempotency key, 8 characters and more; the same key gives the same complaint. In the chat the
    id of the message will do.

    Raises:
        Refusal: ``complaint_text_missing``, ``complaints_too_many``, ``case_not_found``, ``station_not_found``,
            ``idempotency_key_reused``.
    """
    body = {"kind": wish.kind, "text": wish.text, "case": wish.case_number, "point": wish.point_code}
    return await once(
        deps, citizen, key, act="open_complaint", body=body, view=ComplaintView, do=lambda: _open(deps, citizen, wish)
    )


async def my_complaints(deps: Deps, citizen: Citizen) -> tuple[ComplaintView, ...]:  # noqa: ARG001
    """The account's own, newest first."""
    return tuple([await view_of(one) for one in await store.complaints_of_account(citizen.account_id, _SHOWN)])


async def my_complaint(deps: Deps, citizen: Citizen, number: str) -> ComplaintView:  # noqa: ARG001
    """One of the account's own. Raises ``complaint_not_found``, ``complaint_number_malformed``."""
    return await view_of(await _own(citizen, number))


async def add_word(deps: Deps, citizen: Citizen, number: str, text: str, key: str) -> ComplaintView:
    """Add a word, also after the answer: the station reads it.

    Raises:
        Refusal: ``complaint_not_found``, ``complaint_text_missing``, ``complaints_too_many``.
    """

    async def do() -> ComplaintView:
        one = await _own(citizen, number)
        said = _text(text, LONGEST_WORD, shortest=1)
        await store.lock_complaint(one.number)
        if len(await store.words_of(one.id)) >= _MOST_WORDS:
            raise Refusal("complaints_too_many")
        await store.add_word(one.id, said, deps.clock.now())
        return await view_of(one)

    body = {"number": number, "text": text}
    return await once(deps, citizen, key, act="add_complaint_word", body=body, view=ComplaintView, do=do)


async def complaints_here(deps: Deps, officer: Officer) -> tuple[ComplaintLine, ...]:
    """What waits for an answer: at the officer's own station, or for a supervisor in the own area.

    Raises:
        Refusal: ``staff_role_missing``.
    """
    _insist_may_answer(officer)
    if officer.point_id is not None:
        waiting = await store.open_complaints(_SHOWN, point_id=officer.point_id)
    else:
        waiting = await store.open_complaints(_SHOWN, reach=area_of(officer).prefix)
    return tuple(line_of(one, deps.today()) for one in waiting)


async def read_complaint(deps: Deps, officer: Officer, number: str) -> ComplaintView:
    """One complaint with every word of it; the reading is on record. Raises ``complaint_not_found``."""
    one = await _at_hand(deps, officer, number, "read_complaint")
    return await view_of(one)


async def take_complaint(deps: Deps, officer: Officer, number: str) -> None:
    """Take it in hand: from now on this officer answers it. Raises ``complaint_answered_already``."""
    one = await _at_hand(deps, officer, number, "take_complaint")
    if not await store.take_complaint(one.id, officer.staff_id):
        raise Refusal("complaint_answered_already")


async def assign_complaint(deps: Deps, officer: Officer, number: str, point_code: str) -> None:
    """A supervisor hands it to a station. Raises ``station_not_found``, ``complaint_answered_already``."""
    if officer.role is not StaffRole.SUPERVISOR:
        raise Refusal("staff_role_missing", source="R198")
    one = await _at_hand(deps, officer, number, "assign_complaint")
    point = await find_point(point_code)
    if point is None:
        raise Refusal("station_not_found")
    if not await store.assign_complaint(one.id, point.id, point.division):
        raise Refusal("complaint_answered_already")


async def answer_complaint(deps: Deps, officer: Officer, number: str, text: str) -> None:
    """Answer, once; the person is told that there is an answer.

    Raises:
        Refusal: ``complaint_not_found``, ``complaint_text_missing``, ``complaint_not_taken`` unless this officer took
            it and nobody answered it.
    """
    one = await _at_hand(deps, officer, number, "answer_complaint")
    answer = _text(text, LONGEST)
    async with unit_of_work(deps):
        if not await store.answer_complaint(one.id, officer.staff_id, answer, deps.clock.now()):
            raise Refusal("complaint_not_taken")
        await owe_account(
            deps, one.account_id, NoticeKind.COMPLAINT_ANSWERED, one.number,
            number=one.number, name=await _called(one.account_id), matter=label(one.kind),
            opened=day_text(one.opened_at),
        )  # fmt: skip


async def escalate_overdue(deps: Deps) -> int:
    """Put before the supervisors what is not answered in time, once each; returns how many.

    Days that waited for a year's calendar are filled in first.
    """
    for one in await store.complaints_without_calendar():
        rule = deps.rulebook.on(day_of(one.opened_at)).need("complaint")
        if one.missing_year in deps.calendar.known_years:
            days, kind = rule.number("days"), DayKind(rule.text("kind"))
            await store.set_complaint_due(one.id, due_day(day_of(one.opened_at), days, kind, deps.calendar))
    told = 0
    for one in await store.overdue_complaints(deps.today(), _BATCH):
        async with transaction():
            if not await store.escalate(one.id, deps.clock.now()):
                continue
            await write_audit(
                at=deps.clock.now(), actor="clock", act="complaint_overdue", case_id=one.case_id,
                facts={"complaint": one.number},
            )  # fmt: skip
        log.warning("complaint_overdue", complaint=one.number)
        told += 1
    return told


async def complaint_statistics(deps: Deps, scope: Scope, from_day: date, to_day: date) -> ComplaintStatistics:
    """What was said from one day to another (both included) about an area or a point.

    On time: answered on the last day at the latest. Late: answered after it, or not yet and it is over.
    """
    start, end = day_bounds(from_day)[0], day_bounds(to_day)[1]
    counted = {name: int(n) for name, n in (await complaints_said(scope, start, end, deps.today())).items()}
    return ComplaintStatistics(**counted, suggestions=counted["opened"] - counted["complaints"])


async def _open(deps: Deps, citizen: Citizen, wish: ComplaintWish) -> ComplaintView:
    text, now = _text(wish.text, LONGEST), deps.clock.now()
    rule = deps.rulebook.on(deps.today()).need("complaint")
    since = day_bounds(deps.today())[0]
    if await store.count_opened_since(citizen.account_id, since) >= rule.number("per_day"):
        raise Refusal("complaints_too_many")
    case_id, point_id, division = await _about(deps, citizen, wish)
    due = deadline(deps.today(), rule.number("days"), DayKind(rule.text("kind")), deps.calendar)
    columns = {
        "kind": wish.kind, "account_id": citizen.account_id, "case_id": case_id, "point_id": point_id,
        "division": division, "text": text, "opened_at": now, "due_on": due.due_on, "missing_year": due.missing_year,
    }  # fmt: skip
    return await view_of(await _with_number(deps, now, columns))


async def _with_number(deps: Deps, now: datetime, columns: dict[str, object]) -> Complaint:
    """Numbers are drawn; one that is given already is drawn again."""
    for _ in range(_TRIES):
        drawn = int.from_bytes(deps.random.token(8), "big") % (HIGHEST + 1)
        number = make_complaint_number(day_of(now), drawn)
        if await store.make_complaint(number, **columns):
            made = await store.find_complaint(number)
            assert made is not None
            return made
    raise Refusal("service_unavailable")


async def _about(deps: Deps, citizen: Citizen, wish: ComplaintWish) -> tuple[int | None, int | None, str]:
    """The case, the station and the division it is about."""
    case = None
    if wish.case_number:
        case = await own_case(deps, citizen, wish.case_number)
        if case.acceptance_point is not None and not wish.point_code:
            return case.id, case.acceptance_point.id, case.acceptance_point.division
    if wish.point_code:
        point = await find_point(wish.point_code)
        if point is None:
            raise Refusal("station_not_found")
        return case.id if case else None, point.id, point.division
    return (case.id, None, case.residence_division) if case else (None, None, "")


async def _own(citizen: Citizen, number: str) -> Complaint:
    one = await store.find_complaint(check_complaint_number(number))
    if one is None or one.account_id != citizen.account_id:
        raise Refusal("complaint_not_found")
    return one


async def _at_hand(deps: Deps, officer: Officer, number: str, act: str) -> Complaint:
    """A complaint this officer may work on; another station's is not told apart from none, and the try is on record."""
    _insist_may_answer(officer)
    one = await store.find_complaint(check_complaint_number(number))
    allowed = one is not None and _may_see(officer, one)
    await write_audit(
        at=deps.clock.now(), actor=officer.actor, act=act if allowed else f"{act}_refused", staff_id=officer.staff_id,
        case_id=one.case_id if one else None, request_id=officer.request_id or None,
        facts={"complaint": one.number if one else None},
    )  # fmt: skip
    if one is None or not allowed:
        raise Refusal("complaint_not_found")
    return one


def _may_see(officer: Officer, one: Complaint) -> bool:
    if officer.point_id is not None:
        return one.point_id == officer.point_id
    return one.division.startswith(area_of(officer).prefix) or not one.division


def _insist_may_answer(officer: Officer) -> None:
    if officer.role not in MAY_ANSWER:
        raise Refusal("staff_role_missing", source="R198")


def _text(text: str, longest: int, *, shortest: int = SHORTEST) -> str:
    said = clean(text)
    if not shortest <= len(said) <= longest:
        raise Refusal("complaint_text_missing", least=shortest, most=longest)
    return said


async def _called(account_id: int) -> str:
    """How the person is addressed: the masked name, where one was declared."""
    who = await own_person(account_id)
    return mask_name(who.name) if who else "市民"
