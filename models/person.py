"""People as an account declared them: the citizen and the minors the citizen is guardian of."""

from datetime import datetime

from tortoise import fields
from tortoise.exceptions import IntegrityError
from tortoise.models import Model

from domain.terms import GuardianRelation, GuardianshipCase
from models.account import Account
from models.columns import SealedText, UtcDatetime, blind_index
from models.store import insert_once, transaction


class Person(Model):
    """A person as one account declared them: a draft for matching at the counter, never an identification (R070).

    ``identity_index`` is the blind index of the identity number, unique within an account. At most one row per
    account has ``is_self`` (partial unique index uq_person_self ON person(account_id) WHERE is_self).
    """

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="persons", on_delete=fields.RESTRICT
    )
    account_id: int
    is_self = fields.BooleanField()
    name = SealedText()
    identity_number = SealedText()
    identity_index = fields.CharField(max_length=64, db_index=True)
    household_division = fields.CharField(max_length=6)
    household_address = SealedText()
    collective_household = fields.BooleanField()
    declared_at = UtcDatetime()

    class Meta:
        table = "person"
        unique_together = (("account", "identity_index"),)


class Guardianship(Model):
    """Append-only: which person says to be guardian of which minor, and how it will be shown (R044–R046).

    A correction is a new row: the newest of a ward counts.
    """

    id = fields.IntField(primary_key=True)
    guardian: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="wards", on_delete=fields.RESTRICT
    )
    guardian_id: int
    ward: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="guardianships", on_delete=fields.RESTRICT
    )
    ward_id: int
    relation = fields.CharEnumField(GuardianRelation, max_length=20)
    shown_by = fields.CharEnumField(GuardianshipCase, max_length=24)
    declared_at = UtcDatetime()

    class Meta:
        table = "guardianship"


def identity_index(identity_number: str) -> str:
    """The blind index of an identity number."""
    return blind_index(identity_number, "identity_number")


async def account_of_person(identity_index: str, name: str) -> int | None:
    """The account whose holder says to be this person of this name, the newest declaration counting."""
    said = await Person.filter(identity_index=identity_index, is_self=True).order_by("-declared_at", "-id")
    return next((own.account_id for own in said if own.name == name), None)


async def declare_person(account_id: int, *, is_self: bool, identity_number: str, **declared: object) -> Person | None:
    """Write a person of this account; None when the account already holds this number or, for self, a self."""
    index = identity_index(identity_number)
    made = await insert_once(
        Person,
        account_id=account_id,
        is_self=is_self,
        identity_number=identity_number,
        identity_index=index,
        **declared,
    )
    return await Person.get(account_id=account_id, identity_index=index) if made else None


async def own_person(account_id: int) -> Person | None:
    """The account holder as a person, once declared."""
    return await Person.get_or_none(account_id=account_id, is_self=True)


async def person_of(account_id: int, person_id: int) -> Person | None:
    """A person of this account; nobody else's."""
    return await Person.get_or_none(account_id=account_id, id=person_id)


async def persons_of(account_id: int) -> list[Person]:
    """All persons of an account, the holder first."""
    return await Person.filter(account_id=account_id).order_by("-is_self", "id")


async def declare_guardianship(
    guardian_id: int, ward_id: int, relation: GuardianRelation, shown_by: GuardianshipCase, at: datetime
) -> None:
    """Write a guardianship."""
    await Guardianship.create(
        guardian_id=guardian_id, ward_id=ward_id, relation=relation, shown_by=shown_by, declared_at=at
    )


async def guardianship_of(ward_id: int) -> Guardianship | None:
    """The guardianship of a ward as declared last, with the guardian loaded."""
    return await Guardianship.filter(ward_id=ward_id).select_related("guardian").order_by("-id").first()


async def correct_person(person_id: int, *, identity_number: str, **declared: object) -> bool:
    """Write corrected facts over a person's row; False when the account holds the number as somebody else already."""
    try:
        async with transaction():
            index = identity_index(identity_number)
            changed = {"identity_number": identity_number, "identity_index": index, **declared}
            return await Person.filter(id=person_id).update(**changed) == 1
    except IntegrityError:
        return False
