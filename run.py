#!/usr/bin/env python3
"""通办 Tongban: one entry point, and the only place where rooms are joined.

    python3 run.py                 set up on the first run, then serve
    python3 run.py test            set up, then run the tests
    python3 run.py --help          everything else

At the top it imports the standard library only: it must run before anything is installed (``commands.set_up``).
"""

import argparse
import asyncio
import contextlib
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from commands.serving import announce, bind, listen, quick_loop, sms_url, told_to_stop, wechat_url
from commands.set_up import set_up
from commands.words import parser

if TYPE_CHECKING:
    from aiohttp import ClientSession, web

    from casework.deps import Deps
    from casework.seed_demo import DemoLogins
    from casework.settings import Settings
    from gateways.access_token import Shelf
    from gateways.official_account import OfficialAccountClient
    from gateways.pass_envelope import PassIssuer
    from gateways.sandbox.apps import SandboxApp
    from gateways.seal import PlatformSeal
    from gateways.wechat import WeChatClient
    from models.db import KeyRing

    Act = Callable[[Deps], Awaitable[None]]
    Work = Callable[[Settings], Awaitable[int | None]]

DEMO_USER = "demo"  # who holds the phone of the sandbox's page


# --- joining the rooms -------------------------------------------------------------------------------------------


class SystemClock:
    """The one clock of a process."""

    def now(self) -> datetime:
        """This moment, aware, UTC."""
        return datetime.now(UTC)

    __call__ = now


class SystemRandom:
    """The operating system's random source."""

    def token(self, size: int) -> bytes:
        """``size`` random bytes."""
        return os.urandom(size)


def keyring_of(settings: "Settings") -> "KeyRing":
    """The keys that seal personal data."""
    from models.db import KeyRing
    from models.gcm import SealCipher

    return KeyRing(
        current=settings.seal_key_current, keys=settings.seal_keys, index_key=settings.index_key,
        cipher=SealCipher(settings.seal_cipher),
    )  # fmt: skip


@contextlib.asynccontextmanager
async def open_deps(settings: "Settings", clock: SystemClock | None = None) -> "AsyncIterator[Deps]":
    """Open database, queue and outside, and join them into what the acts are given."""
    from bot.dialogue import Dialogue
    from casework.deps import Deps
    from domain.policy.loader import load_rulebook
    from gateways.feed_folder import FeedFolder
    from gateways.http import open_session
    from gateways.proof_of_work import ProofOfWork
    from gateways.qr_pictures import codes_in
    from gateways.signer_check import SignerCheckClient
    from gateways.slip_envelope import SlipEnvelope
    from gateways.sms import SmsClient
    from models.db import open_database
    from models.wechat_token import TokenShelf
    from templates.letters import insist_on_letters
    from workers.queue import open_queue

    insist_on_letters(settings.letters)
    clock = clock or SystemClock()
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(open_database(settings.database_url, keyring_of(settings)))
        session = await stack.enter_async_context(open_session())
        queue = await stack.enter_async_context(open_queue(settings.redis_url, settings.place))
        deps = Deps(
            settings=settings,
            clock=clock,
            random=SystemRandom(),
            rulebook=load_rulebook(),
            mini_program=mini_program_of(settings, session, clock, TokenShelf()),
            sms=SmsClient(
                session, url=sms_url(settings), account=settings.sms_account, secret=settings.sms_secret, clock=clock
            ),
            queue=queue,
            feed=FeedFolder(settings.feed_folder),
            slips=SlipEnvelope(),
            puzzle=ProofOfWork(settings.index_key),
            seal=seal_of(settings, clock),
            pass_issuer=pass_issuer_of(settings),
            codes_in=codes_in,
            signer_check=SignerCheckClient(
                session, url=settings.signer_check_url, account=settings.signer_check_account,
                secret=settings.signer_check_secret, clock=clock,
            ) if settings.signer_check_url else None,
            official_account=official_account_of(settings, session, clock, TokenShelf()),
        )  # fmt: skip
        yield replace(deps, dialogue=Dialogue(deps))


