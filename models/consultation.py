"""What the two stations of a case write to each other (会商, R189)."""

from collections.abc import Sequence
from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from domain.clock import Side
from models.case import Case
from models.columns import SealedText, UtcDatetime
from models.staff import Staff


class Consultation(Model):
    """Append-only (triggers refuse UPDATE and DELETE): a message. ``turn``: whose answer it awaits, None: nobody's."""

    id = fields.IntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="consultations", on_delete=fields.RESTRICT
    )
    case_id: int
    side = fields.CharEnumField(Side, max_length=12)
    unit = fields.CharField(max_length=120)
    text = SealedText()
    turn = fields.CharEnumField(Side, max_length=12, null=True)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="consultations", on_delete=fields.RESTRICT
    )
    staff_id: int
    at = UtcDatetime()

    class Meta:
        table = "consultation"


async def write_message(
    case_id: int, *, side: Side, unit: str, text: str, turn: Side | None, staff_id: int, at: datetime
) -> None:
    """Append a message."""
    await Consultation.create(case_id=case_id, side=side, unit=unit, text=text, turn=turn, staff_id=staff_id, at=at)


async def messages_of(case_id: int) -> Sequence[Consultation]:
    """The thread of a case, oldest first."""
    return await Consultation.filter(case_id=case_id).order_by("id")


async def newest_messages(limit: int) -> list[Consultation]:
    """The newest message of each case that awaits an answer, the newest first; case and point loaded."""
    found: dict[int, Consultation] = {}
    for message in (
        await Consultation.all().select_related("case", "case__acceptance_point").order_by("-id").limit(limit)
    ):
        found.setdefault(message.case_id, message)
    return [message for message in found.values() if message.turn is not None]
