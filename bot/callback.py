"""The callback of the Official Account: WeChat asks whether we are there, and brings what people say and do."""

import asyncio
import re
from typing import Final

import structlog
from aiohttp import web

from bot.access import DEADLINE
from bot.dialogue import Talk, answer, asks_nothing
from bot.envelope import Letter
from bot.keys import ANSWERS, DEPS, ENVELOPE, GUESSES
from bot.push import Push, read_push
from bot.replies import text_reply
from casework.chat import answer_once
from domain.refusal import Refusal

_LONGEST_ECHO: Final = 512
_HOST: Final = re.compile(r"([0-9A-Za-z.-]{1,253})(?::[0-9]{1,5})?")
_NO_STORE: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

_log = structlog.get_logger(__name__)


async def verify(request: web.Request) -> web.Response:
    """``GET``: give the echostr back as it is, which WeChat asks for when the address is saved in its console."""
    echo = request.query.get("echostr", "")
    if not 0 < len(echo) <= _LONGEST_ECHO:
        raise Refusal("push_malformed")
    return _plain(echo)


async def receive(request: web.Request, letter: Letter) -> web.Response:
    """``POST``: answer a push, the same push always the same, within WeChat's five seconds.

    An answer that takes longer is finished and kept, but not brought: WeChat takes late words only by its customer
    service interface, which this door does not use yet. The log says ``reply_too_late``.
    """
    deps = request.app[DEPS]
    push = read_push(deps.settings.official_account.appid, letter.xml)
    text = "" if asks_nothing(push) else await _answer_in_time(request, push)
    if not text:
        return _plain("success")
    now = deps.clock.now()
    reply = request.app[ENVELOPE].seal(letter, text_reply(push, text, now), now)
    return web.Response(text=reply, content_type="application/xml", headers=_NO_STORE)


async def _answer_in_time(request: web.Request, push: Push) -> str:
    deps = request.app[DEPS]
    left = request[DEADLINE] - asyncio.get_running_loop().time()
    answers = request.app[ANSWERS]
    talk = Talk(deps, request.app[GUESSES], _guide_page(request))
    text = await answers.within(
        left, push.dedupe_key, lambda: answer_once(deps, push.dedupe_key, lambda: answer(talk, push))
    )
    if text is None:
        _log.warning("reply_too_late", sort=push.sort)
    return text or ""


def _guide_page(request: web.Request) -> str | None:
    """Where the public guide is: at the public address, else on the host WeChat was told, which speaks TLS."""
    if public := request.app[DEPS].settings.public_url:
        return f"{public.rstrip('/')}/guide"
    host = _HOST.fullmatch(request.host)
    if host is None:
        return None
    scheme = request.scheme if host[1] in {"127.0.0.1", "localhost"} else "https"
    return f"{scheme}://{request.host}/guide"


def _plain(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/plain", headers=_NO_STORE)
