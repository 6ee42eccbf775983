"""A refusal at this door: the one map to a status; a kind page for clerks, problem JSON for station systems."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import orjson
from aiohttp import web

from counter.keys import OFFICER, REFUSED, REQUEST_ID
from counter.navigation import entries_for
from domain.refusal import Refusal
from templates.pages import render_page
from templates.refusals import refusal_text
from templates.shown import shown

STATION_API = "/station/"
_OTHERWISE = 422

STATUS: Mapping[str, int] = MappingProxyType(
    {
        "staff_login_failed": 401,
        "staff_session_required": 401,
        "session_expired": 401,
        "reporter_unknown": 401,
        "report_signature_bad": 401,
        "report_stale": 401,
        "staff_role_missing": 403,
        "csrf_failed": 403,
        "case_of_other_station": 403,
        "area_unknown": 403,
        "area_outside": 403,
        "announcement_not_found": 404,
        "announcement_version_taken": 409,
        "invitation_not_found": 404,
        "warning_not_found": 404,
        "follow_up_not_found": 404,
        "follow_up_closed": 409,
        "contact_not_found": 404,
        "code_other_station": 403,
        "report_not_yours": 403,
        "code_out_of_area": 403,
        "minor_leave_required": 403,
        "account_unfinished": 403,
        "connection_not_secure": 403,
        "proof_needed": 403,
        "proof_wrong": 403,
        "approval_own": 403,
        "not_found": 404,
        "approval_not_found": 404,
        "staff_not_found": 404,
        "case_not_found": 404,
        "station_not_found": 404,
        "station_system_not_found": 404,
        "station_key_not_found": 404,
        "station_id_taken": 409,
        "closure_not_found": 404,
        "closure_over": 409,
        "appeal_not_found": 404,
        "code_unknown": 404,
        "method_not_allowed": 405,
        "acceptance_number_differs": 409,
        "acceptance_number_unchanged": 409,
        "acceptance_number_used": 409,
        "already_checked_in": 409,
        "username_taken": 409,
        "factor_enrolled_already": 409,
        "factor_required": 409,
        "presence_required": 409,
        "rebooked_meanwhile": 409,
        "approval_asked_already": 409,
        "approval_decided_already": 409,
        "not_accepted_yet": 409,
        "set_aside_not_found": 404,
        "complaint_not_found": 404,
        "complaint_answered_already": 409,
        "complaint_not_taken": 409,
        "card_goes_by_post": 409,
        "card_not_arrived": 409,
        "case_already_ended": 409,
        "case_not_open": 409,
        "certificate_not_answered": 409,
        "certificate_not_issued": 409,
        "check_not_due": 409,
        "filed_already": 409,
        "nothing_to_file": 409,
        "nothing_to_send": 409,
        "request_closed": 409,
        "temporary_card_not_asked": 409,
        "code_used": 409,
        "letter_being_made": 409,
        "letter_not_made": 409,
        "letter_not_signed": 404,
        "letter_unconfirmed": 409,
        "not_checked_in": 409,
        "not_service_day": 409,
        "step_out_of_order": 409,
        "supplements_already_listed": 409,
        "code_expired": 410,
        "code_revoked": 410,
        "too_slow": 408,
        "too_large": 413,
        "picture_too_large": 413,
        "too_many_requests": 429,
        "internal": 500,
        "service_unavailable": 503,
    }
)


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal; 422 when the map has none."""
    return STATUS.get(refusal.code, _OTHERWISE)


def answer(request: web.Request, refusal: Refusal) -> web.Response:
    """The refusal as this caller reads it."""
    request[REFUSED] = refusal.code
    machine = request.path.startswith(STATION_API)
    return _problem(request, refusal) if machine else _page(request, refusal)


def _page(request: web.Request, refusal: Refusal) -> web.Response:
    officer = request.get(OFFICER)
    html = render_page(
        "counter/refused.html",
        officer=officer,
        nav=entries_for(officer.role) if officer else (),
        problem=refusal_text(refusal.code, refusal.facts, audience="counter"),
        sign_in=officer is None,
        request_id=request.get(REQUEST_ID, ""),
    )
    return web.Response(text=html, content_type="text/html", charset="utf-8", status=status_of(refusal))


def _problem(request: web.Request, refusal: Refusal) -> web.Response:
    text = refusal_text(refusal.code, refusal.facts, audience="counter")
    status = status_of(refusal)
    body: dict[str, Any] = {
        **_facts(refusal),
        "type": f"/problems/{refusal.code}",
        "title": text.title,
        "status": status,
        "detail": text.detail,
        "instance": request.get(REQUEST_ID, ""),
        "code": refusal.code,
        "advice": text.advice,
    }
    if refusal.source:
        body["source"] = refusal.source
    return web.Response(
        body=orjson.dumps(body), content_type="application/problem+json", charset="utf-8", status=status
    )


def _facts(refusal: Refusal) -> dict[str, Any]:
    return {name: seen for name, value in refusal.facts.items() if (seen := _plain(value)) is not None}


def _plain(value: Any) -> str | int | None:
    return value if isinstance(value, bool | int) else shown(value)
