"""What station systems report. The signature was checked over these exact bytes before anything is read."""

from aiohttp import web

from casework.callers import Reporter
from casework.report import report
from counter.keys import DEPS
from counter.shapes import read_report, receipt_bytes


async def take(request: web.Request, reporter: Reporter, body: bytes) -> web.Response:
    """Take one report; the same report again gets the same answer, marked as a duplicate."""
    receipt = await report(request.app[DEPS], reporter, read_report(body))
    return web.Response(body=receipt_bytes(receipt), content_type="application/json", charset="utf-8")
