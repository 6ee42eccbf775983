"""The postman's statements: notices claimed many at a time, and what became of them written together."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from tortoise.expressions import F

from domain.notice import CHANNELS, Delivery, DeliveryOutcome
from domain.terms import Channel, CreditReason, NoticeKind
from models.account import Account, bound_followers
from models.columns import opened
from models.credit import clear_credit, credits_left, spend_credit
from models.group import Group
from models.many import Row, Write, rows, rows_written, writing
from models.notice import Notice, NoticeAttempt
from models.operator_task import open_task
from models.store import on_postgres, transaction

_KINDS = {kind.value: kind for kind in NoticeKind}
_BY_SMS_ALONE = frozenset(route for route, channels in CHANNELS.items() if channels == (Channel.SMS,))
_NEVER: Mapping[Channel, int] = {}
_LOST = ("next_channel", "broken", "failed", "given_up")
_CLAIM = """
UPDATE notice SET claimed_until = $1, attempts = attempts + 1 WHERE id IN (
    SELECT id FROM notice WHERE status = 'owed' AND due_at <= $2 AND (claimed_until IS NULL OR claimed_until < $2)
    ORDER BY due_at, id LIMIT $3 FOR UPDATE SKIP LOCKED
) RETURNING id, dedupe_key, kind, route, account_id, case_id, attempts, facts, due_at"""

_PEOPLE = "SELECT id, phone, openid FROM account WHERE id = ANY($1::int[])"
_MINORS = "SELECT id FROM service_case WHERE id = ANY($1::int[]) AND is_minor"
_CLOSE = """
UPDATE notice SET status = $1, channel = $2, settled_at = $3, claimed_until = NULL
WHERE id = ANY($4::int[]) AND (status = 'owed') IS TRUE"""  # so said, it is no reason to read all that are owed
_POSTPONE = """
UPDATE notice SET due_at = given.due_at, claimed_until = NULL
FROM unnest($1::int[], $2::timestamptz[]) AS given (id, due_at)
WHERE notice.id = given.id AND (status = 'owed') IS TRUE"""
_TRY = """
INSERT INTO notice_attempt (notice_id, channel, outcome, provider_id, error, at)
SELECT notice_id, channel, outcome, provider_id, error, at
FROM unnest(
    $1::int[], $2::varchar[], $3::varchar[], $4::varchar[], $5::varchar[], $6::timestamptz[]
) AS given (notice_id, channel, outcome, provider_id, error, at)"""


class Hand(NamedTuple):
    """A claimed notice with all the postman needs to know of its person and of what was tried.

    What is sealed is opened when it is asked for: a value that does not open keeps nobody else waiting. ``attempts``:
    how often it was claimed, with this time; ``follower``: the person's openid at the Official Account; ``credit``:
    whether a consent to a message of this kind is left; ``lost``: channels that cannot reach the person; ``tries``: how
    often a channel was busy. ``of_minor``: its case was opened for a minor, who may be of age by now.
    """

    id: int
    dedupe_key: str
    kind: NoticeKind
    route: str
    account_id: int
    case_id: int | None
    attempts: int
    sealed_facts: bytes
    sealed_phone: bytes | None
    sealed_openid: bytes
    follower: str | None
    credit: bool
    of_minor: bool
    lost: Collection[Channel]
    tries: Mapping[Channel, int]

    @property
    def facts(self) -> dict[str, Any]:
        """What the notice tells. Raises SealBroken."""
        told: dict[str, Any] = opened(Notice, "facts", self.sealed_facts)
        return told

    @property
    def phone(self) -> str:
        """The person's number, where there is one. Raises SealBroken."""
        return str(opened(Account, "phone", self.sealed_phone))

    @property
    def openid(self) -> str:
        """Who the person is at WeChat. Raises SealBroken."""
        return str(opened(Account, "openid", self.sealed_openid))


class Tried(NamedTuple):
    """One try on one channel, as it is to be written; ``given_up`` when the channel is not tried again."""

    channel: Channel
    delivery: Delivery
    given_up: bool = False


class Outcome(NamedTuple):
    """What became of a claimed notice: closed by a ``status``, or given back until ``due_at``."""

    notice: Hand
    at: datetime
    tried: tuple[Tried, ...] = ()
    status: str = "owed"
    channel: Channel | None = None
    due_at: datetime | None = None
    trouble: str | None = None


