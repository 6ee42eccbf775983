"""A household registration certificate is issued: on the spot, or from the household station's answer (R167, R169)."""

import asyncio
from dataclasses import dataclass
from functools import partial

from casework.ask_household import Sending, log_transmission
from casework.callers import Officer
from casework.counter_views import CounterCase
from casework.deps import Deps, unit_of_work
from casework.draw_number import draw_certificate_number
from casework.owe import owe
from casework.pack_materials import matters_in_words
from casework.serve import audit, case_at_counter, counter_case, insist_clerk
from casework.step import Said, insist_item, take_step
from casework.track import asked_matters
from domain.applicant import normalise_name
from domain.certificate import check_content, fits_on_the_spot
from domain.identity_number import parse_identity_number
from domain.refusal import Refusal
from domain.terms import CaseEventKind, CaseState, CertificateWay, NoticeKind, ServiceItem, TransmissionPurpose
from models.case import Case
from models.certificate import certificate_of, is_filed, issue_certificate, write_content
from templates.certificate_pdf import CertificateText, print_certificate, spot_facts

_CERTIFICATE = ServiceItem.HOUSEHOLD_CERTIFICATE


@dataclass(frozen=True)
class SystemFacts:
    """The three facts as the national population system shows them now (R172), not as the citizen filled them in."""

    name: str
    identity_number: str
    registered_address: str


async def certify_on_the_spot(deps: Deps, officer: Officer, number: str, facts: SystemFacts) -> CounterCase:
    """Issue form 2 while the person waits. The household station is owed a filing notice (R169).

    Raises:
        Refusal: ``certificate_beyond_the_spot`` when more than the three facts is asked for,
            ``certificate_facts_differ`` when the system shows somebody else, ``step_out_of_order``.
    """
    case = await _to_certify(deps, officer, number)
    if not fits_on_the_spot(deps.rulebook.on(deps.today()), asked_matters(case), str(case.form["other_matter"])):
        raise Refusal("certificate_beyond_the_spot", source="R172")
    read = parse_identity_number(facts.identity_number, deps.today())
    name = normalise_name(facts.name)
    if (name, read.text) != (case.form["name"], case.form["identity_number"]):
        raise Refusal("certificate_facts_differ", source="R166")
    content = spot_facts(name, read.text, check_content(facts.registered_address).replace("\n", ""))
    async with unit_of_work(deps):
        if not await write_content(case.id, way=CertificateWay.ON_THE_SPOT, content="\n".join(content)):
            raise Refusal("step_out_of_order", source="R169", state=case.state, step="certified")
        await _issue(deps, officer, case)
    return await counter_case(deps, case)


async def certify_household(deps: Deps, officer: Officer, number: str) -> CounterCase:
    """Issue form 1 from what the household station answered, word for word; the person is told to collect (R167).

    Raises:
        Refusal: ``certificate_not_answered`` before there is an answer, ``step_out_of_order``.
    """
    case = await _to_certify(deps, officer, number)
    if case.state in {CaseState.ACCEPTED, CaseState.TRANSMITTED, CaseState.UNDER_REVIEW}:
        raise Refusal("certificate_not_answered", source="R167")
    async with unit_of_work(deps):
        await _issue(deps, officer, case)
        point = case.acceptance_point
        assert point is not None
        await owe(
            deps, case, NoticeKind.CERTIFICATE_READY, "once", station=point.name, address=point.address,
            hours=point.hours_text,
        )  # fmt: skip
    return await counter_case(deps, case)


async def file_certificate(deps: Deps, officer: Officer, number: str, sending: Sending) -> CounterCase:
    """Log that the household station was sent the filing notice; a certificate handed over before is closed (R169).

    Raises:
        Refusal: ``case_of_other_station``, ``filed_already``, ``nothing_to_file``, ``household_unit_required``.
    """
    case = await _to_certify(deps, officer, number)
    certificate = await certificate_of(case.id)
    if certificate is None or certificate.issued_at is None or certificate.way is CertificateWay.BY_OFFICER:
        raise Refusal("nothing_to_file", source="R169")
    async with unit_of_work(deps):
        said = Said(officer.actor, deps.clock.now(), unit=officer.point_name)
        await take_step(deps, case, CaseEventKind.FILED, said, facts={"channel": sending.channel})
        if await is_filed(case.id):
            raise Refusal("filed_already", source="R169")
        await log_transmission(deps, officer, case, TransmissionPurpose.FILING, sending)
        if case.state is CaseState.RELEASED:
            await take_step(deps, case, CaseEventKind.CLOSED, said)
        await audit(deps, officer, case, "file_certificate", channel=sending.channel)
    return await counter_case(deps, case)


async def certificate_file(deps: Deps, officer: Officer, number: str) -> bytes:
    """The certificate to print and seal; the reading is on record.

    Raises:
        Refusal: ``case_of_other_station``, ``certificate_not_issued``.
    """
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, "read_certificate")
    certificate = await certificate_of(case.id)
    if certificate is None or certificate.pdf is None:
        raise Refusal("certificate_not_issued", source="R167")
    return bytes(certificate.pdf)


async def _to_certify(deps: Deps, officer: Officer, number: str) -> Case:
    insist_clerk(officer)
    case = await case_at_counter(deps, officer, number, "read_to_certify")
    insist_item(case, _CERTIFICATE)
    return case


async def _issue(deps: Deps, officer: Officer, case: Case) -> None:
    """Number and file, in the running transaction: what is printed now is what stays on record."""
    now, number = deps.clock.now(), draw_certificate_number(deps)
    certificate = await certificate_of(case.id)
    assert certificate is not None
    unit = officer.point_name or ""
    await take_step(
        deps, case, CaseEventKind.CERTIFIED, Said(officer.actor, now, unit=unit),
        facts={"way": certificate.way, "certificate": number},
    )  # fmt: skip
    text = CertificateText(
        way=certificate.way,
        number=number,
        name=case.form["name"],
        identity_number=case.form["identity_number"],
        matters=(matters_in_words(case),),
        content=certificate.content.splitlines(),
        household_unit=certificate.household_unit,
        unit=unit,
        day=deps.today(),
    )
    url = deps.settings.verify_url(number)
    paper = await asyncio.to_thread(partial(print_certificate, text, now, url, deps.settings.fonts))
    made = await issue_certificate(
        case.id, number=number, unit=unit, issued_at=now, issued_by_id=officer.staff_id, pdf=paper.pdf
    )
    if not made:
        raise Refusal("step_out_of_order", source="R167", state=case.state, step="certified")
    await audit(deps, officer, case, "certify", way=certificate.way)
