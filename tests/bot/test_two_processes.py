"""Two processes behind one address: whichever a push reaches, and if it reaches both, it is answered once."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import make_bot
from casework.chat import binding_code
from models.account import ChatBinding
from models.push import PushSeen
from templates.chat import chat_text
from tests.bot.pushing import Pusher, message
from tests.workers.citizens import a_citizen

Serve = Callable[..., Awaitable[TestServer]]


async def another(pusher: Pusher, aiohttp_server: Serve) -> Pusher:
    """A second door on the same tables, with nothing in memory shared."""
    root = web.Application()
    root.add_subapp("/bot", make_bot(pusher.deps))
    server = await aiohttp_server(root)
    return replace(pusher, url=str(server.make_url("/bot/official-account")))


async def test_one_push_at_two_processes_changes_one_thing_and_hears_one_answer(
    pusher: Pusher, aiohttp_server: Serve
) -> None:
    second = await another(pusher, aiohttp_server)
    code = (await binding_code(pusher.deps, await a_citizen(pusher.deps))).code
    same = message(f"绑定 {code}", 77)
    told = await asyncio.gather(*(each.push(same) for each in (pusher, second) for _ in range(3)))
    assert {each.text for each in told} == {chat_text("bound", {})}
    assert await ChatBinding.all().count() == 1
    assert await PushSeen.all().count() == 1


async def test_words_to_anyone_are_kept_once_whichever_process_says_them(pusher: Pusher, aiohttp_server: Serve) -> None:
    second = await another(pusher, aiohttp_server)
    same = [message("附近", number) for number in (71, 72, 73)]
    told = await asyncio.gather(*(each.push(one) for one in same for each in (pusher, second)))
    assert {each.text for each in told} == {chat_text("nearby", {})}
    assert await PushSeen.all().count() == 3


async def test_a_talk_begun_at_one_process_goes_on_at_the_other(pusher: Pusher, aiohttp_server: Serve) -> None:
    second = await another(pusher, aiohttp_server)
    assert await pusher.say("指南") == pusher.guide
    assert "户籍在哪里" in await second.say("1")
