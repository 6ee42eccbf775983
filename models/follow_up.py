"""Supervised follow-ups (督办): what ran out of time, who looks after it, what was noted, and how it ended."""

from collections.abc import Sequence
from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from models.columns import SealedText, UtcDatetime
from models.contact import Contact
from models.deadline import Deadline
from models.store import insert_once, move


class FollowUp(Model):
    """One clock that ran out, on the list until a supervisor closes it (R101, R186).

    ``contact``: the named person it is with; None while the directory names nobody.
    """

    id = fields.IntField(primary_key=True)
    deadline: fields.OneToOneRelation[Deadline] = fields.OneToOneField(
        "models.Deadline", related_name="follow_up", on_delete=fields.RESTRICT
    )
    deadline_id: int
    division = fields.CharField(max_length=6, db_index=True)
    contact: fields.ForeignKeyNullableRelation[Contact] = fields.ForeignKeyField(
        "models.Contact", related_name="follow_ups", on_delete=fields.RESTRICT, null=True
    )
    contact_id: int | None
    opened_at = UtcDatetime()
    closed_at = UtcDatetime(null=True)
    closed_by = fields.CharField(max_length=60, null=True)

    class Meta:
        table = "follow_up"


class FollowUpNote(Model):
    """Append-only (triggers refuse UPDATE and DELETE): what an officer wrote about a follow-up."""

    id = fields.IntField(primary_key=True)
    follow_up: fields.ForeignKeyRelation[FollowUp] = fields.ForeignKeyField(
        "models.FollowUp", related_name="notes", on_delete=fields.RESTRICT
    )
    follow_up_id: int
    text = SealedText()
    actor = fields.CharField(max_length=60)
    at = UtcDatetime()

    class Meta:
        table = "follow_up_note"


async def open_follow_up(deadline_id: int, division: str, contact_id: int | None, at: datetime) -> None:
    """Put a clock on the list, once."""
    await insert_once(FollowUp, deadline_id=deadline_id, division=division, contact_id=contact_id, opened_at=at)


async def follow_ups(division_prefix: str, *, open_only: bool, limit: int) -> Sequence[FollowUp]:
    """The list of an area, oldest first; clock, case and contact loaded."""
    found = FollowUp.filter(division__startswith=division_prefix)
    if open_only:
        found = found.filter(closed_at=None)
    loaded = found.select_related("deadline", "deadline__case", "contact")
    return await loaded.order_by("deadline__due_on" if open_only else "-id", "id").limit(limit)


async def find_follow_up(follow_up_id: int, division_prefix: str) -> FollowUp | None:
    """A follow-up of an area; clock, case and contact loaded."""
    found = FollowUp.get_or_none(id=follow_up_id, division__startswith=division_prefix)
    return await found.select_related("deadline", "deadline__case", "contact")


async def assign_contact(follow_up_id: int, contact_id: int) -> bool:
    """Name who looks after it; False when it is closed."""
    return await move(FollowUp, {"id": follow_up_id, "closed_at": None}, {"contact_id": contact_id})


async def close_follow_up(follow_up_id: int, actor: str, at: datetime) -> bool:
    """Take it off the list; False when it was closed already."""
    return await move(FollowUp, {"id": follow_up_id, "closed_at": None}, {"closed_at": at, "closed_by": actor})


async def note_on_follow_up(follow_up_id: int, text: str, actor: str, at: datetime) -> None:
    """Append a note."""
    await FollowUpNote.create(follow_up_id=follow_up_id, text=text, actor=actor, at=at)


async def notes_on(follow_up_ids: Sequence[int]) -> dict[int, list[FollowUpNote]]:
    """The notes of several follow-ups, oldest first."""
    found: dict[int, list[FollowUpNote]] = {one: [] for one in follow_up_ids}
    for note in await FollowUpNote.filter(follow_up_id__in=list(follow_up_ids)).order_by("id"):
        found[note.follow_up_id].append(note)
    return found
