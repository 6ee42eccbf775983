"""Text messages through any provider that speaks this contract (the sandbox SMS centre does).

**Request.** ``POST <url>`` with ``Content-Type: application/json`` and a UTF-8 body::

    {"account": "...", "to": "<11 digits>", "text": "...", "message_id": "...", "timestamp": <unix seconds>}

``X-Sms-Signature`` is the lower-case hex HMAC-SHA256 with the account's secret over
``<timestamp> + "." + <body bytes as sent>``. The provider refuses timestamps over 300 s off.

**Answer.** ``200 {"status": "accepted", "id": "<provider's id>"}``, or ``200 {"status": "refused", "reason": "..."}``
with ``number_unknown`` or ``blacklisted`` (this person can't be reached by SMS) or another word (our fault: a person
must look). ``401`` means a bad signature. ``429`` and ``5xx`` mean: later.

**Once.** ``message_id`` names the message; a provider that has it already answers as it did the first time and sends
nothing. So a send whose answer was lost may be repeated safely.

**Reports.** Whether a message arrived, the provider tells later, to ``POST <public address>/bot/sms-reports``, signed
in the same way: ``{"account": "...", "timestamp": ..., "reports": [{"id": "<provider's id>", "status":
"delivered"}]}``, or ``"failed"`` with a ``reason``; at most 100 in one. ``204`` is taken; anything else: bring it
again.
``docs/sms-provider.md`` tells all this to providers, with an example of each.
"""

import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Literal

import aiohttp
import orjson
import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from domain.notice import Delivery, DeliveryOutcome, ProviderReport
from domain.refusal import Refusal
from gateways.connections import Answer
from gateways.http import post
from gateways.signing import sign
from gateways.trouble import UnreachableError

SIGNATURE_HEADER = "X-Sms-Signature"
ACCEPTED = "accepted"
REFUSED = "refused"
FRESH_SECONDS = 300
MOST_REPORTS = 100
PERSON_NOT_REACHED = frozenset({"number_unknown", "blacklisted"})

_log = structlog.get_logger(__name__)


class _Report(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    id: str = Field(min_length=1, max_length=80)
    status: Literal["delivered", "failed"]
    reason: str | None = Field(default=None, max_length=80)


class _Reports(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    account: str
    timestamp: int = Field(ge=0, le=10**11)
    reports: list[_Report] = Field(max_length=MOST_REPORTS)


class SmsClient:
    """One account at one provider."""

    def __init__(
        self, session: aiohttp.ClientSession, *, url: str, account: str, secret: str, clock: Callable[[], datetime]
    ) -> None:
        self._session = session
        self._url = url
        self._account = account
        self._secret = secret
        self._clock = clock

    def read_reports(self, body: bytes, signature: str) -> tuple[ProviderReport, ...]:
        """Read what the provider brought; its signature covers the raw body and its time stamp.

        Raises Refusal ``sms_report_unsigned``, ``sms_report_stale``, ``sms_report_malformed``.
        """
        try:
            told = _Reports.model_validate_json(body)
        except ValidationError:
            raise Refusal("sms_report_malformed") from None
        ours = sign(self._secret, told.timestamp, body)
        if told.account != self._account or not hmac.compare_digest(ours.encode(), signature.encode()):
            raise Refusal("sms_report_unsigned")
        if abs(self._clock().timestamp() - told.timestamp) > FRESH_SECONDS:
            raise Refusal("sms_report_stale")
        return tuple(ProviderReport(one.id, one.status == "delivered", one.reason) for one in told.reports)

    async def send(self, *, phone: str, text: str, message_id: str) -> Delivery:
        """Send one text message. Never raises; safe to repeat with the same ``message_id``."""
        timestamp = int(self._clock().timestamp())
        body = orjson.dumps(
            {"account": self._account, "to": phone, "text": text, "message_id": message_id, "timestamp": timestamp}
        )
        headers = {"Content-Type": "application/json", SIGNATURE_HEADER: sign(self._secret, timestamp, body)}
        try:
            delivery = _delivery_of(await post(self._session, self._url, body=body, headers=headers))
        except UnreachableError as trouble:
            delivery = _later(trouble.reason)
        if delivery.outcome is not DeliveryOutcome.ACCEPTED:
            _log.warning("sms_not_accepted", message_id=message_id, outcome=delivery.outcome, error=delivery.error)
        return delivery


def _delivery_of(answer: Answer) -> Delivery:
    if answer.status == 429 or answer.status >= 500:
        return _later(f"http_{answer.status}")
    if answer.status != 200:
        return Delivery(DeliveryOutcome.BROKEN, error=f"http_{answer.status}")
    try:
        told = orjson.loads(answer.body)
        status, detail = told["status"], str(told["id"] if told["status"] == ACCEPTED else told["reason"])
    except (ValueError, TypeError, KeyError):
        return _later("not_json")
    if status == ACCEPTED:
        return Delivery(DeliveryOutcome.ACCEPTED, provider_id=detail)
    outcome = DeliveryOutcome.NEXT_CHANNEL if detail in PERSON_NOT_REACHED else DeliveryOutcome.BROKEN
    return Delivery(outcome, error=detail)


def _later(reason: str) -> Delivery:
    return Delivery(DeliveryOutcome.RETRY_LATER, error=reason)
