"""The files of a signed letter: owed when it is signed or confirmed, made by a job, kept for good."""

from datetime import datetime

from tortoise import fields
from tortoise.expressions import F, Q
from tortoise.models import Model

from domain.terms import EditionKind, EditionStatus
from models.columns import SealedBytes, SealedText, UtcDatetime
from models.signature import Signature
from models.store import insert_once


class LetterEdition(Model):
    """One file of one signature. A later edition replaces none: the old file stays.

    ``attempts`` counts every time somebody took it in hand, also those who died over it. ``claimed_until`` is a lease.
    ``unprinted`` are the characters that no font at hand could print; None until the file is made.
    """

    id = fields.IntField(primary_key=True)
    signature: fields.ForeignKeyRelation[Signature] = fields.ForeignKeyField(
        "models.Signature", related_name="editions", on_delete=fields.RESTRICT
    )
    signature_id: int
    kind = fields.CharEnumField(EditionKind, max_length=12)
    status = fields.CharEnumField(EditionStatus, max_length=8, default=EditionStatus.OWED)
    owed_at = UtcDatetime()
    due_at = UtcDatetime()
    claimed_until = UtcDatetime(null=True)
    attempts = fields.IntField(default=0)
    pdf = SealedBytes(null=True)
    unprinted = SealedText(null=True)
    made_at = UtcDatetime(null=True)

    class Meta:
        table = "letter_edition"
        unique_together = (("signature", "kind"),)
        indexes = (("status", "due_at"),)


async def owe_edition(signature_id: int, kind: EditionKind, at: datetime) -> None:
    """Owe a file, once."""
    await insert_once(
        LetterEdition, signature_id=signature_id, kind=kind, status=EditionStatus.OWED, owed_at=at, due_at=at
    )


async def due_editions(at: datetime, limit: int) -> list[int]:
    """Ids of files that are due and in nobody's hands."""
    found = LetterEdition.filter(_free(at), status__not=EditionStatus.MADE, due_at__lte=at)
    return [edition.id for edition in await found.order_by("due_at", "id").limit(limit).only("id")]


async def claim_edition(edition_id: int, at: datetime, until: datetime) -> LetterEdition | None:
    """Lease a due file and count the attempt; None when another worker was first."""
    due = LetterEdition.filter(_free(at), id=edition_id, status__not=EditionStatus.MADE, due_at__lte=at)
    if await due.update(claimed_until=until, attempts=F("attempts") + 1) != 1:
        return None
    return await LetterEdition.get(id=edition_id).select_related("signature", "signature__case")


async def keep_edition(edition_id: int, pdf: bytes, unprinted: str, at: datetime) -> bool:
    """Keep the file; False when somebody else has kept one: the first file made is the file."""
    open_ = LetterEdition.filter(id=edition_id, status__not=EditionStatus.MADE)
    return (
        await open_.update(status=EditionStatus.MADE, pdf=pdf, unprinted=unprinted, made_at=at, claimed_until=None) == 1
    )


async def postpone_edition(edition_id: int, status: EditionStatus, due_at: datetime) -> None:
    """Give a file back for a later try."""
    open_ = LetterEdition.filter(id=edition_id, status__not=EditionStatus.MADE)
    await open_.update(status=status, due_at=due_at, claimed_until=None)


async def editions_of(signature_id: int) -> list[LetterEdition]:
    """The files of a signature, oldest first."""
    return await LetterEdition.filter(signature_id=signature_id).order_by("id")


def _free(at: datetime) -> Q:
    return Q(claimed_until__isnull=True) | Q(claimed_until__lte=at)
