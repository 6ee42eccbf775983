"""The server API that tells people something: subscription messages, template messages, the chat."""

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
    """``POST /cgi-bin/message/template/send``: to followers only; the outcome comes as TEMPLATESENDJOBFINISH."""
    world, app = caller(request, AppKind.OFFICIAL_ACCOUNT)
    body = await body_of(request)
    person = world.people.of_openid(app, body.get("touser"))
    template_id = body.get("template_id")
    template = world.template(template_id)
    if app.appid not in person.follows:
        raise WireError(43004)
    texts = check_fields(template, body.get("data"))
    msgid = world.next_msgid()
    world.people.receive(
        person, app, "template", msgid=str(msgid), template_id=template_id, url=body.get("url"), data=texts
    )
    fields = {"Event": "TEMPLATESENDJOBFINISH", "MsgID": str(msgid), "Status": "success"}
    world.pushes.later(world.pushes.event(app, person, fields))
    return ok(msgid=msgid)


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
    web.post("/cgi-bin/message/custom/send", custom_send),
)
