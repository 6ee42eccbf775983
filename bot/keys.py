"""The typed places where this door keeps what belongs to the application."""

from aiohttp import web

from bot.answers import Answers
from bot.envelope import Envelope
from bot.guesses import Guesses
from casework.deps import Deps

DEPS = web.AppKey("deps", Deps)
ENVELOPE = web.AppKey("envelope", Envelope)
ANSWERS = web.AppKey("answers", Answers)
GUESSES = web.AppKey("guesses", Guesses)
