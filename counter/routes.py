"""Every route of this door, one line each: method, path, handler, access."""

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from counter.access import (
    OFFICER_IN,
    OFFICER_OR_AT_ONCE,
    PICTURE_FROM,
    PUBLIC,
    STATION_SYSTEM,
    UNFINISHED,
    Access,
    AnyHandler,
)
from counter.handlers import (
    accounts,
    announcements,
    appeals,
    approvals,
    arrivals,
    audits,
    cases,
    closures,
    complaints,
    consultations,
    days,
    feeds,
    follow_ups,
    health,
    invitations,
    keys,
    logins,
    prints,
    reach_tasks,
    reports,
    reviews,
    scans,
    services,
    staff,
    statics,
    stations,
    supervision,
    supplies,
)
from domain.terms import StaffRole

ANYONE_SIGNED_IN: Final = OFFICER_IN()
AT_THE_COUNTER: Final = OFFICER_IN(StaffRole.CLERK)
SCANNING: Final = OFFICER_OR_AT_ONCE(scans.scan_at_once, StaffRole.CLERK)
OWN_ACCOUNT: Final = UNFINISHED()
OPERATING: Final = OFFICER_IN(StaffRole.OPERATOR)
AUDITING: Final = OFFICER_IN(StaffRole.AUDITOR)
REVIEWING: Final = OFFICER_IN(StaffRole.REVIEWER)
SUPERVISING: Final = OFFICER_IN(StaffRole.SUPERVISOR)
WARNED: Final = OFFICER_IN(StaffRole.CLERK, StaffRole.REVIEWER, StaffRole.SUPERVISOR)
MAY_ANSWER: Final = OFFICER_IN(StaffRole.CLERK, StaffRole.SUPERVISOR)
MAY_INVITE: Final = OFFICER_IN(StaffRole.CLERK, StaffRole.SUPERVISOR, StaffRole.OPERATOR)
MAY_CLOSE: Final = OFFICER_IN(StaffRole.OPERATOR, StaffRole.SUPERVISOR)


@dataclass(frozen=True)
class Route:
    """One line of the table."""

    method: str
    path: str
    handler: AnyHandler
    access: Access