def mini_program_of(
    settings: "Settings", session: "ClientSession", clock: SystemClock, shelf: "Shelf | None" = None
) -> "WeChatClient":
    """Our mini-program at WeChat, or at the sandbox."""
    from gateways.wechat import WeChatClient

    app, at = settings.miniapp, wechat_url(settings)
    return WeChatClient(session, base_url=at, appid=app.appid, secret=app.secret, clock=clock, shelf=shelf)


def official_account_of(
    settings: "Settings", session: "ClientSession", clock: SystemClock, shelf: "Shelf | None" = None
) -> "OfficialAccountClient":
    """Our Official Account there."""
    from gateways.official_account import OfficialAccountClient

    account, at = settings.official_account, wechat_url(settings)
    return OfficialAccountClient(
        session, base_url=at, appid=account.appid, secret=account.secret, clock=clock, miniapp=settings.miniapp.appid,
        shelf=shelf,
    )  # fmt: skip


def seal_of(settings: "Settings", clock: SystemClock) -> "PlatformSeal":
    """The platform's seal; the sandbox makes one of its own at the first start."""
    from gateways.seal_keeping import open_seal

    kept = settings.platform_seal
    return open_seal(
        kept.file, kept.password, make=settings.sandboxed, algorithm=kept.algorithm, clock=clock,
        retired=kept.retired, trust=kept.trust, sm2_key=kept.sm2_key,
    )  # fmt: skip


def pass_issuer_of(settings: "Settings") -> "PassIssuer | None":
    """What signs offline passes; the sandbox makes its key at the first start. None where no key is set."""
    from gateways.pass_keys import open_issuer

    kept = settings.pass_key
    if kept is None:
        return None
    return open_issuer(kept.file, kept.password, make=settings.sandboxed, retired=kept.retired, trust=kept.trust)


def make_citizen_door(deps: "Deps") -> "web.Application":
    """The mini-program's API with the Official Account's callback beside it."""
    from bot.app import make_bot
    from miniapp_api.app import make_app

    door = make_app(deps)
    door.add_subapp("/bot", make_bot(deps))
    return door


def make_sandboxes(settings: "Settings", clock: SystemClock) -> "tuple[web.Application, web.Application]":
    """A WeChat and an SMS centre of our own, speaking the same protocols; their phone knows the demo's places."""
    from casework.seed_citizen import DEMO_CITIZEN, DEMO_PHONE
    from casework.seed_demo import positions, posters
    from gateways.sandbox.phone import Scenery
    from gateways.sandbox.sms import make_sms_sandbox, texts_on
    from gateways.sandbox.wechat import make_wechat_sandbox
    from templates.notices import account_templates, notice_titles, subscribe_templates

    ids, account_ids = settings.template_ids, settings.account_template_ids
    templates = {ids[kind]: fields for kind, fields in subscribe_templates().items()}
    templates |= {account_ids[kind]: fields for kind, fields in account_templates().items()}
    sms = make_sms_sandbox(
        clock=clock, account=settings.sms_account, secret=settings.sms_secret,
        report_url=f"http://127.0.0.1:{settings.port}/bot/sms-reports",
    )  # fmt: skip
    scenery = Scenery(
        titles={some[kind]: title for some in (ids, account_ids) for kind, title in notice_titles().items()},
        posters=posters(), places=positions(), sms=lambda number: texts_on(sms, number),
        people=((DEMO_USER, DEMO_CITIZEN, DEMO_PHONE),),
    )  # fmt: skip
    return make_wechat_sandbox(clock=clock, apps=sandbox_apps(settings), templates=templates, scenery=scenery), sms


