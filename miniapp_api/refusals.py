"""The one map from a refusal to HTTP, and its one shape: a problem (RFC 9457) in plain Chinese."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from aiohttp import hdrs, web
from pydantic import TypeAdapter
from pydantic_core import to_json, to_jsonable_python

from domain.refusal import Refusal
from templates.refusals import refusal_text

PROBLEM = "application/problem+json"
_DEFAULT = HTTPStatus.CONFLICT
_WAIT = {HTTPStatus.TOO_MANY_REQUESTS: 60, HTTPStatus.SERVICE_UNAVAILABLE: 30}
_log = structlog.get_logger(__name__)

_CODES: Mapping[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "bad_request not_json idempotency_key_missing idempotency_key_malformed",
    HTTPStatus.UNAUTHORIZED: "not_signed_in session_expired",
    HTTPStatus.FORBIDDEN: "consent_required login_blocked signer_not_allowed challenge_required challenge_failed",
    HTTPStatus.NOT_FOUND: (
        "not_found case_not_found declaration_not_found person_not_yours station_not_found slot_not_found "
        "booking_not_found letter_not_signed hold_not_found waiting_not_found visit_not_found letter_unknown "
        "complaint_not_found "
        "letter_number_malformed certificate_number_malformed certificate_unknown"
    ),
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.CONFLICT: (
        "consent_version_old real_name_required phone_required idempotency_key_reused guardian_declared_already "
        "declaration_stale live_case_exists live_case_elsewhere person_in_use "
        "not_one_household collector_not_needed case_not_open case_already_ended slot_past slot_full "
        "slot_beyond_horizon booking_exists booking_required letter_not_required letter_on_paper letter_not_shown "
        "letter_shown_expired letter_changed letter_already_signed age_changed not_ready_for_handoff "
        "step_out_of_order station_not_open_yet station_without_service station_elsewhere person_declared_already "
        "guardian_must_apply service_not_offered service_not_open_yet service_pilot_only service_rolling_out "
        "only_across_provinces same_county household_outside_mainland household_place_blocked "
        "residence_outside_mainland held_card_already active_soldier booklet_obtainable slot_too_soon slot_closed "
        "too_late_to_change hold_exists booking_blocked bookings_too_often visit_items_differ places_free "
        "appeal_exists letter_being_made letter_not_made letter_record_broken facts_unchanged pass_not_offered "
        "return_slip_other_case return_slip_expired report_not_yours acceptance_number_used acceptance_number_differs "
        "applied_online_already temporary_card_needs_parent temporary_card_not_offered temporary_card_too_late "
        "temporary_card_after_acceptance temporary_card_asked_already temporary_card_rides_along "
        "temporary_card_other_station facts_fixed_at_counter phone_not_verified "
        "signer_check_needs_card signer_check_failed invitation_required invitation_required_here invitation_unusable "
        "temporary_card_by_post"
    ),
    HTTPStatus.REQUEST_TIMEOUT: "too_slow",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "content_type_unsupported",
    HTTPStatus.UNPROCESSABLE_ENTITY: (
        "malformed login_code_invalid login_code_used phone_code_required phone_code_invalid phone_not_mainland "
        "phone_malformed name_malformed identity_number_malformed identity_number_birth_date "
        "identity_number_check_digit division_unknown case_number_malformed ward_is_adult guardian_must_be_adult "
        "ward_required_under_16 proof_not_accepted statement_required never_held_card_required "
        "letter_version_unknown letter_not_read strokes_absurd strokes_empty strokes_too_large "
        "collector_not_relative address_missing address_not_detailed address_other_province address_too_long "
        "address_without_province before_first_rule birth_date_in_future declared_locally_required proof_required "
        "post_address_required message_template_unknown place_too_coarse guardianship_not_for_adults "
        "return_slip_foreign return_slip_damaged return_slip_forged return_slip_station_unknown return_slip_newer "
        "report_malformed acceptance_number_malformed complaint_text_missing complaint_number_malformed "
        "post_address_without_province answer_required delivery_not_offered "
        "certificate_matter_required certificate_matter_too_long "
        "urgent_need_required urgent_need_too_long invitation_malformed "
        "collector_is_applicant collector_too_young waiting_days_wrong"
    ),
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests login_too_often holds_too_often complaints_too_many",
    HTTPStatus.INTERNAL_SERVER_ERROR: "internal",
    HTTPStatus.SERVICE_UNAVAILABLE: "service_unavailable wechat_unreachable signer_check_unavailable",
}
STATUS: Mapping[str, HTTPStatus] = {code: status for status, codes in _CODES.items() for code in codes.split()}
"""Which status each code has at this door; a code that is not here is a conflict, and is logged."""


@dataclass(frozen=True)
class Problem:
    """Why not, in plain Chinese. ``type`` and ``code`` are stable; facts of the refusal stand beside these fields.

    ``instance`` is the request id to quote when asking for help; ``reasons`` lists every reason at once where there is
    more than one; ``errors`` names every wrong field of a ``malformed`` request.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    advice: str
    source: str | None = None
    reasons: tuple[dict[str, Any], ...] | None = None
    errors: tuple[dict[str, str], ...] | None = None


PROBLEM_SHAPE: TypeAdapter[Problem] = TypeAdapter(Problem)


def status_of(code: str) -> HTTPStatus:
    """The status of a refusal code."""
    return STATUS.get(code, _DEFAULT)


def problem_response(refusal: Refusal, request_id: str) -> web.Response:
    """The answer to a refused request."""
    if refusal.code not in STATUS:
        _log.warning("refusal_code_unmapped", code=refusal.code)
    status = status_of(refusal.code)
    answer = web.Response(
        status=status, body=to_json(problem_body(refusal, request_id)), content_type=PROBLEM, charset="utf-8"
    )
    if status is HTTPStatus.UNAUTHORIZED:
        answer.headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
    if status in _WAIT:
        answer.headers[hdrs.RETRY_AFTER] = str(refusal.facts.get("retry_after", _WAIT[status]))
    return answer


def problem_body(refusal: Refusal, request_id: str) -> dict[str, Any]:
    """The members of the problem: our own fields win over facts of the same name."""
    text = refusal_text(refusal.code, refusal.facts)
    facts = dict(refusal.facts)
    reasons = facts.pop("reasons", None)
    told: dict[str, Any] = to_jsonable_python(facts, fallback=str)
    body = told | {
        "type": f"/problems/{refusal.code}",
        "title": text.title,
        "status": int(status_of(refusal.code)),
        "detail": text.detail,
        "instance": request_id,
        "code": refusal.code,
        "advice": text.advice,
    }
    body |= {"source": refusal.source} if refusal.source else {}
    return body | ({"reasons": _reasons(reasons)} if reasons else {})


def _reasons(reasons: Iterable[Any]) -> list[dict[str, Any]]:
    """Each reason with its words; a reason is its code, its source and its facts (``domain.decision``)."""
    return [_reason(to_jsonable_python(reason, fallback=str)) for reason in reasons]


def _reason(reason: Mapping[str, Any]) -> dict[str, Any]:
    text = refusal_text(str(reason.get("code", "")), reason)
    return {
        "code": text.code,
        "title": text.title,
        "detail": text.detail,
        "advice": text.advice,
        "source": reason.get("source"),
    }
