"""The postman: takes due notices from the outbox and tries their channels until one takes and delivers them."""

import asyncio
import secrets
from collections import deque
from datetime import datetime, timedelta
from functools import partial

import structlog

from casework.apply_reports import apply_reports
from casework.book_together import BOOKINGS
from casework.deps import DELIVER_NOTICES, Deps
from casework.of_age import account_of
from domain.local_time import day_of
from domain.notice import AT_ONCE, CHANNELS, Delivery, DeliveryOutcome, next_sms_time
from domain.terms import Channel, NoticeKind
from models.case import find_case_by_id
from models.connect import UNAVAILABLE
from models.outbox import Hand, Outcome, Tried, claim_notices, give_back, pass_notice_on, settle
from templates.notices import NoticeText, render_notice

CARRIERS = 48  # messages on their way at once: a bound for the provider, and for what this loop does beside requests
BATCH = 4 * CARRIERS  # claimed at a time, at least: no carrier waits for the next claim
AHEAD_SECONDS = 0.1  # where messages go quickly, as many as go in this time
MOST_CLAIMED = 4 * BATCH
_INSTANT = 0.001
MOST_UNMARKED = 6 * CARRIERS  # answered and not marked yet: what a crash repeats, by ids the provider knows
MARKED_TOGETHER = 2 * CARRIERS  # so many at once, or whatever there is after this many seconds, or when nothing is left
MARKED_WITHIN = 0.02
SHIFT_SECONDS = 15.0  # then nothing more is claimed
OVERTIME_SECONDS = 5.0  # then what was not tried is given back: with the slowest provider the job ends within its 30 s
LEASE = timedelta(seconds=45)  # longer than the 30 s a job may run; a dead worker's notices come back after it
STANDS_BACK = 0.5  # seconds the next claim waits while people press for places: a message may come that much later
MOST_TRIES = 12  # on one channel
MOST_CLAIMS = 60  # more than all channels together can need: what comes so often ends the postman each time
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=30)
WITH_REPORTS = frozenset({Channel.SUBSCRIBE_MESSAGE, Channel.ACCOUNT_TEMPLATE})
log = structlog.get_logger()


async def deliver_due(deps: Deps) -> int:
    """Act on providers' reports, then deliver every notice that is due; returns how many were taken in hand.

    Safe to run twice at once: notices are leased by one statement. Within a process one run is enough: who comes while
    one is under way makes it look once more, and has taken none. The provider is asked outside of any transaction; a
    crash between its answer and our mark repeats the message, which an SMS provider and the Official Account drop by
    its id and WeChat refuses for want of a second consent. What this run cannot finish in time, the next one does.
    """
    await apply_reports(deps)
    under_way = _ROUNDS.get(id(deps.queue))
    if under_way is not None and under_way.looks_again():
        return 0
    mine = _ROUNDS[id(deps.queue)] = _Round(deps)
    try:
        return await mine.deliver()
    finally:
        if _ROUNDS.get(id(deps.queue)) is mine:
            del _ROUNDS[id(deps.queue)]


_ROUNDS: dict[int, "_Round"] = {}  # under way in this process, by the queue they belong to


