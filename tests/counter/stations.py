"""Station systems: they sign what they report, over real HTTP or through the act."""

import hashlib
import hmac
import json
import secrets
from datetime import datetime
from typing import Any

from casework.deps import Deps
from casework.report import report, who_reports
from casework.reported import Report
from domain.terms import ReportKind
from tests.counter.people import CENTRE_KEY, HOUSEHOLD_KEY, SECRET

_STEPS = (
    (HOUSEHOLD_KEY, ReportKind.REVIEW_STARTED),
    (HOUSEHOLD_KEY, ReportKind.ISSUED),
    (CENTRE_KEY, ReportKind.PRODUCTION_STARTED),
    (CENTRE_KEY, ReportKind.DISPATCHED),
)


def body_of(acceptance_number: str, kind: str, at: datetime, **more: Any) -> bytes:
    told = {
        "report_id": secrets.token_hex(8),
        "kind": kind,
        "acceptance_number": acceptance_number,
        "at": at.isoformat(),
        "unit": "演示户籍地派出所",
        "facts": {},
        **more,
    }
    return json.dumps(told, ensure_ascii=False).encode()


def signed(body: bytes, at: datetime, key_id: str = HOUSEHOLD_KEY, secret: str = SECRET) -> dict[str, str]:
    timestamp = str(int(at.timestamp()))
    return {
        "Content-Type": "application/json",
        "X-Tongban-Key": key_id,
        "X-Tongban-Timestamp": timestamp,
        "X-Tongban-Signature": hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest(),
    }


async def bring_to_counter(deps: Deps, acceptance_number: str) -> None:
    """Everything the police systems report between acceptance and the card on its way."""
    now = deps.clock.now()
    for key_id, kind in _STEPS:
        headers = signed(b"", now, key_id)
        reporter = await who_reports(
            deps,
            key_id=key_id,
            timestamp=headers["X-Tongban-Timestamp"],
            signature=headers["X-Tongban-Signature"],
            body=b"",
        )
        await report(deps, reporter, Report(secrets.token_hex(8), kind, acceptance_number, now, "演示单位"))
