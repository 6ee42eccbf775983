"""Hop 10: the card is handed over, and where need be checked later (R120–R122)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from casework.callers import Citizen, Officer
from casework.counter_views import CounterCase
from casework.deps import Deps, unit_of_work
from casework.keep_clocks import start_clock
from casework.make_temporary_card import take_back_with, void_dependants
from casework.owe import owe
from casework.repeat import once
from casework.serve import audit, case_at_counter, counter_case, fingerprint_of, insist_clerk
from casework.step import Said, take_step
from casework.track import own_case_to_change
from casework.views import ProxyView
from domain.applicant import FULL_AGE_FOR_OWN_APPLICATION, age_on, mask_name, normalise_name
from domain.collection import NO_FINGERPRINT, later_checks, missing_checks, needs_later_check
from domain.identity_number import IdentityNumber, parse_identity_number
from domain.lifecycle import ENDED
from domain.refusal import Refusal
from domain.terms import (
    CardReturn,
    CaseEventKind,
    CaseState,
    ClockKind,
    CollectorKind,
    DeliveryMode,
    FingerprintOutcome,
    Kinship,
    NoticeKind,
)
from models.card import keep_card, write_check, write_release
from models.case import Case
from models.case import name_collector as write_collector
from models.reach_task import settle_tasks_of
from templates.labels import label
from templates.shown import day as day_text


@dataclass(frozen=True)
class ReleaseAct:
    """Who stands at the counter and what the clerk verified. The three on the collector are for a relative only (R121).

    ``temporary_card``: what became of the one the person held until now (B20).
    """

    collector: CollectorKind
    checks: Mapping[str, bool]
    slip_number: str
    kinship: Kinship | None = None
    collector_name: str | None = None
    collector_identity_number: str | None = None
    temporary_card: CardReturn | None = None


async def release_card(deps: Deps, officer: Officer, number: str, act: ReleaseAct) -> CounterCase:
    """Release the card after the checks of its collector's kind. In person the case is closed; else K5 starts.

    Raises:
        Refusal: ``slip_mismatch``, ``collection_checks_missing``, ``collector_not_relative`` (R036),
            ``temporary_card_return_required`` (B20), ``step_out_of_order``.
    """
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, "read_to_release")
    if act.collector is CollectorKind.POST:
        raise Refusal("step_out_of_order", source="R113", state=case.state, step="released")
    _insist_checked(deps, case, act, await fingerprint_of(case))
    name, number_of_collector = _collector(deps, act)
    now = deps.clock.now()
    async with unit_of_work(deps):
        said = Said(officer.actor, now, unit=officer.point_name)
        await take_back_with(deps, officer, case, act.temporary_card)
        await take_step(deps, case, CaseEventKind.RELEASED, said, facts={"collector": act.collector})
        await write_release(
            case_id=case.id, collector=act.collector, checks=dict(act.checks), kinship=act.kinship,
            collector_name=name, collector_identity_number=number_of_collector,
            staff_id=officer.staff_id, released_at=now,
        )  # fmt: skip
        await after_release(deps, case, act.collector, said, deps.today())
        await settle_tasks_of(case.id, NoticeKind.READY_FOR_PICKUP, now)
        await audit(deps, officer, case, "release_card", collector=act.collector)
    return await counter_case(deps, case)


async def after_release(deps: Deps, case: Case, collector: CollectorKind, said: Said, received_on: date) -> None:
    """Close the case, or start the 30 working days of the later check and tell the person (R122, C6.6)."""
    await keep_card(case.id, received_on=received_on)
    due: str | None = None
    if needs_later_check(collector):
        due = await _start_later_check(deps, case, received_on)
        await owe(deps, case, NoticeKind.CHECK_DUE, "start", due=due, station=_station(case))
    else:
        await take_step(deps, case, CaseEventKind.CLOSED, said)
        await void_dependants(deps, case, said)
    if collector is CollectorKind.POST:
        return  # one event, one notice: the post's is the one about the check
    await owe(
        deps, case, NoticeKind.RELEASED, "once",
        collector=label(collector, "CollectorKind"), due=due, station=_station(case),
    )  # fmt: skip


async def record_check(deps: Deps, officer: Officer, number: str, checks: Mapping[str, bool]) -> CounterCase:
    """Record the later check of data and fingerprint, at the place of acceptance or the household place (R122).

    Raises:
        Refusal: ``case_not_found``, ``case_of_other_station``, ``check_not_due``, ``collection_checks_missing``.
    """
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, "read_to_record_check", or_at_household=True)
    if case.state is not CaseState.RELEASED:
        raise Refusal("check_not_due", source="R122")
    missing = [check for check in later_checks(await fingerprint_of(case)) if checks.get(check) is not True]
    if missing:
        raise Refusal("collection_checks_missing", source="R122", missing=missing)
    assert officer.point_id is not None
    now = deps.clock.now()
    async with unit_of_work(deps):
        said = Said(officer.actor, now, unit=officer.point_name)
        await take_step(deps, case, CaseEventKind.CHECK_RECORDED, said)
        made = await write_check(
            case_id=case.id, checks=dict(checks), staff_id=officer.staff_id, point_id=officer.point_id, checked_at=now
        )
        if not made:
            raise Refusal("check_not_due", source="R122")
        await take_step(deps, case, CaseEventKind.CLOSED, said)
        await void_dependants(deps, case, said)
        await audit(deps, officer, case, "record_check")
    return await counter_case(deps, case)


async def name_collector(
    deps: Deps, citizen: Citizen, number: str, name: str, identity_number: str, kinship: Kinship, key: str
) -> ProxyView:
    """Name a relative who will collect, any time before pickup (D12). The counter still checks their own card.

    Raises:
        Refusal: ``case_not_found``, ``case_already_ended``, ``collector_not_needed``, ``collector_is_applicant``,
            ``collector_too_young``, what names and numbers raise.
    """
    body = {"number": number, "name": name, "identity_number": identity_number, "kinship": kinship}

    async def do() -> ProxyView:
        case = await own_case_to_change(deps, citizen, number)
        if case.state in ENDED | {CaseState.RELEASED}:
            raise Refusal("case_already_ended", number=case.number, state=case.state)
        if case.delivery is DeliveryMode.POST:
            raise Refusal("collector_not_needed", source="R113")
        clean = normalise_name(name)
        read = parse_identity_number(identity_number, deps.today())
        _insist_can_collect(case, read, deps.today())
        await write_collector(case.id, name=clean, identity_number=read.text, kinship=kinship, at=deps.clock.now())
        await take_step(deps, case, CaseEventKind.PROXY_NAMED, Said(citizen.actor, deps.clock.now()))
        return ProxyView(mask_name(clean), kinship)

    return await once(deps, citizen, key, act="name_collector", body=body, view=ProxyView, do=do)


def _insist_can_collect(case: Case, collector: IdentityNumber, today: date) -> None:
    """A collector shows an identity card of their own (R121), so it's another person, and one of 16 or more."""
    if collector.text == case.form["identity_number"]:
        raise Refusal("collector_is_applicant", source="R121")
    if age_on(collector.birth_date, today) < FULL_AGE_FOR_OWN_APPLICATION:
        raise Refusal("collector_too_young", source="R121")