async def claim_notices(at: datetime, until: datetime, limit: int) -> list[Hand]:
    """Lease due notices by one statement; no two postmen ever hold the same one while its lease lasts."""
    claimed = await rows(_CLAIM, until, at, limit)
    if not claimed:
        return []
    people = {row["id"]: row for row in await rows(_PEOPLE, sorted({row["account_id"] for row in claimed}))}
    by_wechat = {row["account_id"] for row in claimed if row["route"] not in _BY_SMS_ALONE}
    followers = await bound_followers(by_wechat) if by_wechat else {}
    left = await credits_left(by_wechat) if by_wechat else set[tuple[int, str]]()
    cases = sorted({row["case_id"] for row in claimed if row["case_id"] is not None})
    minors = {row["id"] for row in await rows(_MINORS, cases)} if cases else set[int]()
    lost, tries = await _tried_before([row["id"] for row in claimed if row["attempts"] > 1])
    return [
        Hand(  # by their order: for each notice, naming fifteen of them costs more than anything else here
            row["id"], row["dedupe_key"], _KINDS[row["kind"]], row["route"], owner := row["account_id"],
            row["case_id"], row["attempts"], row["facts"], people[owner]["phone"], people[owner]["openid"],
            followers.get(owner), (owner, row["kind"]) in left, row["case_id"] in minors,
            lost.get(row["id"], ()), tries.get(row["id"], _NEVER),
        )
        for row in sorted(claimed, key=_order)
    ]  # fmt: skip


def _order(row: Row) -> tuple[Any, int]:
    return row["due_at"], row["id"]


async def pass_notice_on(notice_id: int, account_id: int) -> None:
    """Owe a notice to another account: the person it tells of is of age now."""
    await Notice.filter(id=notice_id, status="owed").update(account_id=account_id)


async def give_back(notice_ids: Collection[int]) -> None:
    """Claimed, and not tried after all: anybody may have them, and it counts as no attempt."""
    if notice_ids:
        claimed = Notice.filter(id__in=list(notice_ids), status="owed")
        await claimed.update(claimed_until=None, attempts=F("attempts") - 1)


def settle(outcomes: Sequence[Outcome]) -> "asyncio.Future[None]":
    """Write what became of notices, in one transaction with whatever else is to be written now; await it, or go on.

    Of these all are written or none: whoever is told of a mistake tries one by one.
    """
    return _SETTLING.begin(outcomes)


async def _settle(together: Sequence[Sequence[Outcome]]) -> Sequence[None]:
    """What became of nearly all is one statement; where a consent was asked for or a person has to look, more."""
    outcomes = [outcome for some in together for outcome in some]
    writes = [*_closings(outcomes), *_postponements(outcomes), *_tries(outcomes)]
    more = [outcome for outcome in outcomes if outcome.trouble is not None or _by_consent(outcome)]
    if on_postgres() and not more:
        await rows_written(*writes)
        return [None] * len(together)
    async with transaction():
        await rows_written(*writes)
        for outcome in more:
            await _settle_credit(outcome)
            if outcome.trouble is not None:
                await open_task("notice_broken", outcome.trouble[:80], outcome.at)
    return [None] * len(together)


def _by_consent(outcome: Outcome) -> bool:
    return Channel.SUBSCRIBE_MESSAGE in [tried.channel for tried in outcome.tried]


def _closings(outcomes: Sequence[Outcome]) -> list[Write]:
    groups: defaultdict[tuple[str, Channel | None], list[int]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.status != "owed":
            groups[outcome.status, outcome.channel].append(outcome.notice.id)
    settled_at = max(outcome.at for outcome in outcomes)
    return [writing(_CLOSE, status, channel, settled_at, ids) for (status, channel), ids in groups.items()]


def _postponements(outcomes: Sequence[Outcome]) -> list[Write]:
    later = [(outcome.notice.id, outcome.due_at) for outcome in outcomes if outcome.status == "owed"]
    return [writing(_POSTPONE, *map(list, zip(*later, strict=True)))] if later else []


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


_SETTLING: Group[Sequence[Outcome], None] = Group(_settle, writers=1, reading=True)  # larger groups, fewer commits


def _tries(outcomes: Sequence[Outcome]) -> list[Write]:
    tries = [
        (outcome.notice.id, channel.value, _word(delivery, given_up), delivery.provider_id, delivery.error, outcome.at)
        for outcome in outcomes
        for channel, delivery, given_up in outcome.tried
    ]
    return [writing(_TRY, *map(list, zip(*tries, strict=True)))] if tries else []


def _word(delivery: Delivery, given_up: bool) -> str:
    return "given_up" if given_up else delivery.outcome.value


async def _tried_before(
    notice_ids: Sequence[int],
) -> tuple[defaultdict[int, set[Channel]], defaultdict[int, defaultdict[Channel, int]]]:
    """For each notice that was tried, the channels that cannot reach the person, and how often each was busy."""
    lost: defaultdict[int, set[Channel]] = defaultdict(set)
    tries: defaultdict[int, defaultdict[Channel, int]] = defaultdict(lambda: defaultdict(int))
    if notice_ids:
        for attempt in await NoticeAttempt.filter(notice_id__in=list(notice_ids)):
            if attempt.outcome in _LOST:
                lost[attempt.notice_id].add(attempt.channel)
            elif attempt.outcome == DeliveryOutcome.RETRY_LATER:
                tries[attempt.notice_id][attempt.channel] += 1
    return lost, tries
