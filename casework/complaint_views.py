"""Complaints as the doors show them."""

from dataclasses import dataclass
from datetime import date, datetime

from domain.terms import ComplaintKind, ComplaintStatus
from models.complaint import Complaint, words_of

_GLIMPSE = 40


@dataclass(frozen=True)
class ComplaintWordView:
    """A word the person added."""

    text: str
    at: datetime


@dataclass(frozen=True)
class ComplaintView:
    """A complaint in full. ``due_on`` None: the holidays of the year it falls into are not published yet."""

    number: str
    kind: ComplaintKind
    status: ComplaintStatus
    text: str
    case_number: str | None
    station: str | None
    opened_at: datetime
    due_on: date | None
    words: tuple[ComplaintWordView, ...]
    answer: str | None
    answered_at: datetime | None
    taken_by: str | None


@dataclass(frozen=True)
class ComplaintLine:
    """A complaint in a list of those who answer."""

    number: str
    kind: ComplaintKind
    status: ComplaintStatus
    glimpse: str
    station: str | None
    opened_at: datetime
    due_on: date | None
    overdue: bool
    taken_by: str | None


@dataclass(frozen=True)
class ComplaintStatistics:
    """Counts over complaints and suggestions that were opened in a time."""

    opened: int
    complaints: int
    suggestions: int
    answered: int
    on_time: int
    late: int


async def view_of(one: Complaint) -> ComplaintView:
    """The full view. Who took it is told by the login name: a person's name is nobody's business here."""
    return ComplaintView(
        number=one.number,
        kind=one.kind,
        status=one.status,
        text=one.text,
        case_number=one.case.number if one.case else None,
        station=one.point.name if one.point else None,
        opened_at=one.opened_at,
        due_on=one.due_on,
        words=tuple(ComplaintWordView(word.text, word.at) for word in await words_of(one.id)),
        answer=one.answer,
        answered_at=one.answered_at,
        taken_by=one.taken_by.username if one.taken_by else None,
    )


def line_of(one: Complaint, today: date) -> ComplaintLine:
    """One line of a list."""
    glimpse = one.text if len(one.text) <= _GLIMPSE else one.text[:_GLIMPSE] + "…"
    return ComplaintLine(
        number=one.number,
        kind=one.kind,
        status=one.status,
        glimpse=glimpse,
        station=one.point.name if one.point else None,
        opened_at=one.opened_at,
        due_on=one.due_on,
        overdue=one.due_on is not None and today > one.due_on,
        taken_by=one.taken_by.username if one.taken_by else None,
    )
