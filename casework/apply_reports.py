"""Closing the loop: what providers tell of the messages they took decides whether a notice was delivered."""

import structlog

from casework.deps import Deps
from casework.owe import event_of
from domain.notice import ReportOutcome
from domain.terms import Channel, CreditReason
from models.credit import clear_credit
from models.delivery_report import DeliveryReport, mark_used, unused_reports
from models.notice import Notice, mark_delivered, notice_taken_as, reopen_notice, write_attempt
from models.reach_task import settle_tasks
from models.store import transaction

BATCH = 200
_NO_CONSENT = "43101"
log = structlog.get_logger()


async def apply_reports(deps: Deps) -> int:
    """Act on every report whose message is known; returns how many. Each is used once, whoever runs this."""
    used = 0
    for report in await unused_reports(deps.clock.now(), BATCH):
        notice = await notice_taken_as(report.channel, report.provider_id)
        if notice is None:
            continue  # it came before our own mark, or speaks of a message that is no notice
        async with transaction():
            if await mark_used(report.id, deps.clock.now()):
                await _apply(deps, report, notice)
                used += 1
    return used


async def _apply(deps: Deps, report: DeliveryReport, notice: Notice) -> None:
    now = deps.clock.now()
    await write_attempt(
        notice_id=notice.id, channel=report.channel, outcome=report.outcome.value,
        provider_id=report.provider_id, error=report.error, at=now,
    )  # fmt: skip
    if report.outcome is ReportOutcome.DELIVERED:
        await mark_delivered(notice.id, now)
        await settle_tasks([event_of(notice.dedupe_key)], now)
        return
    log.warning("notice_not_delivered", notice=notice.id, kind=notice.kind, channel=report.channel, error=report.error)
    await reopen_notice(notice.id, report.channel, now)
    if report.channel is Channel.SUBSCRIBE_MESSAGE and (report.error or "").startswith(_NO_CONSENT):
        await clear_credit(notice.account_id, notice.kind, CreditReason.REFUSED, key=notice.dedupe_key, at=now)
