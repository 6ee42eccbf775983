"""The application of this door, to be mounted under ``/bot``."""

from aiohttp import web

from bot.answers import Answers
from bot.dialogue import Dialogue
from bot.envelope import Envelope
from bot.keys import ACCOUNT, ANSWERS, DEPS, DIALOGUE, MINIAPP
from bot.refusals import refusing
from bot.routes import mount
from casework.deps import Deps


def make_bot(deps: Deps) -> web.Application:
    """Make the application: the callbacks ``/official-account`` and ``/miniapp``."""
    app = web.Application(middlewares=[refusing])
    app[DEPS] = deps
    app[ACCOUNT] = Envelope(deps.settings.official_account)
    app[MINIAPP] = Envelope(deps.settings.miniapp)
    app[ANSWERS] = Answers()
    app[DIALOGUE] = Dialogue(deps)
    app.on_cleanup.append(_close)
    mount(app)
    return app


async def _close(app: web.Application) -> None:
    await app[ANSWERS].close()
