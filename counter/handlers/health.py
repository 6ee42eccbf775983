"""Is this door open."""

from aiohttp import web


async def show(_request: web.Request) -> web.Response:
    """Say that the process answers; nothing about anybody."""
    return web.json_response({"status": "ok"})