def sandbox_apps(settings: "Settings") -> "tuple[SandboxApp, SandboxApp]":
    """Our mini-program and our Official Account, as they would be set up in WeChat's console."""
    from gateways.sandbox.apps import AppKind, as_set_up

    door = f"http://127.0.0.1:{settings.port}/bot"
    return (
        as_set_up(settings.miniapp, AppKind.MINIAPP, f"{door}/miniapp"),
        as_set_up(settings.official_account, AppKind.OFFICIAL_ACCOUNT, f"{door}/official-account"),
    )


# --- serving -----------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def serving(app: "web.Application", listener: socket.socket) -> AsyncIterator[None]:
    """Serve an application on a listening socket; on leaving, running requests may finish."""
    from miniapp_api.beneath import open_door

    runner = await open_door(app, listener)
    try:
        yield
    finally:
        await runner.cleanup()


async def serve(settings: "Settings") -> None:
    """Everything in one process, until SIGINT or SIGTERM."""
    from casework.self_check import check_words_and_rules
    from commands.beside import others_beside
    from counter.app import make_app as make_console
    from models.db import migrate
    from workers.clockwork import working

    started = time.monotonic()
    if problems := check_words_and_rules():
        sys.exit("Rules and texts:\n" + "\n".join(f"- {problem}" for problem in problems))
    listeners = listen(settings)
    settings = listeners.settled(settings)
    await migrate(settings.database_url, keyring_of(settings))
    async with contextlib.AsyncExitStack() as stack:
        if listeners.wechat and listeners.sms:
            wechat, sms = make_sandboxes(settings, SystemClock())
            await stack.enter_async_context(serving(wechat, listeners.wechat))
            await stack.enter_async_context(serving(sms, listeners.sms))
        deps = await stack.enter_async_context(open_deps(settings))
        clerks = (await seed_with_keys(deps)).clerks if settings.sandboxed else {}
        await stack.enter_async_context(working(deps))
        await stack.enter_async_context(serving(make_console(deps), listeners.console))
        await stack.enter_async_context(serving(make_citizen_door(deps), listeners.citizen))
        await stack.enter_async_context(others_beside(settings, os.environ))
        if settings.sandboxed:
            await set_up_phone(deps)
        announce(settings, clerks, time.monotonic() - started)
        await told_to_stop()
        print("Stopping …", flush=True)


async def _beside(settings: "Settings") -> None:
    from commands.beside import answering, listen_beside

    async with open_deps(settings) as deps, serving(make_citizen_door(deps), listen_beside(settings)):
        await told_to_stop(answering)


async def set_up_phone(deps: "Deps") -> None:
    """Somebody to hold the sandbox's phone, and the menu under the chat."""
    from casework.seed_citizen import seed_citizen

    miniapp, account = sandbox_apps(deps.settings)
    await seed_citizen(deps, openid=miniapp.openid_of(DEMO_USER), follower=account.openid_of(DEMO_USER))
    await _menu("put", deps.settings)


async def seed_with_keys(deps: "Deps") -> "DemoLogins":
    """Seed the demo, whose stations have keys like real ones."""
    from commands.seed import Tools, seed
    from gateways.pass_keys import demo_station_key
    from gateways.station_signing import make_signing_key

    return await seed(deps, Tools(make_signing_key, demo_station_key))


# --- commands that need the house joined -------------------------------------------------------------------------


async def _joined(act: "Act", settings: "Settings") -> None:
    async with open_deps(settings) as deps:
        await act(deps)


async def _worker(settings: "Settings") -> None:
    from workers.clockwork import working

    async with open_deps(settings) as deps, working(deps):
        print("The worker runs; Ctrl-C stops it.", flush=True)
        await told_to_stop()


async def _migrate(settings: "Settings") -> None:
    from models.db import migrate

    applied = await migrate(settings.database_url, keyring_of(settings))
    print("\n".join(applied) if applied else "Nothing to migrate.")


async def _seed(asked: argparse.Namespace, settings: "Settings") -> None:
    from commands.seed import train

    if asked.demo is not None:
        await _migrate(settings)
    async with open_deps(settings) as deps:
        logins = await seed_with_keys(deps)
        for clerk, password in logins.clerks.items():
            print(f"{clerk:<20} {password}")
        if asked.demo is not None:
            await train(deps, asked.demo, sure=asked.yes)