class _Round:
    """One run of the postman: a line of claimed notices, filled as it empties, and carriers that serve it."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._line: deque[Hand] = deque()
        self._filling = asyncio.Lock()
        self._dry = self._again = False
        self._answered: list[Outcome] = []
        self._soon: asyncio.TimerHandle | None = None
        self._unmarked = 0
        self._some_marked = asyncio.Event()
        self._clock = asyncio.get_running_loop().time
        self._ends_at = self._clock() + SHIFT_SECONDS
        self._taken = 0
        self._claims = BATCH
        self._claimed_at, self._taken_then = self._clock(), 0

    def looks_again(self) -> bool:
        """Whether this round will look once more at what is due, after this moment."""
        self._again = asyncio.get_running_loop().time() <= self._ends_at
        return self._again

    async def deliver(self) -> int:
        await self._pass()
        while self._again and self._dry:
            self._again = self._dry = False
            await self._pass()
        if not self._dry:
            await self._deps.queue.wake(DELIVER_NOTICES)
        return self._taken

    async def _pass(self) -> None:
        """Everything that is due, until nothing is left or the shift is over."""
        await self._fill()
        try:
            async with asyncio.TaskGroup() as carriers:
                for _ in range(min(CARRIERS, len(self._line))):
                    carriers.create_task(self._carry_all())
        finally:
            self._mark()
            await self._marked_down_to(0)
            if self._line:
                await give_back([hand.id for hand in self._line])
                self._line.clear()
                self._dry = False

    async def _fill(self) -> None:
        """Claim the next notices; one carrier at a time asks."""
        async with self._filling:
            if self._dry or not self._is_short() or self._clock() > self._ends_at:
                return
            await BOOKINGS.lull(STANDS_BACK)
            self._claims = self._next_claims()
            now = self._deps.clock.now()
            claimed = await claim_notices(now, now + LEASE, self._claims)
            self._dry = not claimed
            self._line.extend(claimed)

    def _is_short(self) -> bool:
        return len(self._line) < self._claims // 2

    def _next_claims(self) -> int:
        """How many to claim: by how many went since the last time."""
        now, taken = self._clock(), self._taken - self._taken_then
        pace = taken / max(now - self._claimed_at, _INSTANT)
        self._claimed_at, self._taken_then = now, self._taken
        return min(max(BATCH, int(pace * AHEAD_SECONDS)), MOST_CLAIMED)

    async def _carry_all(self) -> None:
        over = self._ends_at + OVERTIME_SECONDS
        while self._clock() < over:
            if self._is_short() and not self._dry and not self._filling.locked():
                await self._fill()
            if not self._line:
                async with self._filling:  # somebody may be fetching more
                    pass
                if not self._line:
                    return
            await self._carry(self._line.popleft())

    async def _carry(self, hand: Hand) -> None:
        """Whatever goes wrong with one notice keeps nobody else waiting; it comes back when its lease is over."""
        self._taken += 1
        try:
            outcome = await _deliver(self._deps, hand)
        except Exception as trouble:  # noqa: BLE001 – its text may quote a person, so only its kind is told
            _failed(hand.id, trouble)
            return
        await self._marked_down_to(MOST_UNMARKED - 1)
        self._unmarked += 1
        self._answered.append(outcome)
        if len(self._answered) >= MARKED_TOGETHER or not self._line:
            self._mark()
        elif self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(MARKED_WITHIN, self._mark)

    async def _marked_down_to(self, most: int) -> None:
        while self._unmarked > most:
            self._some_marked.clear()
            await self._some_marked.wait()

    def _mark(self) -> None:
        """Begin to write what was answered; it is written beside the next messages."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        outcomes, self._answered = self._answered, []
        if outcomes:
            self._write(outcomes)

    def _write(self, outcomes: list[Outcome]) -> None:
        try:
            settle(outcomes).add_done_callback(partial(self._written, outcomes))
        except UNAVAILABLE as trouble:
            self._not_written(outcomes, trouble)

    def _written(self, outcomes: list[Outcome], mark: "asyncio.Future[None]") -> None:
        trouble = None if mark.cancelled() else mark.exception()
        if trouble is not None:
            self._not_written(outcomes, trouble)
        else:
            self._done(outcomes)

    def _not_written(self, outcomes: list[Outcome], trouble: BaseException) -> None:
        """One of them may be bad; which one is found out one by one."""
        if len(outcomes) > 1 and not isinstance(trouble, UNAVAILABLE):
            for outcome in outcomes:
                self._write([outcome])
            return
        for outcome in outcomes:
            _failed(outcome.notice.id, trouble)
        self._done(outcomes)

    def _done(self, outcomes: list[Outcome]) -> None:
        self._unmarked -= len(outcomes)
        self._some_marked.set()


def _failed(notice_id: int, trouble: BaseException) -> None:
    log.error("notice_failed", notice=notice_id, trouble=type(trouble).__name__)


