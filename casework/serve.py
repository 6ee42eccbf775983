"""The counter's side of a case: the own station's cases only, every read on record."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import partial

from casework.callers import Officer
from casework.counter_views import CheckLine, CounterCase, CounterLine, DayList, GuardianView
from casework.deps import Deps
from casework.explain_policy import answer
from casework.facts import CaseFacts, facts_of, question_of
from casework.masked import VISIT_TURNS, insist_minor_leave, masked, presence_is_stated
from casework.of_age import phone_of
from casework.put_on_record import put_on_record
from casework.serve_services import certificate_at_counter, may_with_services, services_at_counter
from casework.service_views import CounterCertificate
from casework.track import booking_view, clock_views, history_of, letter_standing
from domain.acceptance import acceptance_rule
from domain.applicant import mask_name
from domain.case_number import check_acceptance_number, check_case_number
from domain.collection import NO_FINGERPRINT, release_checks
from domain.division import find_division
from domain.guide import Material
from domain.local_time import day_bounds, day_of
from domain.refusal import Refusal
from domain.terms import (
    ApprovalKind,
    CaseEventKind,
    CaseState,
    ClockKind,
    CollectorKind,
    DeliveryMode,
    FingerprintOutcome,
    GuardianRelation,
    GuardianshipCase,
    ServiceItem,
    StaffRole,
)
from models.approval import may_read_minor, open_request
from models.card import check_of
from models.case import (
    Case,
    cases_at_point,
    events_of,
    find_accepted_case,
    find_case,
    find_case_by_slip,
    named_collector,
    turns_at,
)
from models.deadline import clocks_of
from models.notice import unreached_at
from models.slot import bookings_at, latest_booking, live_booking
from templates.labels import label
from templates.shown import when

LIST_LIMIT = 200
_SERVED = (
    CaseState.ACCEPTED,
    CaseState.TRANSMITTED,
    CaseState.UNDER_REVIEW,
    CaseState.CONFIRMED,
    CaseState.IN_PRODUCTION,
    CaseState.RELEASED,
)
"""States in which a certificate or a temporary card is under way at the counter."""
_ON_THE_WAY = (
    CaseState.ACCEPTED,
    CaseState.UNDER_REVIEW,
    CaseState.ISSUED,
    CaseState.IN_PRODUCTION,
    CaseState.DISPATCHED,
)


async def read_case(deps: Deps, officer: Officer, number: str) -> CounterCase:
    """The case beside its checklist, also for the household place that makes the later check (R122). Every read is on
    record. Masked until the officer stated who stands at the counter (T13), a minor's also without leave (B51).

    Raises:
        Refusal: ``case_number_malformed``, ``case_not_found``, ``case_of_other_station``, ``staff_role_missing``.
    """
    case = await case_at_counter(deps, officer, number, "read_case", or_at_household=True)
    seen, now = await counter_case(deps, case), deps.clock.now()
    leave = not case.is_minor or await may_read_minor(officer.staff_id, case.id, now)
    if leave and presence_is_stated(officer, await events_of(case.id), deps.today()):
        await audit(deps, officer, case, "read_whole_case")
        return seen
    return replace(masked(seen), needs_leave=not leave)


async def find_at_counter(deps: Deps, officer: Officer, text: str) -> str:
    """The case number behind what was typed or scanned: case number, acceptance number or collection slip number.

    Raises:
        Refusal: ``case_not_found``, ``case_of_other_station``.
    """
    by_slip = partial(find_case_by_slip, point_id=officer.point_id)
    for find in (_by_case_number, _by_acceptance_number, by_slip):
        case = await find(text)
        if case is not None:
            await _insist_may_see(deps, officer, case, "find_case", or_at_household=True)
            return case.number
    raise Refusal("case_not_found")


async def day_list(deps: Deps, officer: Officer, day: date | None = None) -> DayList:
    """The clerk's day; names are masked, the reading is on record.

    Raises:
        Refusal: ``staff_role_missing`` for staff who serve at no counter.
    """
    point_id = _counter_of(officer)
    day = day or deps.today()
    await put_on_record(deps, officer, "read_day_list", {"day": day.isoformat()})
    booked = await bookings_at(point_id, *day_bounds(day))
    unreached = {notice.case_id: notice.case for notice in await unreached_at(point_id)}
    cards = [ServiceItem.ID_CARD_FIRST_APPLICATION]
    others = [item for item in ServiceItem if item not in cards]
    return DayList(
        day=day,
        booked=tuple(_line(b.case, b.slot.starts_at) for b in booked if b.ended_at is None),
        arrived=await _arrived(point_id, day, {b.case_id: b.slot.starts_at for b in booked}),
        on_the_way=_lines(await cases_at_point(point_id, _ON_THE_WAY, LIST_LIMIT, cards)),
        to_collect=_lines(await cases_at_point(point_id, [CaseState.ARRIVED, CaseState.READY], LIST_LIMIT)),
        checks_open=_lines(await cases_at_point(point_id, [CaseState.RELEASED], LIST_LIMIT, cards)),
        other_services=_lines(await cases_at_point(point_id, _SERVED, LIST_LIMIT, others)),
        unreached=tuple(_line(case) for case in unreached.values() if case is not None),
    )


async def _arrived(point_id: int, day: date, booked: Mapping[int, datetime]) -> tuple[CounterLine, ...]:
    """Who was checked in that day, last first; each case once, and none whose scan was undone."""
    lines: dict[int, CounterLine] = {}
    undone: set[int] = set()
    for event in await turns_at(point_id, (CaseEventKind.CHECKED_IN, CaseEventKind.SCAN_UNDONE), *day_bounds(day)):
        if event.kind is CaseEventKind.SCAN_UNDONE and event.case_id not in lines:
            undone.add(event.case_id)
        elif event.case_id not in lines and event.case_id not in undone:
            line = _line(event.case, booked.get(event.case_id))
            lines[event.case_id] = replace(line, arrived_at=event.at)
    return tuple(lines.values())


async def case_at_counter(
    deps: Deps, officer: Officer, number: str, act: str, *, or_at_household: bool = False
) -> Case:
    """Load a case for the officer's own counter and put the read on record; a refused read too (V16.3.2).

    ``or_at_household``: the household place may as well, while the later check is open and when it made it.
    """
    case = await find_case(check_case_number(number))
    if case is None:
        raise Refusal("case_not_found")
    await _insist_may_see(deps, officer, case, act, or_at_household=or_at_household)
    return case


async def _insist_may_see(deps: Deps, officer: Officer, case: Case, act: str, *, or_at_household: bool) -> None:
    own = case.acceptance_point_id == _counter_of(officer)
    allowed = own or (or_at_household and await _checks_at_household(case, officer))
    await audit(deps, officer, case, act if allowed else f"{act}_refused")
    if allowed:
        return
    booking = await live_booking(case.id)
    if booking is not None and await _came_today(deps, case, officer.point_name):
        raise Refusal("rebooked_meanwhile", station=booking.slot.point.name, time=when(booking.slot.starts_at))
    raise Refusal("case_of_other_station", source="R085")


def serves_household(case: Case, officer: Officer) -> bool:
    """Whether the officer's counter stands in the city of the household place."""
    if officer.point_division is None:
        return False
    return find_division(officer.point_division).city == find_division(case.household_division).city


