"""Owe a notice: a row in the outbox, in the transaction of the event that owes it."""

from datetime import datetime
from typing import Any

from casework.deps import Deps
from casework.of_age import account_of
from domain.applicant import mask_name
from domain.terms import NoticeKind
from models.case import Case
from models.notice import drop_owed, owe_notice
from templates.labels import label
from templates.shown import when

CHAIN = "chain"  # subscription message while a consent is left, else SMS
SMS = "sms"
WECHAT = "wechat"

MUST_REACH = frozenset(
    {
        NoticeKind.READY_FOR_PICKUP,
        NoticeKind.ISSUANCE_REFUSED,
        NoticeKind.CERTIFICATE_READY,
        NoticeKind.CERTIFICATE_UNVERIFIABLE,
    }
)
"""Told by SMS whatever WeChat does (R106, R117, R166, R167); WeChat comes on top."""


async def owe(
    deps: Deps, case: Case, kind: NoticeKind, event: str, *, due_at: datetime | None = None, **facts: str | None
) -> bool:
    """Owe the account a case belongs to one notice for one event, however often this runs (C6.5); False: owed already.

    ``event`` tells events of one kind apart. ``due_at``: not before then. Facts that are None are left out; a name
    stands masked.
    """
    account_id = await account_of(deps, case)
    if account_id is None:
        return False
    rows = owed(deps.clock.now(), case, kind, event, due_at=due_at, **facts)
    return any([await owe_notice(**(row | {"account_id": account_id})) for row in rows])


def owed(
    now: datetime, case: Case, kind: NoticeKind, event: str, *, due_at: datetime | None = None, **facts: str | None
) -> list[dict[str, Any]]:
    """What ``owe`` writes: a row for each route."""
    told = {
        "name": mask_name(str(case.form["name"])),
        "item": label(case.item),
        "number": case.number,
        **({} if "time" in facts else {"time": when(now)}),
        **facts,
    }
    written = {name: text for name, text in told.items() if text is not None}
    return [
        {
            "dedupe_key": f"{notice_key(case, kind, event)}:{route}", "kind": kind, "account_id": case.account_id,
            "case_id": case.id, "facts": written, "route": route, "owed_at": now, "due_at": due_at or now,
        }
        for route in ((SMS, WECHAT) if kind in MUST_REACH else (CHAIN,))
    ]  # fmt: skip


async def owe_account(deps: Deps, account_id: int, kind: NoticeKind, subject: str, **facts: str) -> bool:
    """Owe an account one notice about something that is no case, and that ``subject`` names; False: owed already."""
    now = deps.clock.now()
    return await owe_notice(
        dedupe_key=f"{subject}:{kind}:once:{CHAIN}", kind=kind, account_id=account_id,
        facts={"time": when(now), **facts}, route=CHAIN, owed_at=now, due_at=now,
    )  # fmt: skip


async def drop_notices(deps: Deps, case: Case) -> None:
    """Nobody is told any more what was owed about a case and not sent."""
    await drop_owed(f"{case.number}:", deps.clock.now())


def event_of(key: str) -> str:
    """The event a notice tells of, from its key: the same for all its routes."""
    return key.rpartition(":")[0]


def notice_key(case: Case, kind: NoticeKind, event: str) -> str:
    """What the keys of a notice begin with, whatever its route."""
    return f"{case.number}:{kind}:{event}"