ROUTES: tuple[Route, ...] = (
    Route("GET", "/healthz", health.show, PUBLIC),
    Route("GET", "/static/{name}", statics.show, PUBLIC),
    Route("GET", "/login", logins.show, PUBLIC),
    Route("POST", "/login", logins.sign_in, PUBLIC),
    Route("POST", "/logout", logins.sign_out, OWN_ACCOUNT),
    Route("GET", "/account", accounts.show, OWN_ACCOUNT),
    Route("POST", "/account/password", accounts.change_password, OWN_ACCOUNT),
    Route("GET", "/account/factor.svg", accounts.show_factor, OWN_ACCOUNT),
    Route("POST", "/account/factor", accounts.confirm_factor, OWN_ACCOUNT),
    Route("POST", "/account/factor/removal", accounts.remove_factor, OWN_ACCOUNT),
    Route("GET", "/staff", staff.show, OPERATING),
    Route("POST", "/staff", staff.add, OPERATING),
    Route("POST", "/staff/{username}", staff.change, OPERATING),
    Route("GET", "/stations", stations.show, OPERATING),
    Route("POST", "/stations", stations.add, OPERATING),
    Route("POST", "/stations/{id}", stations.change, OPERATING),
    Route("GET", "/audit", audits.show, AUDITING),
    Route("GET", "/", days.show, ANYONE_SIGNED_IN),
    Route("GET", "/keys", keys.show, ANYONE_SIGNED_IN),
    Route("POST", "/scan", scans.scan, SCANNING),
    Route("POST", "/scan/picture", scans.scan_picture, PICTURE_FROM(StaffRole.CLERK)),
    Route("GET", "/cases/{number}", cases.show, AT_THE_COUNTER),
    Route("GET", "/cases/{number}/letter.pdf", cases.show_letter, AT_THE_COUNTER),
    Route("GET", "/cases/{number}/draft", prints.draft, AT_THE_COUNTER),
    Route("GET", "/cases/{number}/paper-letter", prints.paper_letter, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/presence", cases.state_presence, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/check-in", cases.check_in, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/approvals", cases.ask_approval, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/letter", cases.confirm_letter, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/acceptance", cases.accept, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/acceptance-number", cases.correct_number, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/decline", cases.decline, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/supplements", cases.list_supplements, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/arrival", cases.register_arrival, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/release", cases.release, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/check", cases.record_check, AT_THE_COUNTER),
    Route("GET", "/arrivals", arrivals.show, AT_THE_COUNTER),
    Route("POST", "/arrivals", arrivals.register, AT_THE_COUNTER),
    Route("GET", "/reviews", reviews.show, REVIEWING),
    Route("POST", "/reviews/{number}", reviews.enter, REVIEWING),
    Route("GET", "/cases/{number}/certificate.pdf", services.show_certificate, AT_THE_COUNTER),
    Route("GET", "/cases/{number}/materials.zip", services.show_materials, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/spot", services.certify_on_the_spot, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/materials", services.send_materials, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/receipt", services.record_receipt, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/answer", services.record_answer, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/unverifiable", services.record_unverifiable, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/cancellation", services.cancel, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/certificate", services.certify, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/filing", services.file_certificate, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/made", services.register_card_made, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/handover", services.hand_over, AT_THE_COUNTER),
    Route("POST", "/cases/{number}/return", services.take_card_back, AT_THE_COUNTER),
    Route("GET", "/approvals", approvals.show, SUPERVISING),
    Route("POST", "/approvals", approvals.give_leave, SUPERVISING),
    Route("POST", "/approvals/{id}", approvals.decide, SUPERVISING),
    Route("GET", "/consultations", consultations.show_waiting, WARNED),
    Route("GET", "/cases/{number}/consultation", consultations.show, WARNED),
    Route("POST", "/cases/{number}/consultation", consultations.write, WARNED),
    Route("GET", "/supervision", supervision.show, MAY_CLOSE),
    Route("GET", "/supervision/settlement", supervision.show_settlement, MAY_CLOSE),
    Route("GET", "/supervision/go-live", supervision.show_go_live, MAY_CLOSE),
    Route("GET", "/supervision/tables/{name}", supervision.take_away, MAY_CLOSE),
    Route("GET", "/follow-ups", follow_ups.show, MAY_CLOSE),
    Route("POST", "/follow-ups/{number}", follow_ups.write_note, MAY_CLOSE),
    Route("GET", "/contacts", follow_ups.show_contacts, MAY_CLOSE),
    Route("POST", "/contacts", follow_ups.name_contact, MAY_CLOSE),
    Route("POST", "/contacts/{number}", follow_ups.keep_contact, MAY_CLOSE),
    Route("GET", "/warnings", follow_ups.show_warnings, WARNED),
    Route("POST", "/warnings/{number}", follow_ups.take_note, WARNED),
    Route("GET", "/closures", closures.show, MAY_CLOSE),
    Route("POST", "/closures", closures.close, MAY_CLOSE),
    Route("GET", "/closures/{number}", closures.report, MAY_CLOSE),
    Route("POST", "/closures/{number}/reopening", closures.reopen, MAY_CLOSE),
    Route("GET", "/supplies", supplies.show_all, MAY_CLOSE),
    Route("GET", "/supplies/{point}/{item}", supplies.show, MAY_CLOSE),
    Route("POST", "/supplies/{point}/{item}", supplies.change, MAY_CLOSE),
    Route("GET", "/announcements", announcements.show, ANYONE_SIGNED_IN),
    Route("POST", "/announcements", announcements.announce, MAY_CLOSE),
    Route("POST", "/announcements/{number}/withdrawal", announcements.withdraw, MAY_CLOSE),
    Route("GET", "/invitations", invitations.show, MAY_INVITE),
    Route("POST", "/invitations", invitations.invite, MAY_INVITE),
    Route("POST", "/invitations/{number}/withdrawal", invitations.withdraw, MAY_INVITE),
    Route("POST", "/trials", invitations.try_out, MAY_CLOSE),
    Route("GET", "/people-to-reach", reach_tasks.show, AT_THE_COUNTER),
    Route("POST", "/people-to-reach/{number}", reach_tasks.take, AT_THE_COUNTER),
    Route("GET", "/appeals", appeals.show, AT_THE_COUNTER),
    Route("POST", "/appeals/{number}", appeals.decide, AT_THE_COUNTER),
    Route("GET", "/complaints", complaints.show_all, MAY_ANSWER),
    Route("GET", "/complaints/{number}", complaints.show, MAY_ANSWER),
    Route("POST", "/complaints/{number}/taking", complaints.take, MAY_ANSWER),
    Route("POST", "/complaints/{number}/answer", complaints.answer, MAY_ANSWER),
    Route("POST", "/complaints/{number}/assignment", complaints.assign, SUPERVISING),
    Route("GET", "/feed", feeds.show, OPERATING),
    Route("POST", "/feed/{number}", feeds.settle, OPERATING),
    Route("POST", "/station/v1/reports", reports.take, STATION_SYSTEM),
    Route("POST", "/station/v1/letter-exports", reports.export_letter, STATION_SYSTEM),
)


def mount(app: web.Application, routes: tuple[Route, ...] = ROUTES) -> None:
    """Put the routes behind their guards. A route without access is a ValueError: nothing is open by oversight."""
    for route in routes:
        if not isinstance(route.access, Access):
            raise ValueError(f"{route.method} {route.path} does not say who may use it")  # noqa: TRY004 - a wrong table
        app.router.add_route(route.method, route.path, route.access.guard(route.handler))
