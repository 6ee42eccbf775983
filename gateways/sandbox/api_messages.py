"""The server API that tells people something: subscription messages, template messages, the chat."""

import secrets
from typing import Any

from aiohttp import web

from gateways.sandbox.answers import WireError, ok
from gateways.sandbox.apps import AppKind, SandboxApp
from gateways.sandbox.fields import check_fields
from gateways.sandbox.people import Person
from gateways.sandbox.world import World, body_of, caller

_STATES = frozenset({"developer", "trial", "formal"})
_LANGUAGES = frozenset({"zh_CN", "en_US", "zh_HK", "zh_TW"})
_LONGEST_TEXT = 2048  # bytes


async def subscribe_send(request: web.Request) -> web.Response:
    """``POST /cgi-bin/message/subscribe/send``: checks first, consent last, then one consent is spent."""
    world, app = caller(request, AppKind.MINIAPP)
    body = await body_of(request)
    person = world.people.of_openid(app, body.get("touser"))
    texts = _checked(world, body)
    template_id = body["template_id"]
    world.consents.spend(person.user, template_id)
    msgid = world.next_msgid()
    page = body.get("page")
    world.people.receive(person, app, "subscribe", msgid=str(msgid), template_id=template_id, page=page, data=texts)
    world.pushes.later(_sent(world, app, person, template_id, msgid))
    return ok(msgid=msgid)


async def template_send(request: web.Request) -> web.Response:
    """``POST /cgi-bin/message/template/send``: to followers only; the outcome comes as TEMPLATESENDJOBFINISH.

    A repetition with the same ``client_msg_id`` gets the first answer and is not sent again.
    """
    world, app = caller(request, AppKind.OFFICIAL_ACCOUNT)
    body = await body_of(request)
    person = world.people.of_openid(app, body.get("touser"))
    template_id = body.get("template_id")
    template = world.template(template_id)
    if app.appid not in person.follows:
        raise WireError(43004)
    texts = check_fields(template, body.get("data"))
    known = (person.user, str(body.get("client_msg_id") or secrets.token_hex(8)))
    if known in world.taken:
        return ok(msgid=world.taken[known])
    msgid = world.taken[known] = world.next_msgid()
    opens = {"url": body.get("url"), "page": _page(body.get("miniprogram"))}
    blocked = app.appid in person.blocks
    if not blocked:
        world.people.receive(person, app, "template", msgid=str(msgid), template_id=template_id, **opens, data=texts)
    status = "failed:user block" if blocked else "success"
    fields = {"Event": "TEMPLATESENDJOBFINISH", "MsgID": str(msgid), "Status": status}
    world.pushes.later(world.pushes.event(app, person, fields))
    return ok(msgid=msgid)


async def subscription_send(request: web.Request) -> web.Response:
    """``POST /cgi-bin/message/subscribe/bizsend``: what a person agreed to in the account itself."""
    world, app = caller(request, AppKind.OFFICIAL_ACCOUNT)
    body = await body_of(request)
    person = world.people.of_openid(app, body.get("touser"))
    template_id = body.get("template_id")
    texts = check_fields(world.template(template_id), body.get("data"))
    world.consents.spend(person.user, f"{app.appid}/{template_id}")
    page = body.get("page") or _page(body.get("miniprogram"))
    world.people.receive(person, app, "subscription_notice", template_id=template_id, page=page, data=texts)
    return ok()


async def custom_send(request: web.Request) -> web.Response:
    """``POST /cgi-bin/message/custom/send``: within the windows only; the sandbox shows texts."""
    world, app = caller(request)
    body = await body_of(request)
    person = world.people.of_openid(app, body.get("touser"))
    kind = body.get("msgtype")
    content = body.get(kind) if isinstance(kind, str) else None
    if not isinstance(content, dict):
        raise WireError(40008)
    text = str(content.get("content", "")) if kind == "text" else None
    if text is not None and not 0 < len(text.encode()) <= _LONGEST_TEXT:
        raise WireError(45002 if text else 44004)
    world.windows.spend(app.appid, person.user)
    world.people.receive(person, app, "customer", type=kind, text=text)
    return ok()


def _page(miniprogram: Any) -> str | None:
    """The page a message opens; raise 40165 for an address that is none."""
    if miniprogram is None:
        return None
    page = miniprogram.get("pagepath") if isinstance(miniprogram, dict) else None
    if not isinstance(page, str) or not miniprogram.get("appid"):
        raise WireError(40165)
    return page


def _checked(world: World, body: dict[str, Any]) -> dict[str, str]:
    template = world.template(body.get("template_id"))
    world.check_page(body.get("page"))
    if body.get("miniprogram_state", "formal") not in _STATES or body.get("lang", "zh_CN") not in _LANGUAGES:
        raise WireError(47003)
    return check_fields(template, body.get("data"))


async def _sent(world: World, app: SandboxApp, person: Person, template_id: str, msgid: int) -> None:
    row = {"TemplateId": template_id, "MsgID": str(msgid), "ErrorCode": "0", "ErrorStatus": "success"}
    fields = {"Event": "subscribe_msg_sent_event"}
    await world.pushes.event(app, person, fields, wrapper="SubscribeMsgSentEvent", rows=[row])


ROUTES = (
    web.post("/cgi-bin/message/subscribe/send", subscribe_send),
    web.post("/cgi-bin/message/template/send", template_send),
    web.post("/cgi-bin/message/subscribe/bizsend", subscription_send),
    web.post("/cgi-bin/message/custom/send", custom_send),
)
