"""Complaints and suggestions (R198): what was said, who sees to it until when, and the answer."""

from datetime import date, datetime
from typing import Any

from tortoise import fields
from tortoise.expressions import Q
from tortoise.models import Model

from domain.terms import ComplaintKind, ComplaintStatus
from models.account import Account
from models.case import Case
from models.columns import SealedText, UtcDatetime
from models.place import AcceptancePoint
from models.staff import Staff
from models.store import insert_once, move


class Complaint(Model):
    """One complaint or suggestion. ``point`` is the station it is about; without one the supervisors of ``division``
    (empty: of any place) see to it. ``due_on`` is null where the calendar of ``missing_year`` is not known yet.
    """

    id = fields.IntField(primary_key=True)
    number = fields.CharField(max_length=24, unique=True)
    kind = fields.CharEnumField(ComplaintKind, max_length=12)
    status = fields.CharEnumField(ComplaintStatus, max_length=10)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="complaints", on_delete=fields.RESTRICT
    )
    account_id: int
    case: fields.ForeignKeyNullableRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="complaints", on_delete=fields.RESTRICT, null=True
    )
    case_id: int | None
    point: fields.ForeignKeyNullableRelation[AcceptancePoint] = fields.ForeignKeyField(
        "models.AcceptancePoint", related_name="complaints", on_delete=fields.RESTRICT, null=True
    )
    point_id: int | None
    division = fields.CharField(max_length=6)
    text = SealedText()
    opened_at = UtcDatetime()
    due_on = fields.DateField(null=True)
    missing_year = fields.IntField(null=True)
    taken_by: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="complaints", on_delete=fields.RESTRICT, null=True
    )
    taken_by_id: int | None
    answer = SealedText(null=True)
    answered_at = UtcDatetime(null=True)
    escalated_at = UtcDatetime(null=True)

    class Meta:
        table = "complaint"
        indexes = (("point", "status"), ("division", "status"), ("status", "due_on"))


class ComplaintWord(Model):
    """Append-only: a word the person added afterwards."""

    id = fields.IntField(primary_key=True)
    complaint: fields.ForeignKeyRelation[Complaint] = fields.ForeignKeyField(
        "models.Complaint", related_name="words", on_delete=fields.RESTRICT
    )
    complaint_id: int
    text = SealedText()
    at = UtcDatetime()

    class Meta:
        table = "complaint_word"


_ALL = ("account", "case", "point", "taken_by")


async def make_complaint(number: str, **columns: Any) -> bool:
    """Write a complaint; False when the number is given already."""
    return await insert_once(Complaint, number=number, status=ComplaintStatus.OPEN, **columns)


async def find_complaint(number: str) -> Complaint | None:
    """A complaint by its number, what it refers to loaded."""
    return await Complaint.get_or_none(number=number).select_related(*_ALL)


async def lock_complaint(number: str) -> None:
    """Hold a complaint until the transaction ends."""
    await Complaint.filter(number=number).select_for_update().only("id")


async def complaints_of_account(account_id: int, limit: int) -> list[Complaint]:
    """The complaints of an account, newest first."""
    return await Complaint.filter(account_id=account_id).select_related(*_ALL).order_by("-id").limit(limit)


async def count_opened_since(account_id: int, since: datetime) -> int:
    """How many an account opened since then."""
    return await Complaint.filter(account_id=account_id, opened_at__gte=since).count()


async def open_complaints(limit: int, *, point_id: int | None = None, reach: str | None = None) -> list[Complaint]:
    """What waits for an answer, longest due first: of a point, or of the divisions that begin with ``reach``."""
    found = Complaint.filter(status__in=[ComplaintStatus.OPEN, ComplaintStatus.TAKEN])
    if point_id is not None:
        found = found.filter(point_id=point_id)
    if reach is not None:
        found = found.filter(Q(division__startswith=reach) | Q(division=""))
    return await found.select_related(*_ALL).order_by("due_on", "id").limit(limit)


async def take_complaint(complaint_id: int, staff_id: int) -> bool:
    """Take an unanswered complaint in hand, from whoever has it; False when it was answered."""
    waiting = Complaint.filter(id=complaint_id).exclude(status=ComplaintStatus.ANSWERED)
    return await waiting.update(status=ComplaintStatus.TAKEN, taken_by_id=staff_id) == 1


async def assign_complaint(complaint_id: int, point_id: int, division: str) -> bool:
    """Hand an unanswered complaint to a station; nobody there has taken it yet. False when it was answered."""
    waiting = Complaint.filter(id=complaint_id).exclude(status=ComplaintStatus.ANSWERED)
    given = {"point_id": point_id, "division": division, "status": ComplaintStatus.OPEN, "taken_by_id": None}
    return await waiting.update(**given) == 1


async def answer_complaint(complaint_id: int, staff_id: int, answer: str, at: datetime) -> bool:
    """Write the answer, once; only whoever took the complaint answers it."""
    return await move(
        Complaint,
        {"id": complaint_id, "status": ComplaintStatus.TAKEN, "taken_by_id": staff_id},
        {"status": ComplaintStatus.ANSWERED, "answer": answer, "answered_at": at},
    )


async def add_word(complaint_id: int, text: str, at: datetime) -> None:
    """Append a word of the person's."""
    await ComplaintWord.create(complaint_id=complaint_id, text=text, at=at)


async def words_of(complaint_id: int) -> list[ComplaintWord]:
    """What was added, oldest first."""
    return await ComplaintWord.filter(complaint_id=complaint_id).order_by("id")


async def overdue_complaints(today: date, limit: int) -> list[Complaint]:
    """Unanswered complaints whose last day is over, not escalated yet."""
    waiting = Complaint.filter(status__in=[ComplaintStatus.OPEN, ComplaintStatus.TAKEN])
    return await waiting.filter(escalated_at=None, due_on__lt=today).order_by("id").limit(limit)


async def escalate(complaint_id: int, at: datetime) -> bool:
    """Mark a complaint as overdue; False when it was before."""
    return await move(Complaint, {"id": complaint_id, "escalated_at": None}, {"escalated_at": at})


async def complaints_without_calendar() -> list[Complaint]:
    """Unanswered complaints that wait for a year's calendar."""
    return await Complaint.filter(due_on=None, answered_at=None)


async def set_complaint_due(complaint_id: int, due_on: date) -> None:
    """Fill in the due day once its calendar is known."""
    await Complaint.filter(id=complaint_id, due_on=None).update(due_on=due_on, missing_year=None)
