"""The description of this door, for programs and for the people who write them."""

from aiohttp import web

from miniapp_api.keys import API_DOCUMENT, DOCS_PAGE
from templates.pages import render_page

_KEPT = {"Cache-Control": "public, max-age=300"}
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "object-src 'none'"
)


async def openapi(request: web.Request) -> web.Response:
    """The OpenAPI 3.1 document."""
    return web.Response(body=request.app[API_DOCUMENT], content_type="application/json", charset="utf-8", headers=_KEPT)


async def docs(request: web.Request) -> web.Response:
    """The same as a page; it asks nothing from outside and runs no script."""
    headers = {**_KEPT, "Content-Security-Policy": _PAGE_POLICY}
    return web.Response(text=request.app[DOCS_PAGE], content_type="text/html", charset="utf-8", headers=headers)


async def docs_style(request: web.Request) -> web.Response:  # noqa: ARG001 - handlers are called by argument name
    """The style of that page."""
    return web.Response(text=render_page("docs/docs.css"), content_type="text/css", charset="utf-8", headers=_KEPT)
