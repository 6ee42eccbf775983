"""Many rows at once for the training tenant; ordinary acts write their own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.terms import Channel, ServiceItem, StaffRole
from models.account import Account, Consent, openid_index
from models.card import Card, Release
from models.case import Case, CaseEvent
from models.columns import blind_index
from models.deadline import Deadline
from models.many import insert_all
from models.notice import Notice
from models.person import Person, identity_index
from models.place import AcceptancePoint
from models.slot import Booking, Slot
from models.staff import Staff

TRAINING = "training"
"""The app of the invented accounts: nobody can sign in by it."""

_TABLES = {
    "account": Account, "consent": Consent, "person": Person, "case": Case, "event": CaseEvent, "slot": Slot,
    "booking": Booking, "card": Card, "release": Release, "deadline": Deadline, "notice": Notice,
}  # fmt: skip
_AT_ONCE = 500
Rows = Sequence[dict[str, Any]]


async def is_trained() -> bool:
    """Whether the invented people are there already."""
    return await Account.filter(appid=TRAINING).exists()


async def put(table: str, rows: Rows, key: str | None = None) -> dict[Any, int]:
    """Insert rows that name the same columns; with ``key`` the ids by that column."""
    ids: dict[Any, int] = {}
    for start in range(0, len(rows), _AT_ONCE):
        made = await insert_all(_TABLES[table], rows[start : start + _AT_ONCE], f"id, {key}" if key else "")
        ids |= {row[key]: row["id"] for row in made} if key else {}
    return ids


async def slots_there() -> dict[tuple[int, datetime], int]:
    """Every slot row of the first card by point and start."""
    found = Slot.filter(item=ServiceItem.ID_CARD_FIRST_APPLICATION)
    return {(slot.point_id, slot.starts_at): slot.id for slot in await found}


async def counters_of_demo() -> list[dict[str, Any]]:
    """The demo's points, each with its clerk's user name."""
    points = await AcceptancePoint.filter(is_demo=True).order_by("id")
    return [
        {"id": p.id, "code": p.code, "name": p.name, "division": p.division, "clerk": p.code.lower()} for p in points
    ]


def account_of(order: int, **columns: Any) -> dict[str, Any]:
    """The columns of an invented account."""
    openid = f"{TRAINING}-{order}"
    phone = str(columns["phone"])
    return {
        "appid": TRAINING, "openid": openid, "openid_index": openid_index(TRAINING, openid),
        "phone_index": blind_index(phone, "phone"), **columns,
    }  # fmt: skip


def index_of(identity_number: str) -> str:
    """The blind index of an identity number."""
    return identity_index(identity_number)


async def clerk_at(point_id: int) -> Staff | None:
    """A clerk of a point."""
    return await Staff.filter(point_id=point_id, role=StaffRole.CLERK).order_by("id").first()


async def settle_notices(now: datetime) -> None:
    """Nobody is written to: what is owed to the invented counts as told, or as skipped where its hour is ahead."""
    ids = await Account.filter(appid=TRAINING).values_list("id", flat=True)
    for start in range(0, len(ids), _AT_ONCE):
        owed = Notice.filter(account_id__in=list(ids[start : start + _AT_ONCE]), status="owed")
        await owed.filter(due_at__gt=now).update(status="skipped", settled_at=now)
        await owed.update(status="delivered", channel=Channel.SMS, settled_at=now, attempts=1)
