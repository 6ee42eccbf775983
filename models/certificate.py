"""Household registration certificates, and what travelled to the household station for them."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.terms import CertificateWay, TransmissionChannel, TransmissionPurpose
from models.case import Case
from models.columns import SealedBytes, SealedText, UtcDatetime
from models.staff import Staff
from models.store import insert_once, move


class HouseholdCertificate(Model):
    """What a certificate says, and once it is issued its number and its file. From then on nothing of it changes.

    Form 1 begins with the household station's answer: ``content``, ``checker`` and ``answered_at``.
    ``unit`` issued it; ``household_unit`` is the household station that verified it.
    """

    id = fields.IntField(primary_key=True)
    case: fields.OneToOneRelation[Case] = fields.OneToOneField(
        "models.Case", related_name="certificate", on_delete=fields.RESTRICT
    )
    case_id: int
    way = fields.CharEnumField(CertificateWay, max_length=20)
    content = SealedText()
    household_unit = fields.CharField(max_length=120, null=True)
    checker = SealedText(null=True)
    answered_at = UtcDatetime(null=True)
    number = fields.CharField(max_length=32, null=True, unique=True)
    unit = fields.CharField(max_length=120, null=True)
    issued_at = UtcDatetime(null=True)
    issued_by: fields.ForeignKeyNullableRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="certificates", on_delete=fields.RESTRICT, null=True
    )
    issued_by_id: int | None
    pdf = SealedBytes(null=True)

    class Meta:
        table = "household_certificate"


class Transmission(Model):
    """Append-only: papers of a case that went to the household station, by hand today (R164, R168, R169).

    ``digest`` is the SHA-256 of the package as it was made; ``told`` is whom the clerk spoke to there.
    """

    id = fields.IntField(primary_key=True)
    case: fields.ForeignKeyRelation[Case] = fields.ForeignKeyField(
        "models.Case", related_name="transmissions", on_delete=fields.RESTRICT
    )
    case_id: int
    purpose = fields.CharEnumField(TransmissionPurpose, max_length=20)
    channel = fields.CharEnumField(TransmissionChannel, max_length=20)
    to_unit = fields.CharField(max_length=120)
    told = SealedText(null=True)
    digest = fields.CharField(max_length=64)
    staff: fields.ForeignKeyRelation[Staff] = fields.ForeignKeyField(
        "models.Staff", related_name="transmissions", on_delete=fields.RESTRICT
    )
    staff_id: int
    sent_at = UtcDatetime()

    class Meta:
        table = "transmission"


async def write_content(case_id: int, **columns: Any) -> bool:
    """Write what a certificate is to say; False when that was written before."""
    return await insert_once(HouseholdCertificate, case_id=case_id, **columns)


async def issue_certificate(case_id: int, **columns: Any) -> bool:
    """Give the certificate its number and file; False when it was issued before."""
    return await move(HouseholdCertificate, {"case_id": case_id, "issued_at": None}, columns)


async def certificate_of(case_id: int) -> HouseholdCertificate | None:
    """The certificate of a case, issued or being made."""
    return await HouseholdCertificate.get_or_none(case_id=case_id)


async def find_certificate(number: str) -> HouseholdCertificate | None:
    """An issued certificate by its number, the case loaded."""
    return await HouseholdCertificate.get_or_none(number=number).select_related("case")


async def write_transmission(**columns: Any) -> None:
    """Append a transmission."""
    await Transmission.create(**columns)


async def transmissions_of(case_id: int) -> list[Transmission]:
    """What travelled, oldest first."""
    return await Transmission.filter(case_id=case_id).order_by("id")


async def is_filed(case_id: int) -> bool:
    """Whether the household station was sent the filing notice (R169)."""
    return await Transmission.filter(case_id=case_id, purpose=TransmissionPurpose.FILING).exists()
