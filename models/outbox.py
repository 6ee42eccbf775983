"""The postman's statements: notices claimed many at a time, and what became of them written together."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.notice import CHANNELS, Delivery, DeliveryOutcome
from domain.terms import Channel, CreditReason
from models.account import Account, bound_followers
from models.credit import clear_credit, credits_left, spend_credit
from models.group import Group
from models.many import Write, insert_all, inserting, read_as, rows, rows_written, writing
from models.notice import Notice, NoticeAttempt
from models.operator_task import open_task
from models.store import on_postgres, transaction

_LOST = ("next_channel", "broken", "failed", "given_up")
_CLAIM = """
UPDATE notice SET claimed_until = $1, attempts = attempts + 1 WHERE id IN (
    SELECT id FROM notice WHERE status = 'owed' AND due_at <= $2 AND (claimed_until IS NULL OR claimed_until < $2)
    ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED
) RETURNING *"""

_PEOPLE = "SELECT * FROM account WHERE id = ANY($1::int[])"
_MINORS = "SELECT id FROM service_case WHERE id = ANY($1::int[]) AND is_minor"
_CLOSE = """
UPDATE notice SET status = $1, channel = $2, settled_at = $3, claimed_until = NULL
WHERE id = ANY($4::int[]) AND status = 'owed'"""


@dataclass(frozen=True)
class Tried:
    """One try on one channel, as it is to be written; ``given_up`` when the channel is not tried again."""

    channel: Channel
    delivery: Delivery
    given_up: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of a claimed notice: closed by a ``status``, or given back until ``due_at``."""

    notice: Notice
    at: datetime
    tried: tuple[Tried, ...] = ()
    status: str = "owed"
    channel: Channel | None = None
    due_at: datetime | None = None
    trouble: str | None = None


@dataclass(frozen=True)
class Hand:
    """A claimed notice with all the postman needs to know of its person and of what was tried.

    ``of_minor``: its case was opened for a minor, who may be of age by now.
    """

    notice: Notice
    account: Account
    follower: str | None
    credit: bool
    lost: frozenset[Channel]
    tries: Any
    of_minor: bool = False


async def claim_notices(at: datetime, until: datetime, limit: int) -> list[Hand]:
    """Lease due notices by one statement; no two postmen ever hold the same one while its lease lasts."""
    claimed: list[Notice] = [read_as(Notice, row) for row in await rows(_CLAIM, until, at, limit)]
    if not claimed:
        return []
    claimed.sort(key=lambda notice: (notice.due_at, notice.id))
    people = sorted({notice.account_id for notice in claimed})
    by_wechat = {notice.account_id for notice in claimed if CHANNELS[notice.route] != (Channel.SMS,)}
    accounts = {row["id"]: read_as(Account, row) for row in await rows(_PEOPLE, people)}
    followers = await bound_followers(by_wechat) if by_wechat else {}
    left = await credits_left(by_wechat) if by_wechat else set[tuple[int, str]]()
    cases = sorted({notice.case_id for notice in claimed if notice.case_id is not None})
    minors = {row["id"] for row in await rows(_MINORS, cases)} if cases else set[int]()
    lost, tries = await _tried_before([notice.id for notice in claimed if notice.attempts > 1])
    return [
        Hand(
            notice, accounts[notice.account_id], followers.get(notice.account_id),
            (notice.account_id, notice.kind.value) in left, frozenset(lost[notice.id]), tries[notice.id],
            notice.case_id in minors,
        )
        for notice in claimed
    ]  # fmt: skip


async def pass_notice_on(notice_id: int, account_id: int) -> None:
    """Owe a notice to another account: the person it tells of is of age now."""
    await Notice.filter(id=notice_id, status="owed").update(account_id=account_id)


async def give_back(notice_ids: Collection[int]) -> None:
    """Claimed, and not tried after all: anybody may have them."""
    if notice_ids:
        await Notice.filter(id__in=list(notice_ids), status="owed").update(claimed_until=None)


