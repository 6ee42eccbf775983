"""What a provider tells later: whether a message it took arrived. Kept until the message it speaks of is known."""

from datetime import datetime, timedelta

from tortoise import fields
from tortoise.models import Model

from domain.notice import ReportOutcome
from domain.terms import Channel
from models.columns import UtcDatetime
from models.store import insert_once

_LOOKED_FOR = timedelta(days=3)


class DeliveryReport(Model):
    """One report. It may come before our own mark that the message was taken: ``applied_at`` tells that it was used."""

    id = fields.IntField(primary_key=True)
    channel = fields.CharEnumField(Channel, max_length=20)
    provider_id = fields.CharField(max_length=80)
    outcome = fields.CharEnumField(ReportOutcome, max_length=12)
    error = fields.CharField(max_length=80, null=True)
    received_at = UtcDatetime()
    applied_at = UtcDatetime(null=True)

    class Meta:
        table = "delivery_report"
        unique_together = (("channel", "provider_id"),)


async def keep_report(
    channel: Channel, provider_id: str, outcome: ReportOutcome, error: str | None, at: datetime
) -> bool:
    """Keep a report; False when one of this message is known."""
    return await insert_once(
        DeliveryReport, channel=channel, provider_id=provider_id, outcome=outcome, error=error, received_at=at
    )


async def unused_reports(at: datetime, limit: int) -> list[DeliveryReport]:
    """Reports whose message was not found yet, newest first; very old ones speak of nothing we sent."""
    waiting = DeliveryReport.filter(applied_at=None, received_at__gt=at - _LOOKED_FOR)
    return await waiting.order_by("-id").limit(limit)


async def mark_used(report_id: int, at: datetime) -> bool:
    """Take a report for use; False when another worker was first."""
    return await DeliveryReport.filter(id=report_id, applied_at=None).update(applied_at=at) == 1
