"""Hop 5 across the air gap: the case itself, sealed to the booked counter, for a station that is not online."""

import hashlib
from datetime import date, datetime
from typing import Any

from casework.callers import Citizen
from casework.deps import Deps
from casework.facts import CaseFacts, birth_date_of, facts_of, insist_allowed, question_of
from casework.repeat import once
from casework.serve import materials_at_counter
from casework.step import Said, insist_open, take_step
from casework.track import own_case_to_change, point_view
from casework.views import OfflinePassView
from domain.local_time import day_of
from domain.offline_pass import ID_BYTES, CaseValue, OfflinePass, claims_of, validity_on
from domain.pass_text import split_text
from domain.refusal import Refusal
from domain.terms import CaseEventKind
from models.case import Case
from models.point_key import key_in_force
from models.slot import Booking


async def issue_pass(deps: Deps, citizen: Citizen, number: str, key: str) -> OfflinePassView:
    """Issue an offline pass for the booked counter, good on the booked day; ask again after anything was changed.

    What stays in the case's history is the digest of the pass. The online code is not touched by it.

    Raises:
        Refusal: ``not_ready_for_handoff`` with what is missing, ``pass_not_offered`` where the point has no key or no
            issuer is set up, ``age_changed`` or any reason of the rules of the booked day (C6.7), ``case_not_found``,
            ``case_not_open``.
    """
    return await once(
        deps, citizen, key, act="issue_pass", body={"number": number}, view=OfflinePassView,
        do=lambda: _issue(deps, citizen, number),
    )  # fmt: skip


async def _issue(deps: Deps, citizen: Citizen, number: str) -> OfflinePassView:
    case = await own_case_to_change(deps, citizen, number)
    insist_open(case)
    facts = await facts_of(deps, case)
    now, day = deps.clock.now(), day_of(facts.booking.slot.starts_at) if facts.booking else deps.today()
    if facts.missing or facts.booking is None or day < deps.today():
        raise Refusal("not_ready_for_handoff", missing=list(facts.missing or ("booking",)))
    insist_allowed(deps, case, day)
    point = facts.booking.slot.point
    station = await key_in_force(point.id)
    if station is None or deps.pass_issuer is None:
        raise Refusal("pass_not_offered", station=point.name)
    one = _pass(deps, case, facts, facts.booking, day, now)
    text = deps.pass_issuer.issue(claims_of(one), bytes.fromhex(station.public_key))
    told = {"digest": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}", "station_key": station.key_id}
    await take_step(deps, case, CaseEventKind.PASS_ISSUED, Said(citizen.actor, now), facts=told)
    return OfflinePassView(
        parts=split_text(text), valid_from=one.valid_from, expires_at=one.expires_at, point=point_view(point)
    )


def _pass(deps: Deps, case: Case, facts: CaseFacts, booking: Booking, day: date, now: datetime) -> OfflinePass:
    valid_from, expires_at = validity_on(day)
    return OfflinePass(
        id=deps.random.token(ID_BYTES),
        issuer=deps.settings.pass_issuer,
        point=booking.slot.point.code,
        issued_at=now.replace(microsecond=0),
        valid_from=valid_from,
        expires_at=expires_at,
        case=_told({**_application(case, day), **_visit(deps, case, facts, booking)}),
    )


def _application(case: Case, day: date) -> dict[str, CaseValue | None]:
    form: dict[str, Any] = case.form
    guardian, post_to = form.get("guardian") or {}, form.get("post_to") or {}
    return {
        "number": case.number,
        "item": case.item.value,
        "scope": case.scope.value,
        "reason": question_of(case, day).age_group,
        "name": form["name"],
        "identity_number": form["identity_number"],
        "sex": form["sex"],
        "birth_date": birth_date_of(case),
        "household_division": case.household_division,
        "household_address": form["household_address"],
        "collective_household": form["collective_household"],
        "residence_division": case.residence_division,
        "residence_address": form["residence_address"],
        "declared_locally": form["declared_locally"],
        "phone": form["phone"],
        "proof": form["proof"],
        "proof_of": form["proof_of"],
        "delivery": case.delivery.value,
        "post_recipient": post_to.get("recipient"),
        "post_phone": post_to.get("phone"),
        "post_address": post_to.get("address"),
        "guardian_name": guardian.get("name"),
        "guardian_identity_number": guardian.get("identity_number"),
        "guardian_relation": guardian.get("relation"),
        "guardianship": guardian.get("shown_by"),
    }


def _visit(deps: Deps, case: Case, facts: CaseFacts, booking: Booking) -> dict[str, CaseValue | None]:
    """What the counter goes by: the originals to see, who must be there, the letter, and the time."""
    signature = facts.signature
    return {
        "materials": tuple(material.code for material in materials_at_counter(deps, case)),
        "who_must_come": tuple(who.value for who in facts.guidance.who_must_come),
        "letter": facts.letter_standing,
        "letter_number": signature.number if signature else None,
        "letter_digest": signature.digest if signature else None,
        "letter_signed_at": signature.signed_at.replace(microsecond=0) if signature else None,
        "visit_starts_at": booking.slot.starts_at,
        "visit_ends_at": booking.slot.ends_at,
    }


def _told(values: dict[str, CaseValue | None]) -> dict[str, CaseValue]:
    """What there is: a field without a value takes no room."""
    return {name: value for name, value in values.items() if value is not None}
