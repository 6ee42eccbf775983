"""A certificate by the verification officer: papers out, receipt, the household station's answer (R163–R166)."""

from dataclasses import dataclass, replace

from casework.callers import Officer
from casework.counter_views import CounterCase
from casework.deps import Deps, unit_of_work
from casework.owe import owe
from casework.pack_materials import pack
from casework.record_review import LONGEST_REASON, record_review
from casework.serve import audit, case_at_counter, counter_case, insist_clerk
from casework.step import Said, insist_item, take_step
from casework.tell_progress import tell_progress
from domain.certificate import check_content, one_line
from domain.refusal import Refusal
from domain.terms import (
    CaseEventKind,
    CaseState,
    CertificateWay,
    NoticeKind,
    ServiceItem,
    TransmissionChannel,
    TransmissionPurpose,
)
from models.case import Case
from models.certificate import transmissions_of, write_content, write_transmission

_CERTIFICATE = ServiceItem.HOUSEHOLD_CERTIFICATE


@dataclass(frozen=True)
class Sending:
    """How papers went to the household station: by which channel, to which unit, and whom the clerk told there."""

    channel: TransmissionChannel
    to_unit: str
    told: str | None = None


async def send_materials(
    deps: Deps, officer: Officer, number: str, sending: Sending, *, received: bool = False
) -> CounterCase:
    """Log that the papers were sent to be verified (R164); ``received``: the other side said at once that it has them.

    Raises:
        Refusal: ``case_of_other_station``, ``household_unit_required``, ``step_out_of_order``.
    """
    case = await _certificate_case(deps, officer, number, "send_materials")
    async with unit_of_work(deps):
        said = Said(officer.actor, deps.clock.now(), unit=officer.point_name)
        await take_step(deps, case, CaseEventKind.MATERIALS_SENT, said, facts={"channel": sending.channel})
        await log_transmission(deps, officer, case, TransmissionPurpose.VERIFICATION, sending)
        await audit(deps, officer, case, "send_materials", channel=sending.channel)
        if received:
            await _receive(deps, case, replace(said, unit=_unit(sending.to_unit)))
        else:
            await tell_progress(deps, case)
    return await counter_case(deps, case)


async def record_receipt(deps: Deps, officer: Officer, number: str) -> CounterCase:
    """The household station has the papers: its five working days begin (R165, K4).

    Raises:
        Refusal: ``case_of_other_station``, ``step_out_of_order``.
    """
    case = await _certificate_case(deps, officer, number, "record_receipt")
    async with unit_of_work(deps):
        await _receive(deps, case, Said(officer.actor, deps.clock.now(), unit=await _asked_unit(case)))
        await audit(deps, officer, case, "record_receipt")
    return await counter_case(deps, case)


async def record_answer(
    deps: Deps, officer: Officer, number: str, household_unit: str, content: str, checker: str | None = None
) -> CounterCase:
    """The household station says what may be certified; its words are kept as they are (R165, R167).

    Raises:
        Refusal: ``request_closed`` for a request that is answered or ended, ``household_unit_required``,
            ``certificate_content_…``, ``step_out_of_order``.
    """
    case = await _certificate_case(deps, officer, number, "record_answer")
    _insist_waiting(case)
    words, unit = check_content(content), _unit(household_unit)
    async with unit_of_work(deps):
        now = deps.clock.now()
        said = Said(officer.actor, now, unit=unit)
        await take_step(deps, case, CaseEventKind.CONTENT_CONFIRMED, said)
        written = await write_content(
            case.id, way=CertificateWay.BY_OFFICER, content=words, household_unit=unit,
            checker=one_line(checker)[:60] if checker else None, answered_at=now,
        )  # fmt: skip
        if not written:
            raise Refusal("request_closed", source="R165")
        await tell_progress(deps, case)
        await audit(deps, officer, case, "record_answer")
    return await counter_case(deps, case)


async def record_unverifiable(deps: Deps, officer: Officer, number: str, reason: str) -> CounterCase:
    """Identity can't be verified, or does not agree: the person is told to go to the household station (R166).

    ``reason`` is for the station's own record, sealed.

    Raises:
        Refusal: ``request_closed``, ``step_out_of_order``.
    """
    case = await _certificate_case(deps, officer, number, "record_unverifiable")
    _insist_waiting(case)
    async with unit_of_work(deps):
        said = Said(officer.actor, deps.clock.now(), unit=officer.point_name)
        words = {"note": one_line(reason)[:LONGEST_REASON]}
        await take_step(deps, case, CaseEventKind.UNVERIFIABLE, said, words=words)
        await owe(deps, case, NoticeKind.CERTIFICATE_UNVERIFIABLE, "once", station=officer.point_name)
        await audit(deps, officer, case, "record_unverifiable")
    return await counter_case(deps, case)


async def log_transmission(
    deps: Deps, officer: Officer, case: Case, purpose: TransmissionPurpose, sending: Sending
) -> None:
    """Keep what went where by which channel, with the digest of the package, in the running transaction (R168)."""
    package = await pack(deps, case, purpose, unit=officer.point_name or "")
    await write_transmission(
        case_id=case.id, purpose=purpose, channel=sending.channel, to_unit=_unit(sending.to_unit),
        told=one_line(sending.told)[:60] if sending.told else None, digest=package.digest,
        staff_id=officer.staff_id, sent_at=deps.clock.now(),
    )  # fmt: skip


async def _certificate_case(deps: Deps, officer: Officer, number: str, act: str) -> Case:
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, f"read_to_{act}")
    insist_item(case, _CERTIFICATE)
    return case


async def _receive(deps: Deps, case: Case, said: Said) -> None:
    await record_review(deps, case, CaseEventKind.REVIEW_STARTED, said, issued_on=None, reason=None)


async def _asked_unit(case: Case) -> str | None:
    """The household station that was asked last: its clock is the one that runs (R186)."""
    asked = [one.to_unit for one in await transmissions_of(case.id) if one.purpose is TransmissionPurpose.VERIFICATION]
    return asked[-1] if asked else None


def _insist_waiting(case: Case) -> None:
    """Only while the household station checks; before, the papers were not received, after, it is answered."""
    if case.state not in {CaseState.ACCEPTED, CaseState.TRANSMITTED, CaseState.UNDER_REVIEW}:
        raise Refusal("request_closed", source="R165")


def _unit(text: str) -> str:
    unit = one_line(text)[:120]
    if not unit:
        raise Refusal("household_unit_required", source="R163")
    return unit