async def audit(deps: Deps, officer: Officer, case: Case, act: str, **facts: object) -> None:
    """Put an officer's act on a citizen's data on record (R078, B07)."""
    await put_on_record(deps, officer, act, facts, case.id)


async def visit_is_open(deps: Deps, case: Case) -> bool:
    """Whether the person stands at the case's counter: checked in there today, and nothing ended the visit since.

    A visit ends with the day, with a list of supplements, and when the citizen books anew or cancels.
    """
    turns = [event for event in await events_of(case.id) if event.kind in VISIT_TURNS]
    last = turns[-1] if turns else None
    return last is not None and last.kind is CaseEventKind.CHECKED_IN and day_of(last.at) == deps.today()


async def insist_visit(deps: Deps, case: Case) -> None:
    """The person must stand at the counter. Raises ``not_checked_in``, ``rebooked_meanwhile``."""
    if await visit_is_open(deps, case):
        return
    if await _came_today(deps, case) and (booking := await live_booking(case.id)) is not None:
        slot = booking.slot
        raise Refusal("rebooked_meanwhile", station=slot.point.name, time=when(slot.starts_at))
    raise Refusal("not_checked_in", source="R076")


async def _came_today(deps: Deps, case: Case, unit: str | None = None) -> bool:
    """Whether the person was checked in today, by no mistaken scan; ``unit``: at this counter."""
    kinds = {CaseEventKind.CHECKED_IN, CaseEventKind.SCAN_UNDONE}
    came = [event for event in await events_of(case.id) if event.kind in kinds]
    if not came or came[-1].kind is CaseEventKind.SCAN_UNDONE:
        return False
    return day_of(came[-1].at) == deps.today() and unit in {None, came[-1].unit}


