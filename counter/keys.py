"""What the application and a request carry, by typed key."""

from aiohttp import web

from casework.callers import Officer
from casework.deps import Deps

DEPS: web.AppKey[Deps] = web.AppKey("deps", Deps)

REQUEST_ID: web.RequestKey[str] = web.RequestKey("request_id", str)
OFFICER: web.RequestKey[Officer] = web.RequestKey("officer", Officer)
ACTOR: web.RequestKey[str] = web.RequestKey("actor", str)
REFUSED: web.RequestKey[str] = web.RequestKey("refused", str)
