"""From a refusal to a status, for whoever sets the callback up; people in the chat never see these."""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import hdrs, web

from bot.headers import HEADERS
from domain.refusal import Refusal
from templates.refusals import refusal_text

STATUSES: Final = {
    "push_malformed": 400,
    "push_not_encrypted": 400,
    "push_signature_bad": 403,
    "push_stale": 403,
    "push_undecipherable": 403,
    "push_slow": 408,
    "sms_report_malformed": 400,
    "sms_report_stale": 403,
    "sms_report_unsigned": 403,
    "too_large": 413,
    "not_found": 404,
    "method_not_allowed": 405,
    "service_unavailable": 503,
}
_CODES: Final = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}

_log = structlog.get_logger(__name__)


@web.middleware
async def refusing(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer a refusal with its status and words; trouble of ours with 503, so that WeChat brings the push again."""
    try:
        return await handler(request)
    except Refusal as refusal:
        _log.warning("push_refused", code=refusal.code)
        return _told(refusal)
    except web.HTTPException as error:
        told = _told(Refusal(_CODES.get(error.status, "bad_request")))
        if hdrs.ALLOW in error.headers:
            told.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
        return told
    except Exception as trouble:  # noqa: BLE001 — its text may hold what a person wrote: only its kind is told
        _log.error("push_failed", trouble=type(trouble).__name__)
        return _told(Refusal("service_unavailable"))


def _told(refusal: Refusal) -> web.Response:
    words = refusal_text(refusal.code, refusal.facts)
    return web.Response(
        status=STATUSES.get(refusal.code, 400),
        text=f"{refusal.code}\n{words.title}\n{words.detail}\n{words.advice}\n",
        content_type="text/plain",
        headers=HEADERS,
    )
