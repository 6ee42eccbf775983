"""The hands of the people who hold the phones, and of whoever wants to see what happened: ``/sandbox/``."""

from aiohttp import web

from gateways.sandbox.answers import ok
from gateways.sandbox.apps import AppKind, SandboxApp
from gateways.sandbox.envelopes import Message
from gateways.sandbox.people import CodeFamily, Person
from gateways.sandbox.pushes import PushRecord
from gateways.sandbox.shapes import (
    AccountState,
    AtApp,
    Click,
    Follow,
    NewUser,
    PhoneCode,
    RefuseMessages,
    Say,
    Scan,
    SendLocation,
    Subscribe,
    parsed,
)
from gateways.sandbox.windows import Did
from gateways.sandbox.world import WORLD, World


async def add_user(request: web.Request) -> web.Response:
    """``POST /sandbox/users``: a person with an openid at every app."""
    world, asked = request.app[WORLD], await parsed(request, NewUser)
    person = world.people.add(asked.user, asked.nickname, asked.phone)
    person.blocked = asked.blocked
    return _person_told(world, person)


async def show_user(request: web.Request) -> web.Response:
    """``GET /sandbox/users/{user}``."""
    return _person_told(request.app[WORLD], _person(request))


async def login_code(request: web.Request) -> web.Response:
    """``POST .../login-code``: what wx.login gives the mini-program."""
    world, person, asked = request.app[WORLD], _person(request), await parsed(request, AtApp)
    return ok(code=world.people.mint(CodeFamily.LOGIN, app_named(world, asked.appid), person))


async def phone_code(request: web.Request) -> web.Response:
    """``POST .../phone-code``: what the getPhoneNumber button gives the mini-program."""
    world, person, asked = request.app[WORLD], _person(request), await parsed(request, PhoneCode)
    phone = asked.phone or person.phone
    if phone is None:
        raise web.HTTPBadRequest(text="this person has no phone number; give one\n")
    app = app_named(world, asked.appid)
    code = world.people.mint(CodeFamily.PHONE, app, person, phone=phone, country_code=asked.country_code)
    return ok(code=code)


async def subscribe(request: web.Request) -> web.Response:
    """``POST .../subscribe``: answer the prompt; each accept is one message more, and the app is told."""
    world, person, asked = request.app[WORLD], _person(request), await parsed(request, Subscribe)
    app = app_named(world, asked.appid)
    unknown = [template_id for template_id in asked.template_ids if template_id not in world.templates]
    if unknown:
        raise web.HTTPBadRequest(
            text="requestSubscribeMessage:fail No template data return, verify the template id exist\n"
        )
    for template_id in asked.template_ids if asked.accept else ():
        in_account = app.kind is AppKind.OFFICIAL_ACCOUNT
        world.consents.accept(person.user, f"{app.appid}/{template_id}" if in_account else template_id)
    status = "accept" if asked.accept else "reject"
    rows = [
        {"TemplateId": template_id, "SubscribeStatusString": status, "PopupScene": "2"}
        for template_id in asked.template_ids
    ]
    fields = {"Event": "subscribe_msg_popup_event"}
    record = await world.pushes.event(app, person, fields, wrapper="SubscribeMsgPopupEvent", rows=rows)
    return ok(counts=_counts(world, person, asked.template_ids), push=record.told())


async def refuse_messages(request: web.Request) -> web.Response:
    """``POST .../refuse``: switch templates off in the settings; nothing is left, and the app is told."""
    world, person, asked = request.app[WORLD], _person(request), await parsed(request, RefuseMessages)
    app = app_named(world, asked.appid)
    for template_id in asked.template_ids:
        world.consents.refuse(person.user, template_id)
    rows = [{"TemplateId": template_id, "SubscribeStatusString": "reject"} for template_id in asked.template_ids]
    fields = {"Event": "subscribe_msg_change_event"}
    record = await world.pushes.event(app, person, fields, wrapper="SubscribeMsgChangeEvent", rows=rows)
    return ok(counts=_counts(world, person, asked.template_ids), push=record.told())


async def follow(request: web.Request) -> web.Response:
    """``POST .../follow``: follow an Official Account, maybe through a QR code with a scene."""
    world, person, asked = request.app[WORLD], _person(request), await parsed(request, Follow)
    app = _account(world, asked.appid)
    person.follows.add(app.appid)
    world.windows.open(app.appid, person.user, Did.FOLLOW)
    by_code = {"EventKey": f"qrscene_{asked.scene}", "Ticket": "sandbox-ticket"} if asked.scene else {"EventKey": ""}
    return _pushed(await world.pushes.event(app, person, {"Event": "subscribe", **by_code}))


async def unfollow(request: web.Request) -> web.Response:
    """``POST .../unfollow``."""
    world, person, asked = request.app[WORLD], _person(request), await parsed(request, AtApp)
    app = _account(world, asked.appid)
    person.follows.discard(app.appid)
    return _pushed(await world.pushes.event(app, person, {"Event": "unsubscribe", "EventKey": ""}))


async def scan(request: web.Request) -> web.Response:
    """``POST .../scan``: scan a QR code of an account one follows."""
    world, person, asked = request.app[WORLD], _person(request), await parsed(request, Scan)
    app = _account(world, asked.appid)
    world.windows.open(app.appid, person.user, Did.SCAN)
    fields = {"Event": "SCAN", "EventKey": asked.scene, "Ticket": "sandbox-ticket"}
    return _pushed(await world.pushes.event(app, person, fields))


async def click(request: web.Request) -> web.Response:
    """``POST .../click``: press a menu button."""
    world, person, asked = request.app[WORLD], _person(request), await parsed(request, Click)
    app = _account(world, asked.appid)
    world.windows.open(app.appid, person.user, Did.CLICK)
    return _pushed(await world.pushes.event(app, person, {"Event": "CLICK", "EventKey": asked.key}))


