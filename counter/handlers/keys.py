"""What the keys do."""

from aiohttp import web

from casework.callers import Officer
from counter.pages import html_page


async def show(_request: web.Request, officer: Officer) -> web.Response:
    """The keyboard map of the officer's role."""
    return html_page("keys.html", officer=officer)
