"""The directory of named persons: liaisons on three levels (R181–R183) and household-transfer verifiers (R184)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.terms import ContactDuty
from models.columns import SealedText, UtcDatetime
from models.store import move


class Contact(Model):
    """A person to turn to about the cases of a place. ``division``: a province, a city or a county (six digits).

    ``unit``: the station, where the person stands for one; else None. ``verified_at``: when somebody last made sure
    that it is still so. A contact that ended stays: follow-ups of its time name it.
    """

    id = fields.IntField(primary_key=True)
    duty = fields.CharEnumField(ContactDuty, max_length=24)
    division = fields.CharField(max_length=6)
    unit = fields.CharField(max_length=120, null=True)
    name = SealedText()
    phone = SealedText()
    kept_by = fields.CharField(max_length=60)
    verified_at = UtcDatetime()
    ended_at = UtcDatetime(null=True)

    class Meta:
        table = "contact"
        indexes = (("division", "duty"),)


async def add_contact(**columns: Any) -> Contact:
    """Write a person into the directory."""
    return await Contact.create(**columns)


async def verify_contact(contact_id: int, division_prefix: str, actor: str, at: datetime) -> bool:
    """Note that somebody made sure; False when there is no such person in that area."""
    where = {"id": contact_id, "ended_at": None, "division__startswith": division_prefix}
    return await move(Contact, where, {"verified_at": at, "kept_by": actor})


async def end_contact(contact_id: int, division_prefix: str, actor: str, at: datetime) -> bool:
    """Take a person out of the directory; False when there is no such person in that area."""
    where = {"id": contact_id, "ended_at": None, "division__startswith": division_prefix}
    return await move(Contact, where, {"ended_at": at, "kept_by": actor})


async def contacts_below(division_prefix: str, duty: ContactDuty | None = None) -> Sequence[Contact]:
    """The directory of an area, by place."""
    found = Contact.filter(division__startswith=division_prefix, ended_at=None)
    if duty is not None:
        found = found.filter(duty=duty)
    return await found.order_by("division", "id")


async def nearest_contact(division: str, duty: ContactDuty) -> Contact | None:
    """Who is there for a county: its own person, else the city's, else the province's."""
    levels = (division, f"{division[:4]}00", f"{division[:2]}0000")
    found = await Contact.filter(division__in=levels, duty=duty, unit=None, ended_at=None).order_by("-division", "id")
    return found[0] if found else None


async def contacts_for(division: str, duty: ContactDuty) -> Sequence[Contact]:
    """Who is there for a county, on the nearest level that has anybody: county with stations, city, province."""
    for level in (division, f"{division[:4]}00", f"{division[:2]}0000"):
        if found := await Contact.filter(division=level, duty=duty, ended_at=None).order_by("id"):
            return found
    return []
