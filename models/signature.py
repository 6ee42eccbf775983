"""The commitment letter: shown, signed, confirmed at the counter."""

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.terms import SignatureMethod, SignerCapacity
from models.case import Case
from models.columns import SealedJson, SealedText, UtcDatetime
from models.staff import Staff
from models.store import insert_once

_CHAIN = 1


class LetterShowing(Model):
    """A letter shown to a citizen: a server-made nonce, one use, a short window."""

    id = fields.IntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="showings", on_delete=fields.RESTRICT
    )
    case_id: int
    nonce_hash = fields.CharField(max_length=64, unique=True)
    version = fields.CharField(max_length=80)
    digest = fields.CharField(max_length=64)
    shown_at = UtcDatetime()
    expires_at = UtcDatetime()
    read_at = UtcDatetime(null=True)
    used_at = UtcDatetime(null=True)

    class Meta:
        table = "letter_showing"


class Signature(Model):
    """Append-only evidence: the exact letter and facts, their digest, who signed, in which capacity, how and when.

    ``digest`` is the SHA-256 of ``canonical``. A signature holds for a case as long as the case's facts still give
    this digest; nothing is ever un-signed. ``record`` is the evidence in canonical bytes, sealed by the platform
    (``seal``) and chained to the record before it (``position`` from 1, ``link``); ``number`` is what people verify by.
    """

    id = fields.IntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="signatures", on_delete=fields.RESTRICT
    )
    case_id: int
    version = fields.CharField(max_length=80)
    method = fields.CharEnumField(SignatureMethod, max_length=10)
    capacity = fields.CharEnumField(SignerCapacity, max_length=12)
    digest = fields.CharField(max_length=64, db_index=True)
    canonical = SealedText()
    evidence: fields.Field[dict[str, Any]] = SealedJson()
    rule_day = fields.DateField()
    signed_at = UtcDatetime()
    number = fields.CharField(max_length=28, unique=True)
    position = fields.IntField(unique=True)
    record = SealedText()
    link = fields.CharField(max_length=80)
    seal = fields.CharField(max_length=1000)

    class Meta:
        table = "signature"


class EvidenceChain(Model):
    """One row: the end of the one chain of all signatures. Held while a record is added, so no place stays empty."""

    id = fields.IntField(primary_key=True)
    position = fields.IntField()
    link = fields.CharField(max_length=80, null=True)

    class Meta:
        table = "evidence_chain"


class LetterConfirmation(Model):
    """Append-only: the clerk's act that confirms a phone signature, or records a letter signed on paper (D1, D8)."""

    id = fields.IntField(primary_key=True)
    case: fields.OneToOneRelation[Case] = fields.OneToOneField(
        "models.Case", related_name="letter_confirmation", on_delete=fields.RESTRICT
    )
    case_id: int
    signature: fields.ForeignKeyNullableRelation[Signature] = fields.ForeignKeyField(
        "models.Signature", related_name="confirmations", on_delete=fields.RESTRICT, null=True
    )
    signature_id: int | None
    method = fields.CharEnumField(SignatureMethod, max_length=10)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="letter_confirmations", on_delete=fields.RESTRICT
    )
    staff_id: int
    confirmed_at = UtcDatetime()

    class Meta:
        table = "letter_confirmation"


async def show_letter(**columns: Any) -> None:
    """Keep that a letter was shown."""
    await LetterShowing.create(**columns)


async def find_showing(case_id: int, nonce_hash: str) -> LetterShowing | None:
    """The showing a nonce belongs to, within this case."""
    return await LetterShowing.get_or_none(case_id=case_id, nonce_hash=nonce_hash)


async def spend_showing(showing_id: int, at: datetime) -> bool:
    """Use the nonce; False when it was used before."""
    return await LetterShowing.filter(id=showing_id, used_at=None).update(used_at=at) == 1


async def keep_reading(showing_id: int, at: datetime) -> None:
    """Keep when the letter was first read to its end."""
    await LetterShowing.filter(id=showing_id, read_at=None).update(read_at=at)


async def hold_chain() -> EvidenceChain:
    """The end of the chain, held until the transaction ends: one record is added after the other."""
    await insert_once(EvidenceChain, id=_CHAIN, position=0, link=None)
    return await EvidenceChain.select_for_update().get(id=_CHAIN)


async def move_chain(position: int, link: str) -> bool:
    """Put a record at the end; False when the place is taken, which ``hold_chain`` keeps from happening."""
    end = EvidenceChain.filter(id=_CHAIN, position=position - 1)
    return await end.update(position=position, link=link) == 1


async def end_of_chain() -> tuple[int, str | None]:
    """How many records the chain has, and its last link."""
    end = await EvidenceChain.get_or_none(id=_CHAIN)
    return (end.position, end.link) if end else (0, None)


async def links_after(position: int, limit: int) -> list[Signature]:
    """The next records of the chain."""
    return await Signature.filter(position__gt=position).order_by("position").limit(limit)


async def find_signature(number: str) -> Signature | None:
    """A signature by the number of its letter, the case loaded."""
    return await Signature.get_or_none(number=number).select_related("case")


async def newest_signature(case_id: int) -> Signature | None:
    """The newest signature of a case, whether or not it still holds."""
    return await Signature.filter(case_id=case_id).order_by("-id").first()


async def write_signature(**columns: Any) -> Signature:
    """Append a signature."""
    return await Signature.create(**columns)


async def confirm_letter(
    case_id: int, *, signature_id: int | None, method: SignatureMethod, staff_id: int, at: datetime
) -> bool:
    """Record the clerk's confirmation; False when the letter of this case was confirmed already."""
    return await insert_once(
        LetterConfirmation,
        case_id=case_id,
        signature_id=signature_id,
        method=method,
        staff_id=staff_id,
        confirmed_at=at,
    )


async def letter_confirmation(case_id: int) -> LetterConfirmation | None:
    """The clerk's confirmation, if there is one."""
    return await LetterConfirmation.get_or_none(case_id=case_id)
