"""A page that shows a phone: the chat, the questions whether messages may come, and what arrived."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from gateways.sandbox.answers import ok
from gateways.sandbox.apps import AppKind, SandboxApp
from gateways.sandbox.control import person_named
from gateways.sandbox.people import Person
from gateways.sandbox.world import WORLD, World

_FOLDER = Path(__file__).parent / "phone_page"
_TYPES = {"phone.html": "text/html", "phone.css": "text/css", "phone.js": "text/javascript"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Scenery:
    """What the page can offer to tap: whoever serves the sandbox knows it, the sandbox itself does not.

    ``titles`` of templates by id, ``posters``: scene → name, ``places``: name → latitude and longitude, ``sms``: what
    arrived on a phone number.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    posters: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, tuple[float, float]] = field(default_factory=lambda: {"天安门": (39.905, 116.398)})
    people: Sequence[tuple[str, str, str]] = (("demo", "演示机主", "13900000001"),)
    sms: Callable[[str], list[dict[str, str]]] = lambda _phone: []


SCENERY = web.AppKey("scenery", Scenery)


async def people_at_hand(application: web.Application) -> None:
    """When the sandbox starts: whoever holds a phone is there before the first message is sent to them."""
    for user, nickname, number in application[SCENERY].people:
        if application[WORLD].people.find(user) is None:
            application[WORLD].people.add(user, nickname, number)


async def page(request: web.Request) -> web.Response:
    """``GET /phone`` and the two files that belong to it."""
    name = request.match_info.get("name", "phone.html")
    if name not in _TYPES:
        raise web.HTTPNotFound(text="no such page\n")
    text = (_FOLDER / name).read_text(encoding="utf-8")
    return web.Response(text=text, content_type=_TYPES[name], charset="utf-8", headers=_HEADERS)


async def world_told(request: web.Request) -> web.Response:
    """``GET /sandbox/phone``: who there is, and what there is to tap."""
    world, scenery = request.app[WORLD], request.app[SCENERY]
    return ok(
        account=_one(world, AppKind.OFFICIAL_ACCOUNT).appid,
        miniapp=_one(world, AppKind.MINIAPP).appid,
        people=[{"user": person.user, "nickname": person.nickname} for person in world.people],
        templates={template_id: scenery.titles.get(template_id, template_id) for template_id in world.templates},
        posters=dict(scenery.posters),
        places={name: list(at) for name, at in scenery.places.items()},
    )


async def phone_told(request: web.Request) -> web.Response:
    """``GET /sandbox/phone/{user}``: everything on one phone."""
    world, scenery = request.app[WORLD], request.app[SCENERY]
    person = person_named(world, request.match_info["user"])
    account = _one(world, AppKind.OFFICIAL_ACCOUNT)
    return ok(
        chat=_chat(person, account),
        notices=[_notice(one) for one in person.received if "template_id" in one],
        sms=scenery.sms(person.phone) if person.phone else [],
        balances={template_id: world.consents.balance(person.user, template_id) for template_id in world.templates},
        follows=account.appid in person.follows,
        menu=world.menus.get(account.appid, {}),
    )


def _chat(person: Person, account: SandboxApp) -> list[dict[str, Any]]:
    """What was said and answered in the account's chat, in the order in which it came."""
    kinds = {"said", "reply", "customer", "system"}
    return [one for one in person.timeline if one["appid"] == account.appid and one["kind"] in kinds]


def _notice(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"template_id": one["template_id"], "at": one["received_at"], "rows": list(one["data"].items())}


def _one(world: World, kind: AppKind) -> SandboxApp:
    for app in world.apps:
        if app.kind is kind:
            return app
    raise web.HTTPNotFound(text=f"no {kind} in this sandbox\n")


ROUTES = (
    web.get("/phone", page),
    web.get("/phone/{name}", page),
    web.get("/sandbox/phone", world_told),
    web.get("/sandbox/phone/{user}", phone_told),
)
