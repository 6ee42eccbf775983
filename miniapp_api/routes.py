"""Every route, one line each: method, path, handler, who may come in. A line without access is a start-up error."""

from http import HTTPStatus

from miniapp_api.access import Access
from miniapp_api.handlers import (
    announcements,
    bookings,
    cases,
    complaints,
    documents,
    guide,
    guide_page,
    handoff_codes,
    health,
    invitations,
    letters,
    me,
    offline_passes,
    points,
    privacy,
    return_slips,
    sessions,
    verifications,
    visits,
)
from miniapp_api.handlers import residence_declarations as declarations
from miniapp_api.kit import CALENDAR, HTML, PDF, Route
from templates.letters import signed_letter_policy
from templates.visit_slip import visit_slip_policy

_V1 = "/api/v1"
_CASE = f"{_V1}/cases/{{number}}"
_SIGNATURE_LIMIT = 256 * 1024  # strokes, one point every few milliseconds
_NOT_FRAMED = "frame-ancestors 'none'; object-src 'none'; sandbox"
_SAVED_VISIT = {"Content-Disposition": 'attachment; filename="visit.ics"'}
_SAVED_LETTER = {"Content-Disposition": 'attachment; filename="letter.pdf"'}
_CLEAR = {"Clear-Site-Data": '"cache", "cookies", "storage"'}

PUBLIC, CITIZEN = Access.PUBLIC, Access.CITIZEN
CREATED, NO_CONTENT = HTTPStatus.CREATED, HTTPStatus.NO_CONTENT


def routes() -> tuple[Route, ...]:
    """The table."""
    slip = {"Content-Security-Policy": f"{visit_slip_policy()}; {_NOT_FRAMED}"}
    sealed = {"Content-Security-Policy": f"{signed_letter_policy()}; {_NOT_FRAMED}"}
    return (
        Route("POST", f"{_V1}/sessions", sessions.start_session, PUBLIC, CREATED),
        Route("DELETE", f"{_V1}/sessions/current", sessions.end_session, CITIZEN, NO_CONTENT, headers=_CLEAR),
        Route("GET", f"{_V1}/privacy-notice", privacy.read_privacy_notice, PUBLIC),
        Route("POST", f"{_V1}/privacy-consents", privacy.give_privacy_consent, CITIZEN),
        Route("GET", f"{_V1}/me", me.read_profile, CITIZEN),
        Route("PUT", f"{_V1}/me/person", me.declare_self, CITIZEN),
        Route("POST", f"{_V1}/me/phone", me.verify_phone, CITIZEN),
        Route("POST", f"{_V1}/me/message-consents", me.allow_messages, CITIZEN, NO_CONTENT),
        Route("POST", f"{_V1}/me/chat-binding-codes", me.issue_chat_binding_code, CITIZEN, CREATED),
        Route("POST", f"{_V1}/wards", me.add_ward, CITIZEN, CREATED),
        Route("PUT", f"{_V1}/wards/{{ward_id}}", me.correct_ward, CITIZEN),
        Route("GET", f"{_V1}/divisions", guide.search_divisions, PUBLIC),
        Route("GET", f"{_V1}/guide", guide.read_guide, PUBLIC),
        Route("POST", f"{_V1}/guide/next-question", guide.ask_next, PUBLIC),
        Route("POST", f"{_V1}/residence-declarations", declarations.declare_residence, CITIZEN, CREATED),
        Route("GET", f"{_V1}/residence-declarations/{{declaration_id}}", declarations.read_declaration, CITIZEN),
        Route("GET", f"{_V1}/announcements", announcements.list_announcements, PUBLIC),
        Route("GET", f"{_V1}/points", points.list_points, PUBLIC),
        Route("GET", f"{_V1}/points/{{code}}/slots", points.list_free_slots, PUBLIC, at_hand=points.free_slots_at_hand),
        Route("GET", f"{_V1}/points/{{code}}/challenge", points.read_challenge, CITIZEN),
        Route("GET", f"{_V1}/me/visits", visits.list_visits, CITIZEN),
        Route("POST", f"{_V1}/me/visits/{{visit_id}}/appeal", visits.appeal_visit, CITIZEN, CREATED),
        Route("PUT", f"{_V1}/visits", bookings.book_visit, CITIZEN),
        Route("POST", f"{_V1}/cases", cases.open_case, CITIZEN, CREATED),
        Route("GET", f"{_V1}/cases", cases.list_cases, CITIZEN),
        Route("GET", _CASE, cases.read_case, CITIZEN),
        Route("GET", f"{_CASE}/notices", cases.list_notices, CITIZEN),
        Route("POST", f"{_CASE}/withdrawal", cases.withdraw_case, CITIZEN),
        Route("PUT", f"{_CASE}/booking", bookings.book, CITIZEN),
        Route("DELETE", f"{_CASE}/booking", bookings.cancel_booking, CITIZEN),
        Route("GET", f"{_CASE}/booking.ics", bookings.read_calendar, CITIZEN, media=CALENDAR, headers=_SAVED_VISIT),
        Route("GET", f"{_CASE}/booking.html", bookings.read_slip, CITIZEN, media=HTML, headers=slip),
        Route("PUT", f"{_CASE}/hold", bookings.hold, CITIZEN),
        Route("DELETE", f"{_CASE}/hold", bookings.release_hold, CITIZEN),
        Route("PUT", f"{_CASE}/waiting", bookings.wait_for_place, CITIZEN),
        Route("DELETE", f"{_CASE}/waiting", bookings.stop_waiting, CITIZEN),
        Route("GET", f"{_CASE}/letter", letters.show_letter, CITIZEN),
        Route("POST", f"{_CASE}/signature", letters.sign_letter, CITIZEN, CREATED, body_limit=_SIGNATURE_LIMIT),
        Route("POST", f"{_CASE}/letter-readings", letters.mark_letter_read, CITIZEN, NO_CONTENT),
        Route("GET", f"{_CASE}/letter.pdf", letters.read_letter_file, CITIZEN, media=PDF, headers=_SAVED_LETTER),
        Route("PATCH", f"{_CASE}/facts", letters.correct_facts, CITIZEN),
        Route("GET", f"{_V1}/letters/{{number}}/verification", verifications.read_verification, PUBLIC),
        Route("GET", f"{_CASE}/signature.html", letters.read_signed_letter, CITIZEN, media=HTML, headers=sealed),
        Route("POST", f"{_CASE}/handoff-codes", handoff_codes.issue_handoff_code, CITIZEN, CREATED),
        Route("POST", f"{_CASE}/offline-passes", offline_passes.issue_offline_pass, CITIZEN, CREATED),
        Route("POST", f"{_CASE}/return-slips", return_slips.bring_slip, CITIZEN),
        Route("POST", f"{_V1}/complaints", complaints.open_complaint, CITIZEN, CREATED),
        Route("GET", f"{_V1}/complaints", complaints.list_complaints, CITIZEN),
        Route("GET", f"{_V1}/complaints/{{number}}", complaints.read_complaint, CITIZEN),
        Route("POST", f"{_V1}/complaints/{{number}}/words", complaints.add_word, CITIZEN),
        Route("PUT", f"{_CASE}/collector", cases.name_collector, CITIZEN),
        *_other_services(),
        *_open_pages(),
    )