def _insist_checked(deps: Deps, case: Case, act: ReleaseAct, fingerprint: FingerprintOutcome | None) -> None:
    enrolment = fingerprint if act.collector is CollectorKind.SELF and fingerprint in NO_FINGERPRINT else None
    missing = missing_checks(deps.rulebook.on(deps.today()), act.collector, act.checks, enrolment)
    if missing:
        raise Refusal("collection_checks_missing", source="R120", missing=list(missing))
    if act.slip_number.strip() != case.slip_number:
        raise Refusal("slip_mismatch", source="R120")


def _collector(deps: Deps, act: ReleaseAct) -> tuple[str | None, str | None]:
    """A relative is written down with kinship, name and own number (R121)."""
    if act.collector is CollectorKind.SELF:
        return None, None
    if act.kinship is None or not act.collector_name or not act.collector_identity_number:
        raise Refusal("collector_not_relative", source="R036")
    return normalise_name(act.collector_name), parse_identity_number(act.collector_identity_number, deps.today()).text


async def _start_later_check(deps: Deps, case: Case, received_on: date) -> str:
    due = await start_clock(deps, case, ClockKind.COLLECTION_CHECK, received_on, unit=_station(case))
    assert due is not None  # the rule holds everywhere (R122)
    days = deps.rulebook.on(received_on).need("later_check").number("days")
    return day_text(due.due_on) if due.due_on else f"收到证件后{days}个工作日内"


def _station(case: Case) -> str | None:
    return case.acceptance_point.name if case.acceptance_point else None