async def insist_whole(deps: Deps, officer: Officer, case: Case) -> None:
    """Whatever shows a person in full waits for the word that somebody stands there (T13), a minor also for leave.

    Raises:
        Refusal: ``presence_required``, ``minor_leave_required`` (B51).
    """
    await insist_minor_leave(officer, case, deps.clock.now())
    if not presence_is_stated(officer, await events_of(case.id), deps.today()):
        raise Refusal("presence_required", source="R076")


def materials_at_counter(deps: Deps, case: Case) -> tuple[Material, ...]:
    """The originals to see. Any lawful proof of the tie will do (R040, R043), not only the one that was declared."""
    day = deps.today() if case.state is CaseState.OPEN else case.rule_day
    return answer(deps, replace(question_of(case, day), proof=None, proof_of=None)).materials


def insist_clerk(officer: Officer) -> None:
    """Only a clerk acts at a counter. Raises ``staff_role_missing``."""
    if officer.role is not StaffRole.CLERK:
        raise Refusal("staff_role_missing", source="R078")


async def counter_case(deps: Deps, case: Case) -> CounterCase:
    """The counter's view of a case."""
    facts = await facts_of(deps, case)
    form = case.form
    booking = await latest_booking(case.id)
    guardian = form.get("guardian")
    collector = await named_collector(case.id)
    checked_in = await visit_is_open(deps, case)
    fingerprint, differences = await _as_accepted(case)
    certificate = await certificate_at_counter(deps, case)
    return CounterCase(
        number=case.number,
        item=case.item,
        scope=case.scope,
        state=case.state,
        state_label=label(case.state),
        is_minor=case.is_minor,
        checked_in=checked_in,
        name=form["name"],
        identity_number=form["identity_number"],
        sex=form["sex"],
        birth_date=date.fromisoformat(form["birth_date"]),
        household_place=find_division(case.household_division).full_name,
        household_address=form["household_address"],
        collective_household=form["collective_household"],
        residence_place=find_division(case.residence_division).full_name,
        residence_address=form["residence_address"],
        phone=form["phone"],
        guardian=_guardian(guardian) if guardian else None,
        delivery=case.delivery,
        post_to=_post_to(form),
        booking=booking_view(booking, facts) if booking else None,
        letter=letter_standing(facts),
        materials=tuple(_material_line(material) for material in materials_at_counter(deps, case)),
        checks=_checks(deps, case),
        release_checks={kind: _release_lines(deps, kind, fingerprint) for kind in CollectorKind},
        named_collector=f"{collector.name}（{label(collector.kinship, 'Kinship')}）" if collector else None,
        acceptance_number=case.acceptance_number,
        slip_number=case.slip_number,
        clocks=await clock_views(case),
        history=await history_of(case),
        may=await _may(case, facts, certificate, checked_in=checked_in),
        differences=differences,
        fingerprint=fingerprint,
        new_phone=await _new_phone(deps, case),
        asked=tuple([kind for kind in ApprovalKind if await open_request(kind, case.id)]),
        **await services_at_counter(deps, case, facts.guidance.fee_fen, certificate),
    )


def _counter_of(officer: Officer) -> int:
    if officer.point_id is None:
        raise Refusal("staff_role_missing", source="R078")
    return officer.point_id


async def _checks_at_household(case: Case, officer: Officer) -> bool:
    if case.state is CaseState.RELEASED:
        return serves_household(case, officer)
    check = await check_of(case.id)
    return check is not None and check.point_id == officer.point_id


async def _by_case_number(text: str) -> Case | None:
    try:
        return await find_case(check_case_number(text))
    except Refusal:
        return None


