"""What became of a message we handed to a provider."""

from dataclasses import dataclass
from enum import StrEnum


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
class Delivery:
    """One attempt: its outcome, the provider's own id if it gave one, and its error code as text."""

    outcome: DeliveryOutcome
    provider_id: str | None = None
    error: str | None = None
