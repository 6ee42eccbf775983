"""The postman: takes due notices from the outbox and tries their channels until one accepts."""

import secrets
from datetime import timedelta

import structlog

from casework.deps import Deps
from casework.owe import CHAIN, SMS, WECHAT
from domain.notice import Delivery, DeliveryOutcome
from domain.terms import Channel, CreditReason
from models.credit import clear_credit, credits_left, spend_credit
from models.notice import (
    Notice,
    channels_given_up,
    claim_notice,
    due_notices,
    postpone_notice,
    settle_notice,
    write_attempt,
)
from models.store import transaction
from templates.notices import NoticeText, render_notice

BATCH = 50
LEASE = timedelta(seconds=45)  # longer than the 30 s a job may run; a dead worker's notices come back after it
MOST_ATTEMPTS = 12
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=5), timedelta(minutes=30)
CHANNELS = {
    CHAIN: (Channel.SUBSCRIBE_MESSAGE, Channel.SMS),
    SMS: (Channel.SMS,),
    WECHAT: (Channel.SUBSCRIBE_MESSAGE,),
}
log = structlog.get_logger()


async def deliver_due(deps: Deps) -> int:
    """Deliver every notice that is due; returns how many were taken in hand.

    Safe to run twice at once: each notice is leased by one conditional UPDATE. The provider is asked outside of any
    transaction; a crash between its answer and our mark repeats the message, which an SMS provider drops by its id and
    WeChat refuses for want of a second consent. So a consent is spent in our ledger only when WeChat took the message.
    """
    taken = 0
    while ids := await due_notices(deps.clock.now(), BATCH):
        handled = sum([await _handle(deps, notice_id) for notice_id in ids])
        if not handled:
            break
        taken += handled
    return taken


async def _handle(deps: Deps, notice_id: int) -> bool:
    """Claim one notice and deliver it at once: its lease never runs out while others are served first.

    Whatever goes wrong with one notice keeps nobody else waiting; it comes back when its lease is over.
    """
    try:
        notice = await _claim(deps, notice_id)
        if notice is None:
            return False
        await _deliver(deps, notice)
    except Exception as trouble:  # noqa: BLE001 – its text may quote a person, so only its kind is told
        log.error("notice_failed", notice=notice_id, trouble=type(trouble).__name__)  # noqa: TRY400
    return True


async def _claim(deps: Deps, notice_id: int) -> Notice | None:
    now = deps.clock.now()
    return await claim_notice(notice_id, now, now + LEASE)


async def _deliver(deps: Deps, notice: Notice) -> None:
    text = render_notice(notice.kind, notice.facts)
    given_up = await channels_given_up(notice.id)
    for channel in CHANNELS[notice.route]:
        if channel in given_up:
            continue
        delivery = await _try(deps, notice, channel, text)
        if delivery is None:
            continue
        if delivery.outcome is DeliveryOutcome.ACCEPTED:
            return await _settle(deps, notice, "sent", channel, delivery)
        if delivery.outcome is DeliveryOutcome.RETRY_LATER and notice.attempts < MOST_ATTEMPTS:
            return await _postpone(deps, notice, channel, delivery)
        await _note(deps, notice, channel, delivery)
    await _end_unreached(deps, notice)
    return None


async def _try(deps: Deps, notice: Notice, channel: Channel, text: NoticeText) -> Delivery | None:
    """One attempt; None when the channel can't be tried at all."""
    if channel is Channel.SMS:
        if notice.account.phone is None:
            return None
        return await deps.sms.send(phone=notice.account.phone, text=text.sms, message_id=notice.dedupe_key)
    if (notice.account_id, notice.kind.value) not in await credits_left([notice.account_id]):
        return None
    delivery = await deps.mini_program.send_subscribe_message(
        openid=notice.account.openid,
        template_id=deps.settings.template_ids[notice.kind],
        page=text.page,
        data=text.subscribe,
    )
    if delivery.outcome is DeliveryOutcome.NEXT_CHANNEL:
        async with transaction():
            await clear_credit(
                notice.account_id, notice.kind, CreditReason.REFUSED, key=notice.dedupe_key, at=deps.clock.now()
            )
    return delivery


async def _settle(deps: Deps, notice: Notice, status: str, channel: Channel, delivery: Delivery) -> None:
    async with transaction():
        await settle_notice(notice.id, status, channel, deps.clock.now())
        if channel is Channel.SUBSCRIBE_MESSAGE:
            await spend_credit(notice.account_id, notice.kind, key=notice.dedupe_key, at=deps.clock.now())
        await _note(deps, notice, channel, delivery)
    log.info("notice_sent", notice=notice.id, kind=notice.kind, channel=channel)


async def _postpone(deps: Deps, notice: Notice, channel: Channel, delivery: Delivery) -> None:
    """Wait twice as long each time, with jitter so that a provider's recovery isn't met by everyone at once."""
    wait = min(FIRST_WAIT * 2**notice.attempts, LONGEST_WAIT) * (1 + secrets.randbelow(25) / 100)
    async with transaction():
        await postpone_notice(notice.id, deps.clock.now() + wait)
        await _note(deps, notice, channel, delivery)
    log.warning("notice_postponed", notice=notice.id, kind=notice.kind, channel=channel, error=delivery.error)


async def _note(deps: Deps, notice: Notice, channel: Channel, delivery: Delivery) -> None:
    await write_attempt(
        notice_id=notice.id, channel=channel, outcome=delivery.outcome,
        provider_id=delivery.provider_id, error=delivery.error, at=deps.clock.now(),
    )  # fmt: skip


async def _end_unreached(deps: Deps, notice: Notice) -> None:
    """Nobody was reached: work for a person at the station (K8). A mere addition to an SMS is only left out."""
    status = "skipped" if notice.route == WECHAT else "unreached"
    await settle_notice(notice.id, status, None, deps.clock.now())
    log.info("notice_settled", notice=notice.id, kind=notice.kind, status=status)
