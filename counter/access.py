"""Who may use a route. Every route says it; the guard asks before the handler runs (ASVS V8.2.1)."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from aiohttp import web

from casework.callers import Officer
from casework.report import who_reports
from casework.sign_in_officer import who_serves
from counter.forms import Form, read_form
from counter.keys import ACTOR, DEPS, OFFICER, REQUEST_ID
from counter.pictures import read_picture_form
from counter.reading import read_body
from counter.sessions import insist_own_form, insist_own_site, session_token
from domain.refusal import Refusal
from domain.terms import StaffRole

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
AnyHandler: TypeAlias = Callable[..., Awaitable[web.StreamResponse]]
AtOnce: TypeAlias = Callable[[web.Request, str, Form], Awaitable[web.StreamResponse | None]]

SAFE_METHODS = {"GET"}
_SIGNED_HEADERS = ("X-Tongban-Key", "X-Tongban-Timestamp", "X-Tongban-Signature")
_LONGEST_HEADER = 128


@dataclass(frozen=True)
class Public:
    """Anyone. A form must still come from our own site."""

    def guard(self, handler: AnyHandler) -> Handler:
        """The handler gets the request."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            if request.method not in SAFE_METHODS:
                insist_own_site(request)
            return await handler(request)

        return guarded


@dataclass(frozen=True)
class OfficerIn:
    """A logged-in member of staff in one of these roles; a POST must come from our own form.

    ``unfinished``: also for whoever has to change an initial password or set up a second factor first.
    """

    roles: frozenset[StaffRole]
    unfinished: bool = False

    def guard(self, handler: AnyHandler) -> Handler:
        """The handler gets the request and the officer, and for a POST the form."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            officer = await _officer(request)
            if not self.unfinished:
                _insist_finished(officer)
            if request.method in SAFE_METHODS:
                self._insist_role(officer.role)
                return await handler(request, officer)
            form = await _own_form(request)
            self._insist_role(officer.role)
            return await handler(request, officer, form)

        return guarded

    def _insist_role(self, role: StaffRole) -> None:
        if role not in self.roles:
            raise Refusal("staff_role_missing", source="R078")


@dataclass(frozen=True)
class OfficerOrAtOnce(OfficerIn):
    """As ``OfficerIn``, for a form that ``at_once`` may answer with the session's token alone, asking who it is itself.

    Where it gives no answer it has done nothing, and all goes on as for any other form.
    """

    at_once: AtOnce = field(kw_only=True)

    def guard(self, handler: AnyHandler) -> Handler:
        """The handler gets the request, the officer and the form, if it has to."""
        plain = super().guard(handler)

        async def guarded(request: web.Request) -> web.StreamResponse:
            token = session_token(request)
            form = await _form_at_hand(request) if token is not None else None
            if token is not None and form is not None:
                answer = await self.at_once(request, token, form)
                if answer is not None:
                    return answer
            return await plain(request)

        return guarded


@dataclass(frozen=True)
class PictureFrom:
    """As ``OfficerIn``, for a form with one picture."""

    roles: frozenset[StaffRole]

    def guard(self, handler: AnyHandler) -> Handler:
        """The handler gets the request, the officer, the form and the picture."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            officer = await _officer(request)
            insist_own_site(request)
            _insist_finished(officer)
            if officer.role not in self.roles:
                raise Refusal("staff_role_missing", source="R078")
            form, picture = await read_picture_form(request)
            insist_own_form(form, officer)
            return await handler(request, officer, form, picture)

        return guarded


@dataclass(frozen=True)
class StationSystem:
    """A station system that signed its message."""

    def guard(self, handler: AnyHandler) -> Handler:
        """The handler gets the reporter and the exact bytes that were signed."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            body = await read_body(request)
            key_id, timestamp, signature = (_header(request, name) for name in _SIGNED_HEADERS)
            reporter = await who_reports(
                request.app[DEPS],
                key_id=key_id,
                timestamp=timestamp,
                signature=signature,
                body=body,
                request_id=request[REQUEST_ID],
            )
            request[ACTOR] = reporter.actor
            return await handler(request, reporter, body)

        return guarded


Access: TypeAlias = Public | OfficerIn | PictureFrom | StationSystem

PUBLIC = Public()
STATION_SYSTEM = StationSystem()


def OFFICER_IN(*roles: StaffRole) -> OfficerIn:  # noqa: N802 - reads like PUBLIC and STATION_SYSTEM beside it
    """Access for these roles; none named means every member of staff."""
    return OfficerIn(frozenset(roles or StaffRole))


def OFFICER_OR_AT_ONCE(at_once: AtOnce, *roles: StaffRole) -> OfficerOrAtOnce:  # noqa: N802 - as OFFICER_IN
    """Access for these roles; what is ordinary is answered at once."""
    return OfficerOrAtOnce(frozenset(roles), at_once=at_once)


def UNFINISHED() -> OfficerIn:  # noqa: N802 - as OFFICER_IN
    """Access to the own account: for every member of staff, whatever is still to be set up."""
    return OfficerIn(frozenset(StaffRole), unfinished=True)


def PICTURE_FROM(*roles: StaffRole) -> PictureFrom:  # noqa: N802 - as OFFICER_IN
    """Access for these roles, with a picture."""
    return PictureFrom(frozenset(roles))


async def recognise(request: web.Request) -> None:
    """Note who is signed in, for a page that belongs to nobody; whoever is not stays unknown."""
    token = session_token(request)
    if token is None or OFFICER in request:
        return
    with suppress(Refusal):
        request[OFFICER] = await who_serves(request.app[DEPS], token, request[REQUEST_ID])


async def _officer(request: web.Request) -> Officer:
    token = session_token(request)
    if token is None:
        raise Refusal("staff_session_required")
    officer = await who_serves(request.app[DEPS], token, request[REQUEST_ID])
    request[OFFICER] = officer
    request[ACTOR] = officer.actor
    return officer


def _insist_finished(officer: Officer) -> None:
    if officer.must_change_password or officer.must_enrol:
        raise Refusal("account_unfinished")


async def _own_form(request: web.Request) -> Form:
    insist_own_site(request)
    form = await read_form(request)
    insist_own_form(form, request[OFFICER])
    return form


async def _form_at_hand(request: web.Request) -> Form | None:
    """The form, where it came with its head from our own site; what is wrong with it is told in its turn."""
    if not request.content.is_eof():
        return None
    with suppress(Refusal):
        insist_own_site(request)
        return await read_form(request)
    return None


def _header(request: web.Request, name: str) -> str:
    """One header; missing, sent twice, too long or not ASCII it is empty, which no signature fits."""
    values = request.headers.getall(name, [])
    fits = len(values) == 1 and values[0].isascii() and len(values[0]) <= _LONGEST_HEADER
    return values[0] if fits else ""