async def _sandbox(settings: "Settings") -> None:
    """WeChat and SMS centre alone, for a service that runs elsewhere on this machine and is pointed at them."""
    from gateways.sandbox.loopback import host_of, is_loopback

    if settings.wechat_base_url and not is_loopback(host_of(settings.wechat_base_url)):
        sys.exit("The sandbox is not served beside a real WeChat: TONGBAN_WECHAT_BASE_URL points elsewhere.")
    wechat, sms = make_sandboxes(settings, SystemClock())
    at = bind(settings.sandbox_host, settings.sandbox_port), bind(settings.sandbox_host, settings.sms_sandbox_port)
    async with serving(wechat, at[0]), serving(sms, at[1]):
        print(f"WeChat http://127.0.0.1:{at[0].getsockname()[1]}  SMS http://127.0.0.1:{at[1].getsockname()[1]}")
        await told_to_stop()


async def _check(settings: "Settings") -> int:
    from commands.check import check

    return await check(settings, (_keys_open, _database_answers, _queue_answers, _wechat_answers))


async def _keys_open(settings: "Settings") -> list[str]:
    from gateways.pass_keys import PassKeyUnusableError
    from gateways.seal import SealUnusableError

    try:
        seal_of(settings, SystemClock())
        pass_issuer_of(settings)
    except (SealUnusableError, PassKeyUnusableError) as error:
        return [f"seal or key: {error}"]
    return []


async def _database_answers(settings: "Settings") -> list[str]:
    from casework.self_check import crooked_in_words
    from casework.verify_letter import tasks_in_words
    from models.db import BrokenReferences, Unreachable, WrongKeys, open_database

    try:
        async with open_database(settings.database_url, keyring_of(settings)) as database:
            if await database.migrated():
                return [*await tasks_in_words(), *await crooked_in_words()]
            return ["database: not migrated; run: python run.py migrate"]
    except (Unreachable, WrongKeys, BrokenReferences) as error:
        return [f"database: {error}"]


async def _queue_answers(settings: "Settings") -> list[str]:
    from workers.queue import open_queue

    if not settings.redis_url:
        return []
    async with open_queue(settings.redis_url) as queue:
        return [] if await queue.answers() else ["queue: Redis does not answer at TONGBAN_REDIS_URL"]


async def _wechat_answers(settings: "Settings") -> list[str]:
    from gateways.http import open_session

    if settings.sandboxed:
        return []
    async with open_session() as session:
        try:
            await mini_program_of(settings, session, SystemClock()).ping()
        except Exception as error:  # noqa: BLE001 – whatever is wrong, the operator gets the list
            return [f"WeChat: {error}"]
    return []


async def _menu(action: str, settings: "Settings") -> str:
    """Do something with the menu under the chat; what was done, in words."""
    from bot.menu import MENU
    from commands import menu
    from gateways.http import open_session

    async with open_session() as session:
        return await menu.do(action, official_account_of(settings, session, SystemClock()), MENU)


# --- commands that read their further words themselves, and open no more of the house than they need --------------


def _menu_command(words: Sequence[str]) -> int:
    from commands.menu import what_to_do
    from gateways.trouble import GatewayError

    action, settings = what_to_do(words), _load(os.environ)
    try:
        print(asyncio.run(_menu(action, settings)))
    except GatewayError as trouble:
        sys.exit(f"WeChat: {trouble}")
    return 0


def _guide(words: Sequence[str]) -> int:
    from commands import guide
    from domain.local_time import day_of

    return guide.main(words, day_of(SystemClock().now()))


def _verify_letter(words: Sequence[str]) -> int:
    from casework.settings import trust_file
    from commands import verify_letter
    from gateways.pdf_signature import verify_letter_file

    return verify_letter.main(words, verify_letter_file, trust_file(os.environ))


