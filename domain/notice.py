"""What became of a message we handed to a provider, and which ways a notice may go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final

from domain.local_time import SHANGHAI
from domain.policy.rule import Rules
from domain.terms import Channel, NoticeKind


class DeliveryOutcome(StrEnum):
    """The verdict on one attempt; the postman (``casework.notify``) decides by it, never by an errcode."""

    ACCEPTED = "accepted"  # the provider took it
    RETRY_LATER = "retry_later"  # busy, rate limit, timeout: the same channel again, later
    NEXT_CHANNEL = "next_channel"  # this channel can't reach the person (no consent left, unknown openid)
    BROKEN = "broken"  # our request is wrong (template, field): a person must look


class ReportOutcome(StrEnum):
    """What the provider told later of a message it had taken."""

    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True)
class ProviderReport:
    """A provider's later word on one message, by the id it gave when it took it; ``error`` when it did not arrive."""

    provider_id: str
    arrived: bool
    error: str | None = None


@dataclass(frozen=True)
class Delivery:
    """One attempt: its outcome, the provider's own id if it gave one, and its error code as text."""

    outcome: DeliveryOutcome
    provider_id: str | None = None
    error: str | None = None


CHANNELS: Final[Mapping[str, tuple[Channel, ...]]] = {
    "chain": (Channel.SUBSCRIBE_MESSAGE, Channel.ACCOUNT_TEMPLATE, Channel.SMS),
    "sms": (Channel.SMS,),
    "wechat": (Channel.SUBSCRIBE_MESSAGE, Channel.ACCOUNT_TEMPLATE),
}
"""By route, the channels in the order they are tried, until one takes the notice and delivers it."""

AT_ONCE: Final = frozenset(
    {NoticeKind.READY_FOR_PICKUP, NoticeKind.ISSUANCE_REFUSED, NoticeKind.PLACE_OFFERED, NoticeKind.POINT_CLOSED}
)
"""Told by SMS at any hour: the law wants it told without delay (R106, R117), or morning would be too late."""


def next_sms_time(rules: Rules, kind: NoticeKind, now: datetime) -> datetime | None:
    """When an SMS of this kind may go, if not now: nobody is woken by what can wait until morning."""
    if kind in AT_ONCE:
        return None
    rule, here = rules.need("notices"), now.astimezone(SHANGHAI)
    opens, closes = rule.number("sms_from_hour"), rule.number("sms_until_hour")
    if opens <= here.hour < closes:
        return None
    day = here.date() if here.hour < opens else here.date() + timedelta(days=1)
    return datetime.combine(day, time(opens), tzinfo=SHANGHAI)
