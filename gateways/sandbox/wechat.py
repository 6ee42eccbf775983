"""A WeChat of our own: the server API at its real paths, the push engine, and ``/sandbox/`` to play the people."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from datetime import datetime

from aiohttp import web

from gateways.sandbox import (
    api_account,
    api_checks,
    api_links,
    api_login,
    api_messages,
    api_quota,
    api_security,
    control,
    control_pushes,
    faults,
    phone,
)
from gateways.sandbox.answers import RIDS, always_200
from gateways.sandbox.apps import AppBook, SandboxApp
from gateways.sandbox.consents import Consents
from gateways.sandbox.loopback import host_of, is_loopback, loopback_only
from gateways.sandbox.people import People
from gateways.sandbox.pushes import PushEngine
from gateways.sandbox.quotas import Quotas
from gateways.sandbox.tokens import TokenOffice
from gateways.sandbox.windows import Windows
from gateways.sandbox.world import WORLD, World

_APIS = (api_account, api_checks, api_links, api_login, api_messages, api_quota, api_security)


def make_wechat_sandbox(
    *,
    clock: Callable[[], datetime],
    apps: Sequence[SandboxApp],
    templates: Mapping[str, Mapping[str, str]],
    long_term_templates: Collection[str] = (),
    pages: Collection[str] | None = None,
    push_timeout_seconds: float = 5.0,
    allow_remote: bool = False,
    scenery: phone.Scenery | None = None,
) -> web.Application:
    """Make the application; serve it on a loopback address. ``/phone`` shows a phone, ``scenery`` what is on it.

    ``templates``: template id → {field key: example}. ``pages``: the pages of the released mini-program, None for
    any. ``allow_remote`` lifts the loopback rule (only inside a closed container network).
    """
    if not allow_remote:
        _insist_on_loopback(apps)
    middlewares = [] if allow_remote else [loopback_only]
    application = web.Application(middlewares=[*middlewares, always_200, faults.failing, api_security.secured])
    book = AppBook(apps)
    people = People(clock, book)
    application[faults.FAULTS] = faults.Faults(without=frozenset())
    application[WORLD] = World(
        clock=clock,
        apps=book,
        templates=templates,
        pages=pages,
        people=people,
        tokens=TokenOffice(clock),
        quotas=Quotas(clock),
        consents=Consents(long_term_templates),
        windows=Windows(clock),
        pushes=PushEngine(clock, people, push_timeout_seconds),
    )
    application[RIDS] = {}
    application[api_security.APP_KEYS] = {}
    application[phone.SCENERY] = scenery or phone.Scenery()
    application.cleanup_ctx.append(_pushing)
    application.on_startup.append(phone.people_at_hand)
    for room in (*_APIS, control, control_pushes, faults, phone):
        application.add_routes(room.ROUTES)
    return application


def _insist_on_loopback(apps: Sequence[SandboxApp]) -> None:
    for app in apps:
        if app.push_url is not None and not is_loopback(host_of(app.push_url)):
            raise ValueError(f"the sandbox pushes to this machine only; look at the push URL of {app.appid}")


async def _pushing(application: web.Application) -> AsyncIterator[None]:
    async with application[WORLD].pushes.running():
        yield
