"""The console's session: one cookie that no script can read, and the proof that a form came from our own page.

A POST counts only when the browser says it comes from this site and the hidden ``csrf_token`` is the session's own
(ASVS V3.3, V3.5.1). The server alone knows whether a session still lives.
"""

import hmac
from urllib.parse import urlsplit

from aiohttp import web

from casework.callers import Officer
from counter.forms import Form
from domain.refusal import Refusal

COOKIE = "__Host-tongban-console"
CSRF_FIELD = "csrf_token"
_OWN_SITE = {"same-origin", "none"}  # "none": typed by the user, no page behind it
_LONGEST_TOKEN = 200


def session_token(request: web.Request) -> str | None:
    """The session token the browser sent, if it can be one."""
    token = request.cookies.get(COOKIE, "")
    return token if 0 < len(token) <= _LONGEST_TOKEN and token.isascii() else None


def set_session(response: web.StreamResponse, token: str) -> None:
    """Give the browser its session. No age: it ends with the browser, or earlier when the server says so."""
    response.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="Strict")


def drop_session(response: web.StreamResponse) -> None:
    """Take the session and everything kept of the pages from the browser (ASVS V14.3.1)."""
    response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Strict")
    response.headers["Clear-Site-Data"] = '"cache", "cookies", "storage"'


def insist_kept_cookie(request: web.Request) -> None:
    """Raise Refusal ``connection_not_secure`` when the browser would throw our cookie away and the login would loop.

    A Secure cookie is kept over https and on the machine itself. The browser names the address it sees in ``Origin``.
    """
    origin = urlsplit(request.headers.get("Origin", ""))
    host = origin.hostname or ""
    itself = host in {"localhost", "::1"} or host.startswith("127.") or host.endswith(".localhost")
    if origin.scheme == "http" and not itself:
        raise Refusal("connection_not_secure")


def insist_own_site(request: web.Request) -> None:
    """Raise Refusal ``csrf_failed`` when the browser says that another site sent this.

    Every browser of today says so in ``Sec-Fetch-Site`` or ``Origin``; what sends neither is no browser and carries no
    clerk's cookie by itself.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        own = site in _OWN_SITE
    else:
        origin = request.headers.get("Origin")
        own = origin is None or urlsplit(origin).netloc == request.host
    if not own:
        raise Refusal("csrf_failed")


def insist_own_form(form: Form, officer: Officer) -> None:
    """Raise Refusal ``csrf_failed`` when the form doesn't carry the token of this session."""
    sent = form.raw(CSRF_FIELD)
    if not hmac.compare_digest(sent.encode(), officer.csrf_token.encode()):
        raise Refusal("csrf_failed")
