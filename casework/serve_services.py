"""The counter's side of certificates and temporary cards: what is asked, what came back, what is to be done now."""

from typing import Any

from casework.counter_views import CheckLine
from casework.deps import Deps
from casework.follow_up import is_stale
from casework.service_views import CounterCertificate, TransmissionView, VerifierView
from casework.track import asked_matters, dependant_view, parent_view
from domain.acceptance import acceptance_rule, handover_checks, handover_source
from domain.certificate import fits_on_the_spot
from domain.division import find_division
from domain.lifecycle import TRANSITIONS
from domain.terms import CaseEventKind, CaseState, CertificateWay, ContactDuty, ServiceItem, TransmissionPurpose
from models.case import Case
from models.certificate import certificate_of, transmissions_of
from models.contact import contacts_for
from templates.labels import label

_TEMPORARY_CARD = {
    CaseState.IN_PRODUCTION: ("register_made",),
    CaseState.READY: ("hand_over",),
    CaseState.RELEASED: ("take_back",),
}
_CERTIFICATE = {
    CaseState.ACCEPTED: ("send_materials",),
    CaseState.TRANSMITTED: ("record_receipt", "send_materials"),
    CaseState.UNDER_REVIEW: ("record_answer", "record_unverifiable"),
    CaseState.CONFIRMED: ("certify",),
    CaseState.READY: ("hand_over",),
}


async def certificate_at_counter(deps: Deps, case: Case) -> CounterCertificate | None:
    """What a certificate is asked for and how far it is; None for other items."""
    if case.item is not ServiceItem.HOUSEHOLD_CERTIFICATE:
        return None
    made, matters, other = await certificate_of(case.id), asked_matters(case), str(case.form["other_matter"])
    return CounterCertificate(
        matters=tuple(map(label, matters)),
        other=other,
        on_the_spot=fits_on_the_spot(deps.rulebook.on(deps.today()), matters, other),
        way=made.way if made else None,
        household_unit=made.household_unit if made else None,
        content=tuple(made.content.splitlines()) if made else (),
        number=made.number if made else None,
        issued_at=made.issued_at if made else None,
        transmissions=tuple(
            TransmissionView(sent.purpose, sent.channel, sent.to_unit, sent.sent_at)
            for sent in await transmissions_of(case.id)
        ),
        officers=tuple(
            VerifierView(
                find_division(one.division).full_name, one.unit, one.name, one.phone, is_stale(deps, one.verified_at)
            )
            for one in await contacts_for(case.household_division, ContactDuty.TRANSFER_VERIFICATION)
        ),
    )


def may_with_services(case: Case, certificate: CounterCertificate | None) -> tuple[str, ...]:
    """What the clerk may do now with a case of these two items."""
    if certificate is None:
        return _TEMPORARY_CARD.get(case.state, ())
    acts = _CERTIFICATE.get(case.state, ())
    if case.state is CaseState.ACCEPTED and certificate.on_the_spot:
        acts = ("certify_on_the_spot", *acts)
    if (case.state, CaseEventKind.CANCELLED) in TRANSITIONS[case.item]:
        acts = (*acts, "cancel_certificate")
    filed = any(sent.purpose is TransmissionPurpose.FILING for sent in certificate.transmissions)
    if certificate.way is CertificateWay.ON_THE_SPOT and not filed:
        acts = (*acts, "file_certificate")
    return acts


async def services_at_counter(
    deps: Deps, case: Case, fee: int, certificate: CounterCertificate | None
) -> dict[str, Any]:
    """What a counter's view of a case has beside the identity card's own, by the names of ``CounterCase``."""
    rules = deps.rulebook.on(deps.today())
    rule = acceptance_rule(rules, case.item, is_minor=case.is_minor)
    handing = case.state is CaseState.READY and case.item is not ServiceItem.ID_CARD_FIRST_APPLICATION
    return {
        "fee": fee,
        "parent": await parent_view(case),
        "temporary_card": await dependant_view(case),
        "urgent_need": case.form.get("urgent_need"),
        "asks": tuple(name for name in ("acceptance_number", "slip_number") if getattr(rule, name)),
        "handover_checks": tuple(
            CheckLine(check, label(check, "HandoverCheck"), handover_source(rules, case.item))
            for check in (handover_checks(rules, case.item) if handing else ())
        ),
        "certificate": certificate,
    }
