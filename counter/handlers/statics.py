"""The style and the small script that the pages link to."""

from aiohttp import web

from templates.pages import static_file


async def show(request: web.Request) -> web.Response:
    """One file by its name."""
    body, content_type = static_file(request.match_info["name"])
    return web.Response(body=body, headers={"Content-Type": content_type})
