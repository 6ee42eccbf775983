"""The ledger of message credits: WeChat has no call that tells how many messages a person still allows (B73).

Each movement is a row that never changes; the balance beside them is what the postman asks, and both are written in
one transaction. ``crooked_balances`` proves that they agree.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from tortoise import fields
from tortoise.expressions import F
from tortoise.functions import Sum
from tortoise.models import Model

from domain.terms import CreditReason
from models.account import Account
from models.columns import UtcDatetime
from models.store import insert_once

BY_CITIZEN: Final = "citizen"
BY_PUSH: Final = "push"
_TWIN_WINDOW = timedelta(minutes=10)
_GIVEN = (CreditReason.GRANTED, CreditReason.CONFIRMED)


class MessageCredit(Model):
    """How many subscription messages an account still allows per template.

    CHECK ck_credit_balance: balance >= 0.
    """

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="credits", on_delete=fields.RESTRICT
    )
    account_id: int
    template = fields.CharField(max_length=64)
    balance = fields.IntField(default=0)

    class Meta:
        table = "message_credit"
        unique_together = (("account", "template"),)


class CreditMovement(Model):
    """Append-only: one change of a balance, why, and by what; ``reference`` makes it happen once."""

    id = fields.IntField(primary_key=True)
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", related_name="credit_movements", on_delete=fields.RESTRICT
    )
    account_id: int
    template = fields.CharField(max_length=64)
    change = fields.IntField()
    reason = fields.CharEnumField(CreditReason, max_length=12)
    reference = fields.CharField(max_length=120, unique=True)
    at = UtcDatetime()

    class Meta:
        table = "credit_movement"
        indexes = (("account", "template", "at"),)


async def grant_credit(account_id: int, template: str, *, told_by: str, key: str, at: datetime) -> bool:
    """Enter one consent; False when this very telling is entered already. Call it inside a transaction.

    WeChat and the citizen's phone tell of the same tap, with nothing in common but the minute. So a consent told by
    the one is the twin of one that only the other told of shortly before, and counts once.
    """
    await insert_once(MessageCredit, account_id=account_id, template=template, balance=0)
    await MessageCredit.filter(account_id=account_id, template=template).update(balance=F("balance") + 0)  # locks it
    recent = CreditMovement.filter(
        account_id=account_id, template=template, reason__in=_GIVEN, at__gt=at - _TWIN_WINDOW
    )
    told = await recent.filter(reference__startswith=f"{told_by}:").count()
    twin = await recent.exclude(reference__startswith=f"{told_by}:").count() > told
    reason, change = (CreditReason.CONFIRMED, 0) if twin else (CreditReason.GRANTED, 1)
    return await _enter(account_id, template, change, reason, f"{told_by}:{key}", at)


async def spend_credit(account_id: int, template: str, *, key: str, at: datetime) -> bool:
    """Enter a message that WeChat took; False when it is entered already, or nothing was left."""
    if not await MessageCredit.filter(account_id=account_id, template=template, balance__gt=0).exists():
        return False
    return await _enter(account_id, template, -1, CreditReason.SPENT, f"notice:{key}", at)


async def clear_credit(account_id: int, template: str, reason: CreditReason, *, key: str, at: datetime) -> int:
    """Enter that nothing is left, because the person or WeChat says so; how many consents that took away."""
    credit = await MessageCredit.get_or_none(account_id=account_id, template=template, balance__gt=0)
    if credit is None:
        return 0
    taken = credit.balance
    return taken if await _enter(account_id, template, -taken, reason, f"{reason}:{key}", at) else 0


async def credits_left(account_ids: Collection[int]) -> set[tuple[int, str]]:
    """The (account, template) pairs that a message may be sent for."""
    left = MessageCredit.filter(account_id__in=list(account_ids), balance__gt=0)
    return {(credit.account_id, credit.template) for credit in await left}


async def movements_of(account_id: int) -> list[CreditMovement]:
    """An account's ledger, oldest first."""
    return await CreditMovement.filter(account_id=account_id).order_by("id")


async def crooked_balances() -> list[tuple[int, str]]:
    """Accounts and templates whose balance is not the sum of its movements: there must be none."""
    sums = await CreditMovement.annotate(total=Sum("change")).group_by("account_id", "template").values(
        "account_id", "template", "total"
    )  # fmt: skip
    moved = {(row["account_id"], row["template"]): int(row["total"]) for row in sums}
    kept = {(credit.account_id, credit.template): credit.balance for credit in await MessageCredit.all()}
    return sorted(key for key in moved.keys() | kept.keys() if moved.get(key, 0) != kept.get(key, 0))


async def _enter(
    account_id: int, template: str, change: int, reason: CreditReason, reference: str, at: datetime
) -> bool:
    if not await insert_once(
        CreditMovement, account_id=account_id, template=template, change=change, reason=reason,
        reference=reference, at=at,
    ):  # fmt: skip
        return False
    await MessageCredit.filter(account_id=account_id, template=template).update(balance=F("balance") + change)
    return True
