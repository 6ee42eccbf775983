"""The callbacks of both apps: WeChat asks whether we are there, and brings what people say and do."""

import asyncio
import re
from typing import Final

import structlog
from aiohttp import web

from bot.access import DEADLINE
from bot.envelope import Envelope, Letter
from bot.keys import ACCOUNT, ANSWERS, DEPS, DIALOGUE, MINIAPP
from bot.push import MESSAGES, Push, Sort, read_push
from bot.replies import handed_to_people, text_reply
from bot.told import told
from casework.deps import Deps
from casework.late_answers import owe_answer
from domain.refusal import Refusal

_LONGEST_ECHO: Final = 512
_HOST: Final = re.compile(r"([0-9A-Za-z.-]{1,253})(?::[0-9]{1,5})?")

_log = structlog.get_logger(__name__)


async def verify(request: web.Request) -> web.Response:
    """``GET``: give the echostr back as it is, which WeChat asks for when the address is saved in its console."""
    echo = request.query.get("echostr", "")
    if not 0 < len(echo) <= _LONGEST_ECHO:
        raise Refusal("push_malformed")
    _log.info("address_verified")
    return told(echo)


async def receive(request: web.Request, letter: Letter) -> web.Response:
    """``POST`` for the Official Account: answer a push, the same push always the same, within WeChat's five seconds.

    An answer that takes longer is written down as owed, and a worker brings it as a customer service message.
    """
    deps = request.app[DEPS]
    push = read_push(deps.settings.official_account.appid, letter.body)
    text = await _answer_in_time(request, push)
    if not text:
        return told("success")
    return _reply(request.app[ACCOUNT], letter, text_reply(push, text, deps.clock.now()), deps)


async def receive_from_miniapp(request: web.Request, letter: Letter) -> web.Response:
    """``POST`` for the mini-program: its events are taken; who writes there is handed to the people of the service."""
    deps = request.app[DEPS]
    push = read_push(deps.settings.miniapp.appid, letter.body)
    if push.sort in MESSAGES:
        handed_on = handed_to_people(push, deps.clock.now(), as_json=letter.body.lstrip().startswith("{"))
        return _reply(request.app[MINIAPP], letter, handed_on, deps)
    await _answer_in_time(request, push)
    return told("success")


async def _answer_in_time(request: web.Request, push: Push) -> str:
    """The words, or nothing where none are wanted; what is not ready in time is owed from now on.

    Raises Refusal ``service_unavailable`` when not even that can be written down: WeChat brings the push again.
    """
    if push.sort is Sort.NOTHING:
        return ""
    deps, dialogue = request.app[DEPS], request.app[DIALOGUE]
    guide_page = _guide_page(request)
    left = request[DEADLINE] - asyncio.get_running_loop().time()
    words = await request.app[ANSWERS].within(left, push.dedupe_key, lambda: dialogue.answer(push, guide_page))
    if words is None:
        _log.warning("reply_too_late", sort=push.sort)
        await owe_answer(deps, push.dedupe_key, appid=push.appid, openid=push.openid, push=push.as_json())
    return words or ""


def _guide_page(request: web.Request) -> str | None:
    """Where the public guide is: at the public address, else on the host WeChat was told, which speaks TLS."""
    if public := request.app[DEPS].settings.public_url:
        return f"{public.rstrip('/')}/guide"
    host = _HOST.fullmatch(request.host)
    if host is None:
        return None
    scheme = request.scheme if host[1] in {"127.0.0.1", "localhost"} else "https"
    return f"{scheme}://{request.host}/guide"


def _reply(envelope: Envelope, letter: Letter, reply: str, deps: Deps) -> web.Response:
    sealed = envelope.seal(letter, reply, deps.clock.now())
    kind = "application/json" if sealed.startswith("{") else "application/xml"
    return told(sealed, kind)
