"""The sandbox is for this machine only: it would hand anybody a login as anybody."""

from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address can only be this machine."""
    if host is None:
        return False
    if host == "localhost":
        return True
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str | None:
    """Return the host of a URL, None when there is none to be read."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


@web.middleware
async def loopback_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse other machines, and web pages whose own name was pointed at this one (the Host header tells)."""
    peer = request.transport.get_extra_info("peername") if request.transport else None
    peer_host = peer[0] if isinstance(peer, tuple) else None
    if not (is_loopback(peer_host) and is_loopback(host_of(f"http://{request.host}"))):
        raise web.HTTPForbidden(text="the sandbox serves this machine only\n")
    return await handler(request)
