"""What a person takes along: an entry for the phone's calendar, and a slip to print."""

from casework.callers import Citizen
from casework.deps import Deps
from casework.facts import CaseFacts, facts_of
from casework.track import own_case
from domain.refusal import Refusal
from domain.terms import Whose
from models.case import Case
from models.slot import Booking
from templates.calendar_file import calendar_file
from templates.labels import label
from templates.visit_slip import visit_slip


async def visit_calendar(deps: Deps, citizen: Citizen, number: str) -> str:
    """The booked visit as an iCalendar file (RFC 5545). Raises ``case_not_found``, ``booking_not_found``."""
    case, facts, booking = await _visit(deps, citizen, number)
    point = booking.slot.point
    return calendar_file(
        uid=f"visit-{booking.id}@tongban",
        stamp=booking.made_at,
        starts_at=booking.slot.starts_at,
        ends_at=booking.slot.ends_at,
        summary=f"{label(case.item)}：到窗口办理",
        place=f"{point.name}，{point.address}",
        note="\n".join(_reminders(facts)),
    )


async def visit_page(deps: Deps, citizen: Citizen, number: str) -> str:
    """The booked visit as one page to print. Raises ``case_not_found``, ``booking_not_found``."""
    case, facts, booking = await _visit(deps, citizen, number)
    return visit_slip(
        number=case.number,
        item=case.item,
        name=str(case.form["name"]),
        point=booking.slot.point.name,
        address=booking.slot.point.address,
        phone=booking.slot.point.phone,
        starts_at=booking.slot.starts_at,
        ends_at=booking.slot.ends_at,
        who=tuple(label(who) for who in facts.guidance.who_must_come) or (label(Whose.APPLICANT),),
        bring=tuple(material.what for material in facts.guidance.materials),
    )


async def _visit(deps: Deps, citizen: Citizen, number: str) -> tuple[Case, CaseFacts, Booking]:
    case = await own_case(deps, citizen, number)
    facts = await facts_of(deps, case)
    if facts.booking is None:
        raise Refusal("booking_not_found")
    return case, facts, facts.booking


def _reminders(facts: CaseFacts) -> list[str]:
    """What to think of; nothing that says who it is about."""
    bring = "、".join(material.what for material in facts.guidance.materials)
    both = "申请人和监护人须一同到场。" if Whose.GUARDIAN in facts.guidance.who_must_come else ""
    return [
        line for line in (both, f"请带齐原件：{bring}。" if bring else "", "到窗口后请打开小程序出示二维码。") if line
    ]
