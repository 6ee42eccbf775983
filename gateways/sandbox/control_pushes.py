"""Pushes by hand: duplicated, out of order, spoiled, replayed; and the record of all of them."""

import asyncio

from aiohttp import web

from gateways.sandbox.answers import ok
from gateways.sandbox.apps import SandboxApp
from gateways.sandbox.control import app_named, person_named
from gateways.sandbox.envelopes import Message
from gateways.sandbox.people import Person
from gateways.sandbox.pushes import PushRecord
from gateways.sandbox.shapes import AtApp, Push, parsed
from gateways.sandbox.world import WORLD, World


async def push(request: web.Request) -> web.Response:
    """``POST /sandbox/push``: send what the caller says, the way they say; answers with one record per sending."""
    world, asked = request.app[WORLD], await parsed(request, Push)
    app, person = app_named(world, asked.appid), person_named(world, asked.user)
    messages = _messages(world, app, person, asked)
    sendings = [world.pushes.push(app, person, message, mode=asked.mode, defect=asked.defect) for message in messages]
    records = await asyncio.gather(*sendings) if asked.order == "at_once" else [await each for each in sendings]
    return ok(pushes=[record.told() for record in records])


async def replay(request: web.Request) -> web.Response:
    """``POST /sandbox/pushes/{number}/replay``: the same request again, byte for byte."""
    world = request.app[WORLD]
    return ok(answer=await world.pushes.replay(_record(world, request.match_info["number"])))


async def show_pushes(request: web.Request) -> web.Response:
    """``GET /sandbox/pushes``: every push so far, oldest first."""
    return ok(pushes=[record.told() for record in request.app[WORLD].pushes.records])


async def settle(request: web.Request) -> web.Response:
    """``POST /sandbox/settle``: answer when no push is under way any more."""
    await request.app[WORLD].pushes.settle()
    return ok()


async def verify(request: web.Request) -> web.Response:
    """``POST /sandbox/verify``: verify an app's push URL with an echostr, as WeChat's console does."""
    world, asked = request.app[WORLD], await parsed(request, AtApp)
    return ok(passed=await world.pushes.verify(app_named(world, asked.appid)))


def _messages(world: World, app: SandboxApp, person: Person, asked: Push) -> list[Message]:
    """Address the messages, the last one now and each before it a second older; then copy and order them."""
    bare = asked.messages or [{}]
    last = len(bare) - 1
    addressed = [world.pushes.addressed(app, person, fields, age=last - place) for place, fields in enumerate(bare)]
    messages = [Message(fields, raw=asked.raw) for fields in addressed for _ in range(asked.copies)]
    return messages[::-1] if asked.order == "reversed" else messages


def _record(world: World, number: str) -> PushRecord:
    place = int(number) if number.isascii() and number.isdigit() else 0
    if not 1 <= place <= len(world.pushes.records):
        raise web.HTTPNotFound(text="no such push in this sandbox\n")
    return world.pushes.records[place - 1]


ROUTES = (
    web.post("/sandbox/push", push),
    web.get("/sandbox/pushes", show_pushes),
    web.post("/sandbox/pushes/{number}/replay", replay),
    web.post("/sandbox/settle", settle),
    web.post("/sandbox/verify", verify),
)
