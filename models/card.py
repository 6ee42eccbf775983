"""The card as the police systems report it, its release and the later check."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.terms import CaseState, CollectorKind
from models.case import Case
from models.columns import SealedText, UtcDatetime
from models.place import AcceptancePoint
from models.staff import Staff
from models.store import insert_once


class Card(Model):
    """Mirror of what was reported about the card of a case; made when the household place has the data."""

    id = fields.IntField(primary_key=True)
    case: fields.OneToOneRelation[Case] = fields.OneToOneField(
        "models.Case", related_name="card", on_delete=fields.RESTRICT
    )
    case_id: int
    issued_on = fields.DateField(null=True)
    valid_from = fields.DateField(null=True)
    valid_until = fields.DateField(null=True)
    is_long_term = fields.BooleanField(default=False)
    card_centre = fields.CharField(max_length=120, null=True)
    waybill = SealedText(null=True)
    arrived_at = UtcDatetime(null=True)
    received_on = fields.DateField(null=True)

    class Meta:
        table = "card"


class Release(Model):
    """Append-only: who received the card and what was verified (R120–R122)."""

    id = fields.IntField(primary_key=True)
    case: fields.OneToOneRelation[Case] = fields.OneToOneField(
        "models.Case", related_name="release", on_delete=fields.RESTRICT
    )
    case_id: int
    collector = fields.CharEnumField(CollectorKind, max_length=10)
    checks: fields.JSONField[dict[str, bool]] = fields.JSONField()
    kinship = fields.CharField(max_length=24, null=True)
    collector_name = SealedText(null=True)
    collector_identity_number = SealedText(null=True)
    staff: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="releases", on_delete=fields.RESTRICT, null=True
    )
    staff_id: int | None
    released_at = UtcDatetime()

    class Meta:
        table = "release"


class CollectionCheck(Model):
    """Append-only: the check of data and fingerprint after collection by proxy or post (R122)."""

    id = fields.IntField(primary_key=True)
    case: fields.OneToOneRelation[Case] = fields.OneToOneField(
        "models.Case", related_name="collection_check", on_delete=fields.RESTRICT
    )
    case_id: int
    checks: fields.JSONField[dict[str, bool]] = fields.JSONField()
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="collection_checks", on_delete=fields.RESTRICT
    )
    staff_id: int
    point: fields.ForeignKeyRelation[AcceptancePoint] = fields.ForeignKeyField(
        "models.AcceptancePoint", related_name="collection_checks", on_delete=fields.RESTRICT
    )
    point_id: int
    checked_at = UtcDatetime()

    class Meta:
        table = "collection_check"


async def keep_card(case_id: int, **columns: Any) -> None:
    """Write what was reported about the card, making the row at the first report."""
    await insert_once(Card, case_id=case_id)
    if columns:
        await Card.filter(case_id=case_id).update(**columns)


async def card_of(case_id: int) -> Card | None:
    """The mirror of a case's card."""
    return await Card.get_or_none(case_id=case_id)


async def cards_waiting(arrived_before: datetime, limit: int) -> list[tuple[Case, datetime]]:
    """Cases whose card waits at the counter since before a time, with that time; those that arrived last come first."""
    found = Card.filter(case__state=CaseState.ARRIVED, arrived_at__lte=arrived_before).order_by("-arrived_at")
    cards = await found.limit(limit).select_related("case", "case__acceptance_point")
    return [(card.case, card.arrived_at) for card in cards if card.arrived_at is not None]


async def write_release(**columns: Any) -> None:
    """Append the release."""
    await Release.create(**columns)


async def write_check(**columns: Any) -> bool:
    """Append the later check; False when it was recorded before."""
    return await insert_once(CollectionCheck, **columns)


async def check_of(case_id: int) -> CollectionCheck | None:
    """The later check of a case, once it is recorded."""
    return await CollectionCheck.get_or_none(case_id=case_id)