def settle(outcome: Outcome) -> "asyncio.Future[None]":
    """Write what became of a notice, in one transaction with whatever else is to be written now; await it, or go on."""
    return _SETTLING.begin(outcome)


async def _settle(outcomes: Sequence[Outcome]) -> Sequence[None]:
    """Messages that went, which nearly all are, with their tries: one statement; anything more, a transaction."""
    if on_postgres() and all(map(_is_simple, outcomes)):
        await rows_written(*_closings(outcomes), inserting(NoticeAttempt, _attempts(outcomes)))
    else:
        async with transaction():
            await _settle_each(outcomes)
    return [None] * len(outcomes)


def _is_simple(outcome: Outcome) -> bool:
    by_consent = any(tried.channel is Channel.SUBSCRIBE_MESSAGE for tried in outcome.tried)
    return outcome.status != "owed" and outcome.trouble is None and bool(outcome.tried) and not by_consent


def _closings(outcomes: Sequence[Outcome]) -> list[Write]:
    groups: defaultdict[tuple[str, Channel | None], list[int]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.status != "owed":
            groups[outcome.status, outcome.channel].append(outcome.notice.id)
    settled_at = max(outcome.at for outcome in outcomes)
    return [writing(_CLOSE, status, channel, settled_at, ids) for (status, channel), ids in groups.items()]


async def _settle_each(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.status == "owed":
            again = Notice.filter(id=outcome.notice.id, status="owed")
            await again.update(due_at=outcome.due_at, claimed_until=None)
    if closings := _closings(outcomes):
        await rows_written(*closings)
    await insert_all(NoticeAttempt, _attempts(outcomes))
    for outcome in outcomes:
        await _settle_credit(outcome)
        if outcome.trouble is not None:
            await open_task("notice_broken", outcome.trouble[:80], outcome.at)


async def _settle_credit(outcome: Outcome) -> None:
    """A consent is spent when WeChat took the message; when it says that none is left, the ledger believes it."""
    for tried in outcome.tried:
        if tried.channel is not Channel.SUBSCRIBE_MESSAGE:
            continue
        notice, what = outcome.notice, tried.delivery.outcome
        if what is DeliveryOutcome.ACCEPTED:
            await spend_credit(notice.account_id, notice.kind, key=notice.dedupe_key, at=outcome.at)
        elif what is DeliveryOutcome.NEXT_CHANNEL:
            await clear_credit(
                notice.account_id, notice.kind, CreditReason.REFUSED, key=notice.dedupe_key, at=outcome.at
            )


_SETTLING: Group[Outcome, None] = Group(_settle, writers=1, reading=True)  # larger groups, fewer commits


def _attempts(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    return [_attempt(outcome, tried) for outcome in outcomes for tried in outcome.tried]


def _attempt(outcome: Outcome, tried: Tried) -> dict[str, Any]:
    word = "given_up" if tried.given_up else tried.delivery.outcome.value
    return {
        "notice_id": outcome.notice.id, "channel": tried.channel, "outcome": word,
        "provider_id": tried.delivery.provider_id, "error": tried.delivery.error, "at": outcome.at,
    }  # fmt: skip


async def _tried_before(
    notice_ids: Sequence[int],
) -> tuple[defaultdict[int, set[Channel]], defaultdict[int, defaultdict[Channel, int]]]:
    """For each notice, the channels that cannot reach the person, and how often each was busy."""
    lost: defaultdict[int, set[Channel]] = defaultdict(set)
    tries: defaultdict[int, defaultdict[Channel, int]] = defaultdict(lambda: defaultdict(int))
    if notice_ids:
        for attempt in await NoticeAttempt.filter(notice_id__in=list(notice_ids)):
            if attempt.outcome in _LOST:
                lost[attempt.notice_id].add(attempt.channel)
            elif attempt.outcome == DeliveryOutcome.RETRY_LATER:
                tries[attempt.notice_id][attempt.channel] += 1
    return lost, tries
