"""The application of this door, to be mounted under ``/bot``."""

from aiohttp import web

from bot.answers import Answers
from bot.envelope import Envelope
from bot.guesses import Guesses
from bot.keys import ANSWERS, DEPS, ENVELOPE, GUESSES
from bot.refusals import refusing
from bot.routes import mount
from casework.deps import Deps


def make_bot(deps: Deps) -> web.Application:
    """Make the application: ``GET`` and ``POST /official-account``."""
    app = web.Application(middlewares=[refusing])
    app[DEPS] = deps
    app[ENVELOPE] = Envelope(deps.settings.official_account)
    app[ANSWERS] = Answers()
    app[GUESSES] = Guesses()
    app.on_cleanup.append(_close)
    mount(app)
    return app


async def _close(app: web.Application) -> None:
    await app[ANSWERS].close()
