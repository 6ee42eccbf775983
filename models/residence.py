"""Residence declarations (居住信息申报): where the applicant lives, and by which tie."""

from typing import Any

from tortoise import fields
from tortoise.models import Model

from domain.terms import ProofKind, Whose
from models.account import Account
from models.columns import SealedText, UtcDatetime
from models.person import Person


class ResidenceDeclaration(Model):
    """Append-only: facts declared on a day under the rules of that day (hop 1).

    ``proof`` and ``proof_of`` are null where residence information replaces papers (R047); ``declared_locally`` then
    says that the person registered it in the province's own residence service.
    """

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="declarations", on_delete=fields.RESTRICT
    )
    account_id: int
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="declarations", on_delete=fields.RESTRICT
    )
    person_id: int
    division = fields.CharField(max_length=6)
    address = SealedText()
    proof = fields.CharEnumField(ProofKind, max_length=20, null=True)
    proof_of = fields.CharEnumField(Whose, max_length=20, null=True)
    declared_locally = fields.BooleanField()
    declared_at = UtcDatetime()
    rule_day = fields.DateField()

    class Meta:
        table = "residence_declaration"


async def write_declaration(**columns: Any) -> ResidenceDeclaration:
    """Write a declaration."""
    return await ResidenceDeclaration.create(**columns)


async def declaration_of(account_id: int, declaration_id: int) -> ResidenceDeclaration | None:
    """A declaration of this account, its person loaded."""
    return await ResidenceDeclaration.get_or_none(account_id=account_id, id=declaration_id).select_related("person")
