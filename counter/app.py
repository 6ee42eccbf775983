"""The counter as an application with its own listener. ``run.py`` gives it what the acts need."""

from aiohttp import web

from casework.deps import Deps
from counter.keys import DEPS
from counter.middleware import add_headers, answer_refusals, name_and_log
from counter.routes import mount

LARGEST_BODY = 64 * 1024


def make_app(deps: Deps) -> web.Application:
    """The console and the station API. A route that doesn't say who may use it stops the start."""
    app = web.Application(middlewares=[name_and_log, answer_refusals], client_max_size=LARGEST_BODY)
    app[DEPS] = deps
    app.on_response_prepare.append(add_headers)
    mount(app)
    return app