async def say(request: web.Request) -> web.Response:
    """``POST .../say``: write a text into the chat; the answer carries what the account replied in clear."""
    world, person, asked = request.app[WORLD], _person(request), await parsed(request, Say)
    app = app_named(world, asked.appid)
    world.windows.open(app.appid, person.user, Did.MESSAGE)
    fields = world.pushes.addressed(app, person, {"MsgType": "text", "Content": asked.text})
    return _pushed(await world.pushes.push(app, person, Message(fields), mode=asked.mode))


async def locate(request: web.Request) -> web.Response:
    """``POST .../locate``: send one's place into the chat."""
    world, person, asked = request.app[WORLD], _person(request), await parsed(request, SendLocation)
    app = app_named(world, asked.appid)
    world.windows.open(app.appid, person.user, Did.MESSAGE)
    place = {"Location_X": str(asked.latitude), "Location_Y": str(asked.longitude), "Scale": "16", "Label": asked.label}
    fields = world.pushes.addressed(app, person, {"MsgType": "location", **place})
    return _pushed(await world.pushes.push(app, person, Message(fields)))


async def block(request: web.Request) -> web.Response:
    """``POST .../block``: switch an account's messages silent without leaving it."""
    world, person, asked = request.app[WORLD], _person(request), await parsed(request, AtApp)
    person.blocks.add(_account(world, asked.appid).appid)
    return ok()


async def revoke_consent(request: web.Request) -> web.Response:
    """``POST .../revoke-consent``: take back what one allowed the mini-program to know; it is told to delete it."""
    world, person, asked = request.app[WORLD], _person(request), await parsed(request, AtApp)
    app = app_named(world, asked.appid)
    fields = {"Event": "user_authorization_revoke", "OpenID": app.openid_of(person.user), "AppID": app.appid}
    return _pushed(await world.pushes.event(app, person, {**fields, "RevokeInfo": "1"}))


async def messages(request: web.Request) -> web.Response:
    """``GET .../messages``: all this person received, oldest first; ``?appid=`` and ``?kind=`` narrow it."""
    wanted = {key: request.query[key] for key in ("appid", "kind") if key in request.query}
    received = _person(request).received
    return ok(messages=[each for each in received if all(each[key] == value for key, value in wanted.items())])


async def set_account(request: web.Request) -> web.Response:
    """``POST /sandbox/account``: freeze an AppSecret, keep an allow-list of addresses."""
    world, asked = request.app[WORLD], await parsed(request, AccountState)
    appid = app_named(world, asked.appid).appid
    world.apps.frozen.discard(appid)
    world.apps.allowed_ips.pop(appid, None)
    if asked.frozen:
        world.apps.frozen.add(appid)
    if asked.allowed_ips is not None:
        world.apps.allowed_ips[appid] = asked.allowed_ips
    return ok()


async def revoke_tokens(request: web.Request) -> web.Response:
    """``POST /sandbox/revoke-tokens``: all access tokens of an app die, as when somebody else renews them."""
    world, asked = request.app[WORLD], await parsed(request, AtApp)
    world.tokens.revoke(app_named(world, asked.appid).appid)
    return ok()


def app_named(world: World, appid: str) -> SandboxApp:
    """Return an app; raise 404."""
    app = world.apps.find(appid)
    if app is None:
        raise web.HTTPNotFound(text="no such app in this sandbox\n")
    return app


def _account(world: World, appid: str) -> SandboxApp:
    app = app_named(world, appid)
    if app.kind is not AppKind.OFFICIAL_ACCOUNT:
        raise web.HTTPBadRequest(text="only Official Accounts have followers and menus\n")
    return app


def person_named(world: World, user: str) -> Person:
    """Return a person; raise 404."""
    person = world.people.find(user)
    if person is None:
        raise web.HTTPNotFound(text="no such user in this sandbox\n")
    return person


def _person(request: web.Request) -> Person:
    return person_named(request.app[WORLD], request.match_info["user"])


def _counts(world: World, person: Person, template_ids: list[str]) -> dict[str, int]:
    return {template_id: world.consents.balance(person.user, template_id) for template_id in template_ids}


def _person_told(world: World, person: Person) -> web.Response:
    openids = {app.appid: app.openid_of(person.user) for app in world.apps}
    return ok(user=person.user, nickname=person.nickname, openids=openids, follows=sorted(person.follows))


def _pushed(record: PushRecord) -> web.Response:
    return ok(**record.told())


ROUTES = (
    web.post("/sandbox/users", add_user),
    web.get("/sandbox/users/{user}", show_user),
    web.post("/sandbox/users/{user}/login-code", login_code),
    web.post("/sandbox/users/{user}/phone-code", phone_code),
    web.post("/sandbox/users/{user}/subscribe", subscribe),
    web.post("/sandbox/users/{user}/refuse", refuse_messages),
    web.post("/sandbox/users/{user}/follow", follow),
    web.post("/sandbox/users/{user}/unfollow", unfollow),
    web.post("/sandbox/users/{user}/scan", scan),
    web.post("/sandbox/users/{user}/click", click),
    web.post("/sandbox/users/{user}/say", say),
    web.post("/sandbox/users/{user}/locate", locate),
    web.post("/sandbox/users/{user}/block", block),
    web.post("/sandbox/users/{user}/revoke-consent", revoke_consent),
    web.post("/sandbox/account", set_account),
    web.get("/sandbox/users/{user}/messages", messages),
    web.post("/sandbox/revoke-tokens", revoke_tokens),
)