def _read_pass(words: Sequence[str]) -> int:
    from commands import read_pass
    from gateways.pass_keys import PassKeyUnusableError, open_reader
    from gateways.qr_pictures import codes_in
    from gateways.used_passes import UsedPassFile

    tools = read_pass.Tools(open_reader, UsedPassFile, codes_in, SystemClock(), PassKeyUnusableError)
    return read_pass.main(words, tools, sys.stdin)


def _pass_keys(words: Sequence[str]) -> int:
    from commands import pass_keys
    from gateways.pass_keys import make_station_key, station_public_key

    asked = pass_keys.asked_for(words)
    if asked.command == pass_keys.MAKE_STATION:
        return pass_keys.make_station(asked.file, make_station_key)
    return _run(partial(_joined, partial(pass_keys.keep, asked=asked, read=station_public_key)), _load(os.environ))


def _return_slip(words: Sequence[str]) -> int:
    from commands import return_slip
    from gateways.slip_envelope import seal_slip

    return return_slip.main(words, return_slip.Tools(seal_slip, SystemClock().now(), SystemRandom().token))


def _sign_feed(words: Sequence[str]) -> int:
    from commands import sign_feed
    from gateways.station_signing import sign_file

    return sign_feed.main(words, sign_file, SystemClock().now())


def _test(words: Sequence[str]) -> int:
    import pytest

    return int(pytest.main(["-q", *words]))


OWN_WORDS: Mapping[str, Callable[[Sequence[str]], int]] = {
    "guide": _guide, "menu": _menu_command, "pass-keys": _pass_keys, "read-pass": _read_pass,
    "return-slip": _return_slip, "sign-feed": _sign_feed, "test": _test, "verify-letter": _verify_letter,
}  # fmt: skip


# --- the first word ----------------------------------------------------------------------------------------------


def _work(asked: argparse.Namespace) -> "Work":
    """What a command does once the settings are read."""
    from commands.add_operator import add
    from commands.feed import take
    from commands.verify_chain import walk

    known: Mapping[str | None, Work] = {
        "beside": _beside, "worker": _worker, "migrate": _migrate, "sandbox": _sandbox, "check": _check,
        "seed": partial(_seed, asked), "verify-chain": partial(_joined, walk), "feed": partial(_joined, take),
    }  # fmt: skip
    if asked.command == "add-operator":
        return partial(_joined, partial(add, username=asked.username))
    return known.get(asked.command, serve)


def _load(env: Mapping[str, str]) -> "Settings":
    from casework.settings import BadSettings, load_settings

    try:
        return load_settings(env)
    except BadSettings as bad:
        sys.exit("Settings:\n" + "\n".join(f"- {problem}" for problem in bad.problems))


def _run(work: "Work", settings: "Settings") -> int:
    from domain.policy.loader import BrokenRules
    from gateways.pass_keys import PassKeyUnusableError
    from gateways.seal import SealUnusableError
    from models.db import Unreachable, WrongKeys
    from templates.letters import BrokenLetters

    with quick_loop() as run, contextlib.suppress(KeyboardInterrupt):
        try:
            return run(work(settings)) or 0
        except BrokenRules as error:
            sys.exit(f"Rules: {error}")
        except (SealUnusableError, PassKeyUnusableError) as error:
            sys.exit(f"Seal or key: {error}")
        except BrokenLetters as error:
            sys.exit("\n".join(error.problems))
        except (Unreachable, WrongKeys) as error:
            sys.exit(f"Database: {error}")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Set up if need be, then do what was asked."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    if argv not in (["-h"], ["--help"]):
        set_up(argv, os.environ)
    if argv and argv[0] in OWN_WORDS:
        return OWN_WORDS[argv[0]](argv[1:])
    asked = parser().parse_args(argv)
    if asked.command == "journey":
        from tests.journeys.play import play

        return play(asked, _load)
    from casework.logs import configure_logs

    configure_logs()
    return _run(_work(asked), _load(os.environ))


if __name__ == "__main__":
    sys.exit(main())
