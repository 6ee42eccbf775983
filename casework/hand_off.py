"""Hop 5: the code the citizen shows, and its one redemption at the counter."""

from datetime import timedelta
from typing import Any

from casework.callers import Citizen, Officer
from casework.deps import Deps, unit_of_work
from casework.facts import facts_of, insist_allowed
from casework.redeem_together import Badge, CheckedIn, Scan, redeem_together
from casework.remind import drop_reminders
from casework.repeat import once
from casework.secret import hashed
from casework.serve import audit, insist_clerk
from casework.step import Said, insist_open, take_step
from casework.take_place import give_up_booking
from casework.track import own_case_to_change, point_view
from casework.views import HandoffView
from domain.division import find_division
from domain.handoff import new_code, normalise_code
from domain.local_time import day_of
from domain.refusal import Refusal
from domain.terms import CaseEventKind
from models.case import Case, find_case_by_id
from models.handoff import HandoffCode, find_code
from models.handoff import issue_code as keep_code
from models.handoff import redeem_code as spend_code
from models.place import find_service
from models.slot import Booking, end_booking, live_booking
from templates.shown import when

CODE_LIFE = timedelta(minutes=10)


async def issue_code(deps: Deps, citizen: Citizen, number: str, key: str) -> HandoffView:
    """Issue the code for the booked counter; codes issued before stop working.

    Raises:
        Refusal: ``not_ready_for_handoff`` with what is missing, ``case_not_found``, ``case_not_open``.
    """
    return await once(
        deps, citizen, key, act="issue_code", body={"number": number}, view=HandoffView,
        do=lambda: _issue(deps, citizen, number),
    )  # fmt: skip


async def redeem_code(
    deps: Deps,
    officer: Officer,
    code_text: str,
    *,
    other_day_reason: str | None = None,
    other_station_reason: str | None = None,
) -> str:
    """Redeem a scanned or typed code: once, at the booked station on the booked day, or elsewhere or on another day
    with a reason (T13). Another station has to serve the person's place of residence; the case is its own from then on.

    The code proves nothing about who holds it (R076); it checks the person in and says the number of the case.

    Raises:
        Refusal: ``code_malformed``, ``code_unknown``, ``code_out_of_area``, ``code_other_station``, ``code_used``,
            ``code_revoked``, ``code_expired``, ``not_service_day``, ``age_changed``, any reason of today's
            rulebook (C6.7).
    """
    insist_clerk(officer)
    code_hash = hashed(normalise_code(code_text))
    if not (other_day_reason or other_station_reason):
        done = await redeem_together(Scan(deps, officer, code_hash))
        if done is not None:
            return done.number
    code = await find_code(code_hash)
    if code is None:
        raise Refusal("code_unknown")
    case = await find_case_by_id(code.case_id)
    await _insist_redeemable(deps, officer, code, case)
    await _insist_station(deps, officer, code, case, other_station_reason)
    booking = await live_booking(case.id)
    _insist_day(deps, booking, other_day_reason)
    insist_open(case)
    insist_allowed(deps, case, deps.today())
    async with unit_of_work(deps):
        await _redeem(deps, officer, code, case, booking, (other_day_reason, other_station_reason))
    return case.number


async def redeem_at_once(deps: Deps, token: str, csrf_token: str, code_text: str, request_id: str) -> CheckedIn | None:
    """The same for a clerk not looked up yet: session and code are asked for in one. No reason may be given.

    None wherever anything about session, form or code is not ordinary, and nothing was done: the door then looks the
    clerk up, and ``redeem_code`` decides.

    Raises:
        Refusal: ``service_unavailable``.
    """
    try:
        code_hash = hashed(normalise_code(code_text))
    except Refusal:
        return None
    return await redeem_together(Scan(deps, Badge(hashed(token), csrf_token, request_id), code_hash))


async def _issue(deps: Deps, citizen: Citizen, number: str) -> HandoffView:
    case = await own_case_to_change(deps, citizen, number)
    insist_open(case)
    facts = await facts_of(deps, case)
    if facts.missing or facts.booking is None:
        raise Refusal("not_ready_for_handoff", missing=list(facts.missing))
    point = facts.booking.slot.point
    code, now = new_code(deps.random.token(16)), deps.clock.now()
    await keep_code(case.id, point.id, hashed(code), now, now + CODE_LIFE)
    await take_step(deps, case, CaseEventKind.CODE_ISSUED, Said(citizen.actor, now))
    return HandoffView(code=code, expires_at=now + CODE_LIFE, point=point_view(point))


async def _insist_redeemable(deps: Deps, officer: Officer, code: HandoffCode, case: Case) -> None:
    if code.redeemed_at is not None:
        await audit(deps, officer, case, "redeem_code_refused", why="used")
        raise Refusal("code_used", at=when(code.redeemed_at))
    if code.revoked_at is not None:
        raise Refusal("code_revoked")
    if deps.clock.now() >= code.expires_at:
        raise Refusal("code_expired")


async def _insist_station(deps: Deps, officer: Officer, code: HandoffCode, case: Case, reason: str | None) -> None:
    if code.point_id == officer.point_id:
        return
    serves = await _serves_residence(deps, officer, case)
    if serves and (reason or "").strip():
        return
    await audit(deps, officer, case, "redeem_code_refused", why="other_station")
    raise Refusal("code_other_station" if serves else "code_out_of_area", source="R085", station=code.point.name)


async def _serves_residence(deps: Deps, officer: Officer, case: Case) -> bool:
    """Whether the officer's point takes this item today and stands in the city of the person's residence (R005)."""
    if officer.point_id is None or officer.point_division is None:
        return False
    home, here = find_division(case.residence_division), find_division(officer.point_division)
    near = home.code[:4] == here.code[:4] if home.city else home.code[:2] == here.code[:2]
    service = await find_service(officer.point_id, case.item)
    return near and service is not None and service.open_from <= deps.today()


def _insist_day(deps: Deps, booking: Booking | None, reason: str | None) -> None:
    if booking is not None and day_of(booking.slot.starts_at) != deps.today() and not (reason or "").strip():
        raise Refusal("not_service_day", day=day_of(booking.slot.starts_at))


async def _redeem(
    deps: Deps,
    officer: Officer,
    code: HandoffCode,
    case: Case,
    booking: Booking | None,
    reasons: tuple[str | None, str | None],
) -> None:
    now, elsewhere = deps.clock.now(), code.point_id != officer.point_id
    other_day, other_station = ((reason or "").strip()[:200] for reason in reasons)
    said = Said(officer.actor, now, unit=officer.point_name)
    words = {"other_day_reason": other_day} | ({"note": other_station} if elsewhere else {})
    columns: dict[str, Any] = {"acceptance_point_id": officer.point_id} if elsewhere else {}
    await take_step(deps, case, CaseEventKind.CHECKED_IN, said, words=words, **columns)
    if not await spend_code(code.id, officer.staff_id, now):  # after the case, as every act takes its rows
        raise Refusal("code_used", at=when(now))
    if booking is not None and elsewhere:
        await give_up_booking(deps, case, "moved")
    elif booking is not None:
        await end_booking(booking.id, "kept", now)
        await drop_reminders(case, booking.id, now)
    other = {"other_station": True} if elsewhere else {}
    await audit(deps, officer, case, "redeem_code", other_day=bool(other_day), **other)
