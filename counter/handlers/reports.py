"""What station systems report and ask for. The signature was checked over these exact bytes before anything is read."""

from aiohttp import web

from casework.callers import Reporter
from casework.read_letter import export_letter as export
from casework.report import report
from casework.report_shape import read_report
from counter.keys import DEPS
from counter.shapes import read_export, receipt_bytes


async def take(request: web.Request, reporter: Reporter, body: bytes) -> web.Response:
    """Take one report; the same report again gets the same answer, marked as a duplicate."""
    receipt = await report(request.app[DEPS], reporter, read_report(body))
    return web.Response(body=receipt_bytes(receipt), content_type="application/json", charset="utf-8")


async def export_letter(request: web.Request, reporter: Reporter, body: bytes) -> web.Response:
    """The signed letter with its evidence as an archive, for the reviewer (R063). Asked by POST: the body is signed."""
    found = await export(request.app[DEPS], reporter, read_export(body))
    headers = {"Content-Disposition": f'attachment; filename="{found.name}"'}
    return web.Response(body=found.archive, content_type="application/zip", headers=headers)
