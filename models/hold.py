"""Holds: a place kept for a few minutes for one case. One that ran out never blocks anybody, swept or not."""

from datetime import datetime

from tortoise import fields
from tortoise.models import Model

from models.case import Case
from models.columns import UtcDatetime
from models.slot import Slot
from models.store import insert_once


class Hold(Model):
    """A place kept until a moment, counted in ``slot.taken`` until it is ended.

    One live hold per case: uq_hold_live ON hold(case_id) WHERE ended_at IS NULL. ``is_offer``: a freed place kept for
    the next in the waiting list. ``how_ended``: booked, released, lapsed, closed.
    """

    id = fields.IntField(primary_key=True)
    slot: fields.ForeignKeyRelation[Slot] = fields.ForeignKeyField(
        "models.Slot", related_name="holds", on_delete=fields.RESTRICT
    )
    slot_id: int
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="holds", on_delete=fields.RESTRICT
    )
    case_id: int
    is_minor = fields.BooleanField()
    is_offer = fields.BooleanField()
    made_at = UtcDatetime()
    until = UtcDatetime()
    ended_at = UtcDatetime(null=True)
    how_ended = fields.CharField(max_length=12, null=True)

    class Meta:
        table = "hold"


async def make_hold(slot_id: int, case: Case, at: datetime, until: datetime, *, is_offer: bool) -> bool:
    """Write the hold; False when the case already has a live one."""
    return await insert_once(
        Hold, slot_id=slot_id, case_id=case.id, is_minor=case.is_minor, is_offer=is_offer, made_at=at, until=until
    )


async def unended_hold(case_id: int) -> Hold | None:
    """The hold of a case that still counts in its slot, run out or not; slot and point loaded."""
    return await Hold.get_or_none(case_id=case_id, ended_at=None).select_related("slot", "slot__point")


async def end_hold(hold_id: int, how: str, at: datetime) -> bool:
    """End a hold; False when it was ended already."""
    return await Hold.filter(id=hold_id, ended_at=None).update(ended_at=at, how_ended=how) == 1


async def holds_in(slot_id: int) -> list[Hold]:
    """The holds that count in a slot, run out or not, case loaded."""
    return await Hold.filter(slot_id=slot_id, ended_at=None).select_related("case").order_by("id")


async def lapsed_in(slot_id: int, at: datetime) -> list[Hold]:
    """The holds of a slot that ran out and still count in it."""
    return await Hold.filter(slot_id=slot_id, ended_at=None, until__lte=at).order_by("id")


async def slots_with_lapsed(at: datetime, limit: int) -> list[int]:
    """Slots in which a hold ran out and still counts."""
    found = await Hold.filter(ended_at=None, until__lte=at).order_by("until").limit(limit).only("id", "slot_id")
    return list(dict.fromkeys(hold.slot_id for hold in found))


async def slots_held_closed(limit: int) -> list[int]:
    """Closed slots in which a hold still counts."""
    found = await Hold.filter(ended_at=None, slot__closed=True).limit(limit).only("id", "slot_id")
    return list(dict.fromkeys(hold.slot_id for hold in found))


async def passed_over(slot_id: int) -> set[int]:
    """The cases that were offered a place in this slot before and did not take it."""
    found = Hold.filter(slot_id=slot_id, is_offer=True, how_ended__in=["lapsed", "released"])
    return {hold.case_id for hold in await found}


async def count_holds_since(account_id: int, since: datetime) -> int:
    """How many holds an account asked for since a moment."""
    return await Hold.filter(case__account_id=account_id, is_offer=False, made_at__gt=since).count()
