"""What the SMS provider tells of messages it took (``docs/sms-provider.md``)."""

from aiohttp import web

from bot.headers import HEADERS
from bot.keys import DEPS
from casework.message_consents import record_sms_reports
from domain.notice import ProviderReport


async def receive(request: web.Request, reports: tuple[ProviderReport, ...]) -> web.Response:
    """``POST``: keep the reports; 204 tells the provider that it need not bring them again."""
    await record_sms_reports(request.app[DEPS], reports)
    return web.Response(status=204, headers=HEADERS)