async def _deliver(deps: Deps, hand: Hand) -> Outcome:
    """Try the channels in their order; what is to be written about it."""
    now = deps.clock.now()
    if hand.attempts > MOST_CLAIMS:
        return _unreached(deps, hand, (), f"{hand.kind}: never gets through the postman")
    if hand.of_minor and (elsewhere := await _now_elsewhere(deps, hand)) is not None:
        return elsewhere
    text = render_notice(hand.kind, hand.facts)
    tried: list[Tried] = []
    trouble: str | None = None
    for channel in CHANNELS[hand.route]:
        if channel in hand.lost or not _can_go(hand, channel):
            continue
        morning = _morning(deps, hand.kind, now) if channel is Channel.SMS else None
        if morning is not None:
            return Outcome(hand, now, tuple(tried), due_at=morning, trouble=trouble)
        delivery = await _send(deps, hand, channel, text)
        later, tries = delivery.outcome is DeliveryOutcome.RETRY_LATER, hand.tries.get(channel, 0)
        given_up = later and tries >= MOST_TRIES
        tried.append(Tried(channel, delivery, given_up))
        if delivery.outcome is DeliveryOutcome.ACCEPTED:
            return Outcome(hand, deps.clock.now(), tuple(tried), _accepted(deps, channel), channel, trouble=trouble)
        if later and not given_up:
            log.warning("notice_postponed", notice=hand.id, kind=hand.kind, channel=channel, error=delivery.error)
            again = deps.clock.now() + _wait(tries)
            return Outcome(hand, deps.clock.now(), tuple(tried), due_at=again, trouble=trouble)
        if delivery.outcome is DeliveryOutcome.BROKEN:
            trouble = f"{hand.kind} by {channel}: {delivery.error}"
    return _unreached(deps, hand, tuple(tried), trouble)


async def _now_elsewhere(deps: Deps, hand: Hand) -> Outcome | None:
    """Owed to a guardian, and due after the eighteenth birthday: the person's own account is told, or nobody (C6.9)."""
    assert hand.case_id is not None
    now, owner = deps.clock.now(), await account_of(deps, await find_case_by_id(hand.case_id))
    if owner == hand.account_id:
        return None
    if owner is None:
        return Outcome(hand, now, status="skipped")
    await pass_notice_on(hand.id, owner)
    return Outcome(hand, now, due_at=now)


def _can_go(hand: Hand, channel: Channel) -> bool:
    """Whether the channel leads to this person at all."""
    if channel is Channel.SMS:
        return hand.sealed_phone is not None
    return hand.follower is not None if channel is Channel.ACCOUNT_TEMPLATE else hand.credit


def _morning(deps: Deps, kind: NoticeKind, now: datetime) -> datetime | None:
    """When an SMS may go that may not go now; what is told at any hour asks no rule."""
    return None if kind in AT_ONCE else next_sms_time(deps.rulebook.on(day_of(now)), kind, now)


async def _send(deps: Deps, hand: Hand, channel: Channel, text: NoticeText) -> Delivery:
    if channel is Channel.SMS:
        return await deps.sms.send(phone=hand.phone, text=text.sms, message_id=hand.dedupe_key)
    if channel is Channel.SUBSCRIBE_MESSAGE:
        return await deps.mini_program.send_subscribe_message(
            openid=hand.openid, template_id=deps.settings.template_ids[hand.kind], page=text.page, data=text.subscribe
        )
    if deps.official_account is None or hand.follower is None:
        return Delivery(DeliveryOutcome.NEXT_CHANNEL, error="no_account")
    return await deps.official_account.send_template_message(
        openid=hand.follower,
        template_id=deps.settings.account_template_ids[hand.kind],
        data=text.account,
        page=text.page,
        message_id=hand.dedupe_key,
    )


def _accepted(deps: Deps, channel: Channel) -> str:
    """Taken by the provider; it counts as delivered only when that is told, where it is going to be told."""
    told_later = channel in WITH_REPORTS or deps.settings.sms_reports
    return "sent" if told_later else "delivered"


def _wait(tries: int) -> timedelta:
    """Twice as long each time, with jitter so that a provider's recovery isn't met by everyone at once."""
    wait: timedelta = min(FIRST_WAIT * 2**tries, LONGEST_WAIT)
    return wait * (1 + secrets.randbelow(25) / 100)


def _unreached(deps: Deps, hand: Hand, tried: tuple[Tried, ...], trouble: str | None) -> Outcome:
    """Nobody was reached. A mere addition to an SMS is only left out."""
    status = "skipped" if hand.route == "wechat" else "unreached"
    log.info("notice_settled", notice=hand.id, kind=hand.kind, status=status)
    return Outcome(hand, deps.clock.now(), tried, status, trouble=trouble)