def _open_pages() -> tuple[Route, ...]:
    """What anybody may look at, outside the API."""
    return (
        Route("GET", "/guide", guide_page.read_page, PUBLIC),
        Route("GET", "/guide/guide.css", guide_page.read_style, PUBLIC),
        Route("GET", "/verify", verifications.ask_for_number, PUBLIC),
        Route("GET", "/verify/{number}", verifications.read_page, PUBLIC),
        Route("GET", "/letter-seals.pem", verifications.read_seals, PUBLIC),
        Route("GET", "/pass-issuers.pem", offline_passes.read_issuers, PUBLIC),
        Route("GET", "/healthz", health.health, PUBLIC),
        Route("GET", "/openapi.json", documents.openapi, PUBLIC),
        Route("GET", "/docs", documents.docs, PUBLIC),
        Route("GET", "/docs/docs.css", documents.docs_style, PUBLIC),
    )


def _other_services() -> tuple[Route, ...]:
    """Temporary cards, household registration certificates, and services on trial."""
    return (
        Route("POST", f"{_CASE}/temporary-card", cases.ask_for_temporary_card, CITIZEN, CREATED),
        Route("GET", f"{_V1}/me/invitations", invitations.list_invitations, CITIZEN),
        Route("POST", f"{_V1}/me/invitations", invitations.bring_invitation, CITIZEN),
        Route("GET", f"{_V1}/certificate-matters", guide.list_matters, PUBLIC),
        Route("GET", f"{_V1}/certificates/{{number}}/verification", verifications.read_certificate, PUBLIC),
    )
