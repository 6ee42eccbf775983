"""Answers that took longer than WeChat waits: owed in a table, worked out by a worker, written into the chat."""

import asyncio
from datetime import timedelta
from typing import Any

import structlog

from casework.deps import ANSWER_LATE, Deps, database_expected
from domain.notice import DeliveryOutcome
from domain.refusal import Refusal
from models.account import openid_index
from models.chat_talk import OwedReply, claim_reply, due_replies, owe_reply, postpone_reply, settle_reply

WRITE_SECONDS = 0.8  # so that WeChat is told within its five seconds
BATCH = 50
LEASE = timedelta(seconds=40)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=2), timedelta(minutes=10)
MOST_ATTEMPTS = 12  # some hours; the window for answers closes after two days
log = structlog.get_logger()


async def owe_answer(deps: Deps, dedupe_key: str, *, appid: str, openid: str, push: dict[str, Any]) -> None:
    """Write down that a push is still to be answered. The same push is owed once.

    Raises:
        Refusal: ``service_unavailable``, also when the table does not take it at once.
    """
    now, follower = deps.clock.now(), openid_index(appid, openid)
    try:
        with database_expected():
            async with asyncio.timeout(WRITE_SECONDS):
                await owe_reply(dedupe_key, follower=follower, openid=openid, push=push, at=now)
    except TimeoutError:
        raise Refusal("service_unavailable") from None
    await deps.queue.wake(ANSWER_LATE)


async def answer_late(deps: Deps) -> int:
    """Answer what is owed and bring the words; returns how many were taken in hand.

    The answer is worked out once, whoever does it (the push's key stands for it), so trying again only brings it again.
    """
    taken = 0
    for reply_id in await due_replies(deps.clock.now(), BATCH):
        now = deps.clock.now()
        owed = await claim_reply(reply_id, now, now + LEASE)
        if owed is None:
            continue
        taken += 1
        try:
            await _bring(deps, owed)
        except Exception as trouble:  # noqa: BLE001 – its text may quote a person; the lease runs out by itself
            log.error("late_answer_failed", reply=reply_id, trouble=type(trouble).__name__)  # noqa: TRY400
    return taken


async def _bring(deps: Deps, owed: OwedReply) -> None:
    assert deps.dialogue is not None, "whoever runs the jobs is given the dialogue"
    text = await deps.dialogue.answer_kept(owed.push)
    if not text or deps.official_account is None:
        return await settle_reply(owed.id, "sent", deps.clock.now())
    delivery = await deps.official_account.send_customer_text(openid=owed.openid, text=text)
    if delivery.outcome is DeliveryOutcome.RETRY_LATER and owed.attempts < MOST_ATTEMPTS:
        wait = min(FIRST_WAIT * 2**owed.attempts, LONGEST_WAIT)
        return await postpone_reply(owed.id, deps.clock.now() + wait)
    brought = delivery.outcome is DeliveryOutcome.ACCEPTED
    await settle_reply(owed.id, "sent" if brought else "lost", deps.clock.now())
    log.info("late_answer_settled", reply=owed.id, brought=brought, error=delivery.error)
    return None
