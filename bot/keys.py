"""The typed places where this door keeps what belongs to the application."""

from aiohttp import web

from bot.answers import Answers
from bot.dialogue import Dialogue
from bot.envelope import Envelope
from casework.deps import Deps

DEPS = web.AppKey("deps", Deps)
ACCOUNT = web.AppKey("account", Envelope)
MINIAPP = web.AppKey("miniapp", Envelope)
ANSWERS = web.AppKey("answers", Answers)
DIALOGUE = web.AppKey("dialogue", Dialogue)