async def _by_acceptance_number(text: str) -> Case | None:
    try:
        return await find_accepted_case(check_acceptance_number(text))
    except Refusal:
        return None


async def _may(
    case: Case, facts: CaseFacts, certificate: CounterCertificate | None, *, checked_in: bool
) -> tuple[str, ...]:
    """What the clerk may do now; the page offers nothing else."""
    if case.state is CaseState.OPEN and checked_in:
        return await _may_at_visit(case, facts)
    if case.item is not ServiceItem.ID_CARD_FIRST_APPLICATION:
        return may_with_services(case, certificate)
    if case.state is CaseState.DISPATCHED and case.delivery is DeliveryMode.STATION:
        return ("register_arrival",)
    if case.state is CaseState.ARRIVED:
        return ("release",)
    if case.state is CaseState.RELEASED and any(c.kind is ClockKind.COLLECTION_CHECK for c in await clocks_of(case.id)):
        return ("record_check",)
    return ()


async def _may_at_visit(case: Case, facts: CaseFacts) -> tuple[str, ...]:
    acts = ["accept", "decline"]
    if facts.letter_standing not in {"not_required", "confirmed"}:
        acts.append("confirm_letter")
    if not any(event.kind is CaseEventKind.SUPPLEMENTS_LISTED for event in await events_of(case.id)):
        acts.append("list_supplements")
    return tuple(acts)


def _guardian(guardian: dict[str, str]) -> GuardianView:
    return GuardianView(
        name=guardian["name"],
        identity_number=guardian["identity_number"],
        relation=GuardianRelation(guardian["relation"]),
        shown_by=GuardianshipCase(guardian["shown_by"]),
    )


def _post_to(form: dict[str, object]) -> str | None:
    to = form.get("post_to")
    return f"{to['recipient']}，{to['phone']}，{to['address']}" if isinstance(to, dict) else None


def _material_line(material: Material) -> CheckLine:
    whose = label(material.whose)
    text = material.what if material.what.startswith(whose) else f"{whose}：{material.what}"
    return CheckLine(code=material.code, text=text, source=material.source, alternatives=material.alternatives)


def _checks(deps: Deps, case: Case) -> tuple[CheckLine, ...]:
    """What the counter does itself before it can accept (R070–R073, R162); flags only, never a biometric."""
    day = deps.today() if case.state is CaseState.OPEN else case.rule_day
    rule = acceptance_rule(deps.rulebook.on(day), case.item, is_minor=case.is_minor)
    return tuple(CheckLine(check, label(check, "CounterCheck"), rule.source) for check in rule.checks)


async def fingerprint_of(case: Case) -> FingerprintOutcome | None:
    """What the acceptance stated about fingerprints (R138–R140); None before it, and where nothing was said."""
    return (await _as_accepted(case))[0]


async def _as_accepted(case: Case) -> tuple[FingerprintOutcome | None, Mapping[str, str]]:
    accepted = next((one for one in await events_of(case.id) if one.kind is CaseEventKind.ACCEPTED), None)
    if accepted is None:
        return None, {}
    said = accepted.facts.get("fingerprint")
    return FingerprintOutcome(said) if said else None, (accepted.words or {}).get("differences", {})


async def _new_phone(deps: Deps, case: Case) -> str | None:
    """A number the account verified after the case was opened with another one (R066)."""
    phone = await phone_of(deps, case)
    return phone if phone and phone != case.form["phone"] else None


def _release_lines(deps: Deps, kind: CollectorKind, fingerprint: FingerprintOutcome | None) -> tuple[CheckLine, ...]:
    enrolment = fingerprint if kind is CollectorKind.SELF and fingerprint in NO_FINGERPRINT else None
    rule = release_checks(deps.rulebook.on(deps.today()), kind, enrolment)
    return tuple(CheckLine(check, label(check, "CollectionCheck"), rule.cite) for check in rule.texts("checks"))


def _lines(cases: list[Case]) -> tuple[CounterLine, ...]:
    return tuple(_line(case) for case in cases)


def _line(case: Case, starts_at: datetime | None = None) -> CounterLine:
    return CounterLine(
        number=case.number,
        item=case.item,
        state=case.state,
        state_label=label(case.state),
        name_masked=mask_name(str(case.form["name"])),
        is_minor=case.is_minor,
        starts_at=starts_at,
    )
