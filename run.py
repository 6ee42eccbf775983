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
import json
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.set_up import set_up

if TYPE_CHECKING:
    from aiohttp import web

    from casework.deps import Deps
    from casework.seed_demo import DemoLogins
    from casework.settings import Settings, WeChatApp
    from gateways.pass_envelope import PassIssuer
    from gateways.sandbox.apps import SandboxApp
    from gateways.sandbox.phone import Scenery
    from gateways.seal import PlatformSeal
    from models.db import KeyRing

SLOW_STOP_SECONDS = 6.0
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
        return secrets.token_bytes(size)


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
    from gateways.official_account import OfficialAccountClient
    from gateways.proof_of_work import ProofOfWork
    from gateways.qr_pictures import codes_in
    from gateways.signer_check import SignerCheckClient
    from gateways.slip_envelope import SlipEnvelope
    from gateways.sms import SmsClient
    from gateways.wechat import WeChatClient
    from models.db import open_database
    from models.wechat_token import TokenShelf
    from templates.letters import insist_on_letters
    from workers.queue import open_queue

    insist_on_letters(settings.letters)
    clock = clock or SystemClock()
    app, account = settings.miniapp, settings.official_account
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(open_database(settings.database_url, keyring_of(settings)))
        session = await stack.enter_async_context(open_session())
        queue = await stack.enter_async_context(open_queue(settings.redis_url, settings.place))
        deps = Deps(
            settings=settings,
            clock=clock,
            random=SystemRandom(),
            rulebook=load_rulebook(),
            mini_program=WeChatClient(
                session, base_url=wechat_url(settings), appid=app.appid, secret=app.secret, clock=clock,
                shelf=TokenShelf(),
            ),
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
            official_account=OfficialAccountClient(
                session, base_url=wechat_url(settings), appid=account.appid, secret=account.secret, clock=clock,
                miniapp=app.appid, shelf=TokenShelf(),
            ),
        )  # fmt: skip
        yield replace(deps, dialogue=Dialogue(deps))


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


def wechat_url(settings: "Settings") -> str:
    """WeChat's address, or the sandbox's."""
    return settings.wechat_base_url or f"http://{settings.sandbox_host}:{settings.sandbox_port}"


def sms_url(settings: "Settings") -> str:
    """The SMS provider's address, or the sandbox's."""
    return settings.sms_url or f"http://{settings.sandbox_host}:{settings.sms_sandbox_port}/sms/send"


def make_citizen_door(deps: "Deps") -> "web.Application":
    """The mini-program's API with the Official Account's callback beside it."""
    from bot.app import make_bot
    from miniapp_api.app import make_app

    door = make_app(deps)
    door.add_subapp("/bot", make_bot(deps))
    return door


def make_sandboxes(settings: "Settings", clock: SystemClock) -> "tuple[web.Application, web.Application]":
    """A WeChat and an SMS centre of our own, speaking the same protocols."""
    from gateways.sandbox.sms import make_sms_sandbox
    from gateways.sandbox.wechat import make_wechat_sandbox
    from templates.notices import account_templates, subscribe_templates

    templates = {settings.template_ids[kind]: fields for kind, fields in subscribe_templates().items()}
    templates |= {settings.account_template_ids[kind]: fields for kind, fields in account_templates().items()}
    reports = f"http://127.0.0.1:{settings.port}/bot/sms-reports"
    sms = make_sms_sandbox(clock=clock, account=settings.sms_account, secret=settings.sms_secret, report_url=reports)
    wechat = make_wechat_sandbox(
        clock=clock, apps=sandbox_apps(settings), templates=templates, scenery=_scenery(settings, sms)
    )
    return wechat, sms


def _scenery(settings: "Settings", sms: "web.Application") -> "Scenery":
    """What the sandbox's phone has to tap: the demo's posters and places, and the SMS of the other sandbox."""
    from casework.seed_citizen import DEMO_CITIZEN, DEMO_PHONE
    from casework.seed_demo import positions, posters
    from gateways.sandbox.phone import Scenery
    from gateways.sandbox.sms import texts_on
    from templates.notices import notice_titles

    titles = {settings.template_ids[kind]: title for kind, title in notice_titles().items()}
    titles |= {settings.account_template_ids[kind]: title for kind, title in notice_titles().items()}
    return Scenery(
        titles=titles, posters=posters(), places=positions(), sms=lambda number: texts_on(sms, number),
        people=((DEMO_USER, DEMO_CITIZEN, DEMO_PHONE),),
    )  # fmt: skip


def sandbox_apps(settings: "Settings") -> "tuple[SandboxApp, SandboxApp]":
    """Our mini-program and our Official Account, as they would be set up in WeChat's console."""
    from gateways.sandbox.apps import AppKind, PushFormat, PushMode, SandboxApp

    def app(given: "WeChatApp", kind: AppKind, path: str) -> SandboxApp:
        return SandboxApp(
            **_keys(given), push_url=f"http://127.0.0.1:{settings.port}/bot/{path}", kind=kind,
            push_mode=PushMode(given.push_mode), push_format=PushFormat(given.push_format),
        )  # fmt: skip

    account = app(settings.official_account, AppKind.OFFICIAL_ACCOUNT, "official-account")
    return app(settings.miniapp, AppKind.MINIAPP, "miniapp"), account


def _keys(app: Any) -> dict[str, Any]:
    names = ("appid", "secret", "token", "aes_key", "aes_key_previous")
    return {name: getattr(app, name) for name in names}


# --- serving -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listeners:
    """Sockets that listen already, so that every address is known before anything starts."""

    citizen: socket.socket
    console: socket.socket
    wechat: socket.socket | None
    sms: socket.socket | None

    def settled(self, settings: "Settings") -> "Settings":
        """The settings with the ports that were really given (0 asks for a free one)."""
        ports = {"port": self.citizen.getsockname()[1], "console_port": self.console.getsockname()[1]}
        if self.wechat and self.sms:
            ports |= {"sandbox_port": self.wechat.getsockname()[1], "sms_sandbox_port": self.sms.getsockname()[1]}
        return replace(settings, **ports)


def listen(settings: "Settings") -> Listeners:
    """Bind every address; exits with a sentence when one is taken."""
    sandboxed = settings.sandboxed
    return Listeners(
        citizen=_bind(settings.host, settings.port),
        console=_bind(settings.console_host, settings.console_port),
        wechat=_bind(settings.sandbox_host, settings.sandbox_port) if sandboxed else None,
        sms=_bind(settings.sandbox_host, settings.sms_sandbox_port) if sandboxed else None,
    )


def _bind(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), backlog=1024)
    except OSError as error:
        sys.exit(f"Port {port} on {host} cannot be used ({error.strerror}). Set TONGBAN_PORT and the others, or 0.")


@contextlib.asynccontextmanager
async def serving(app: "web.Application", listener: socket.socket) -> AsyncIterator[None]:
    """Serve an application on a listening socket; on leaving, running requests may finish."""
    from aiohttp import web

    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=5)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    try:
        yield
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def working(deps: "Deps") -> AsyncIterator[None]:
    """Run the clockwork beside whatever else this process does."""
    from workers.clockwork import run_worker
    from workers.queue import ArqQueue

    assert isinstance(deps.queue, ArqQueue)
    worker = asyncio.create_task(run_worker(deps, deps.queue.redis))
    try:
        yield
    finally:
        worker.cancel()
        await asyncio.wait({worker})


async def serve(settings: "Settings") -> None:
    """Everything in one process, until SIGINT or SIGTERM."""
    from casework.self_check import check_words_and_rules
    from models.db import migrate

    started = time.monotonic()
    _insist_alone(settings)
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
        logins = await seed(deps) if settings.sandboxed else None
        await stack.enter_async_context(working(deps))
        from counter.app import make_app as make_console

        await stack.enter_async_context(serving(make_console(deps), listeners.console))
        await stack.enter_async_context(serving(make_citizen_door(deps), listeners.citizen))
        if settings.sandboxed:
            await set_up_phone(deps)
        addresses = addresses_of(settings)
        _keep_private(settings.var / "serving.json", {**addresses, "pid": os.getpid()})
        _say_where(addresses, logins, time.monotonic() - started)
        await _told_to_stop()
        print("Stopping …", flush=True)


def _insist_alone(settings: "Settings") -> None:
    """Two services on one folder would overwrite each other's addresses, and each have a sandbox of its own."""
    note = settings.var / "serving.json"
    with contextlib.suppress(OSError, ValueError, KeyError):
        known = json.loads(note.read_text(encoding="utf-8"))["base_url"]
        host, _, port = known.removeprefix("http://").rpartition(":")
        socket.create_connection((host, int(port)), timeout=0.5).close()
        sys.exit(f"Tongban is serving from {settings.var} already, at {known}. Set another TONGBAN_VAR.")


def addresses_of(settings: "Settings") -> dict[str, str]:
    """Where each door is, for people and for the journey."""
    citizen = f"http://{settings.host}:{settings.port}"
    addresses = {
        "base_url": citizen,
        "console_url": f"http://{settings.console_host}:{settings.console_port}",
        "feed_folder": str(settings.feed_folder),
    }
    if settings.sandboxed:
        addresses["wechat_url"] = wechat_url(settings)
        addresses["sms_url"] = f"http://{settings.sandbox_host}:{settings.sms_sandbox_port}"
    return addresses | {"miniapp_appid": settings.miniapp.appid, "account_appid": settings.official_account.appid}


def _say_where(addresses: Mapping[str, str], logins: "DemoLogins | None", seconds: float) -> None:
    print(f"Tongban 通办 is serving (started in {seconds:.1f} s; Ctrl-C stops it)\n")
    print(f"  Citizen API   {addresses['base_url']}/api/v1/   browse it at {addresses['base_url']}/docs")
    print(f"  Console 窗口  {addresses['console_url']}/")
    if "wechat_url" in addresses:
        print(f"  Sandbox       WeChat {addresses['wechat_url']}   SMS {addresses['sms_url']}")
    for clerk, password in (logins.clerks if logins else {}).items():
        print(f"  Demo clerk    {clerk:<18} password {password}")
    if "wechat_url" in addresses:
        print(f"  Phone 手机    {addresses['wechat_url']}/phone   talk to the Official Account, watch notices arrive")
    print("\n  Play the whole way:  python run.py journey --story all --base-url " + addresses["base_url"], flush=True)


async def _told_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(sign, stop.set)
        except NotImplementedError:  # Windows: Ctrl-C raises KeyboardInterrupt instead
            signal.signal(sign, lambda *_: loop.call_soon_threadsafe(stop.set))
    await stop.wait()
    loop.call_later(SLOW_STOP_SECONDS, _say_what_hangs)


def _say_what_hangs() -> None:
    """A stop that takes long leaves word of what it waits for: task names and places, no arguments."""
    import structlog

    for task in asyncio.all_tasks():
        where = [f"{Path(f.f_code.co_filename).name}:{f.f_lineno} {f.f_code.co_name}" for f in task.get_stack()]
        structlog.get_logger().warning("stopping_slowly", task=task.get_name(), where=where)


async def set_up_phone(deps: "Deps") -> None:
    """Somebody to hold the sandbox's phone, and the menu under the chat."""
    from casework.seed_citizen import seed_citizen

    miniapp, account = sandbox_apps(deps.settings)
    await seed_citizen(deps, openid=miniapp.openid_of(DEMO_USER), follower=account.openid_of(DEMO_USER))
    await _menu("put", deps.settings)


async def seed(deps: "Deps") -> "DemoLogins":
    """Seed the demo and keep its logins, and its stations' private keys, readable by the owner only."""
    from casework.keep_point_key import register_point_key
    from casework.seed_demo import DemoLogins, seed_demo
    from gateways.pass_keys import demo_station_key
    from gateways.station_signing import make_signing_key

    path = deps.settings.var / "demo-logins.json"
    known = DemoLogins(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
    logins = await seed_demo(deps, known, make_signing_key)
    _keep_private(path, asdict(logins))
    for point in logins.points.values():
        public = demo_station_key(deps.settings.var / "station-keys", point)
        await register_point_key(deps, point, public.id, public.raw)
    return logins


def _keep_private(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


# --- commands ----------------------------------------------------------------------------------------------------


async def _worker(settings: "Settings") -> None:
    async with open_deps(settings) as deps, working(deps):
        print("The worker runs; Ctrl-C stops it.", flush=True)
        await _told_to_stop()


async def _migrate(settings: "Settings") -> None:
    from models.db import migrate

    applied = await migrate(settings.database_url, keyring_of(settings))
    print("\n".join(applied) if applied else "Nothing to migrate.")


async def _seed(settings: "Settings") -> None:
    async with open_deps(settings) as deps:
        logins = await seed(deps)
    for clerk, password in logins.clerks.items():
        print(f"{clerk:<20} {password}")


async def _seed_training(settings: "Settings", asked: argparse.Namespace) -> None:
    """The demo, and so many invented people with their cases."""
    from casework.seed_training import seed_training
    from domain.refusal import Refusal
    from templates.refusals import refusal_text

    await _migrate(settings)
    await _seed(settings)
    async with open_deps(settings) as deps:
        try:
            made = await seed_training(deps, asked.demo, sure=asked.yes)
        except Refusal as refusal:
            told = refusal_text(refusal.code, refusal.facts)
            sys.exit(f"{told.title}：{told.detail}{told.advice}")
    print(f"{made} case(s) of invented people")


async def _feed(settings: "Settings") -> None:
    """Take the feed folder now, to its end, and say what became of it."""
    from casework.take_feed import take_feed

    async with open_deps(settings) as deps:
        handled = 0
        while some := await take_feed(deps):
            handled += some
    print(f"{handled} line(s) taken in hand; the reports stand in {settings.feed_folder}/done and /refused.")


async def _sandbox(settings: "Settings") -> None:
    """WeChat and SMS centre alone, for a service that runs elsewhere on this machine and is pointed at them."""
    from gateways.sandbox.loopback import host_of, is_loopback

    if settings.wechat_base_url and not is_loopback(host_of(settings.wechat_base_url)):
        sys.exit("The sandbox is not served beside a real WeChat: TONGBAN_WECHAT_BASE_URL points elsewhere.")
    wechat, sms = make_sandboxes(settings, SystemClock())
    at = _bind(settings.sandbox_host, settings.sandbox_port), _bind(settings.sandbox_host, settings.sms_sandbox_port)
    async with serving(wechat, at[0]), serving(sms, at[1]):
        print(f"WeChat http://127.0.0.1:{at[0].getsockname()[1]}  SMS http://127.0.0.1:{at[1].getsockname()[1]}")
        await _told_to_stop()


async def _check(settings: "Settings") -> list[str]:
    """Every problem an operator can mend, at once."""
    from casework.self_check import check_words_and_rules, crooked_in_words
    from casework.verify_letter import tasks_in_words
    from gateways.http import open_session
    from gateways.wechat import WeChatClient
    from models.db import BrokenReferences, Unreachable, WrongKeys, open_database
    from workers.queue import open_queue

    problems = [*check_words_and_rules(settings.letters), *_check_seal(settings)]
    try:
        async with open_database(settings.database_url, keyring_of(settings)) as database:
            if await database.migrated():
                problems += [*await tasks_in_words(), *await crooked_in_words()]
            else:
                problems.append("database: not migrated; run: python run.py migrate")
    except (Unreachable, WrongKeys, BrokenReferences) as error:
        problems.append(f"database: {error}")
    if settings.redis_url:
        async with open_queue(settings.redis_url) as queue:
            if not await queue.answers():
                problems.append("queue: Redis does not answer at TONGBAN_REDIS_URL")
    if not settings.sandboxed:
        app = settings.miniapp
        async with open_session() as session:
            client = WeChatClient(
                session, base_url=wechat_url(settings), appid=app.appid, secret=app.secret, clock=SystemClock()
            )
            try:
                await client.ping()
            except Exception as error:  # noqa: BLE001 – whatever is wrong, the operator gets the list
                problems.append(f"WeChat: {error}")
    return problems


def _check_seal(settings: "Settings") -> list[str]:
    from gateways.pass_keys import PassKeyUnusableError
    from gateways.seal import SealUnusableError

    public = settings.sandboxed or settings.public_url
    problems = [] if public else ["TONGBAN_PUBLIC_URL is missing: the QR codes of letters would lead nowhere"]
    try:
        seal_of(settings, SystemClock())
        pass_issuer_of(settings)
    except (SealUnusableError, PassKeyUnusableError) as error:
        problems.append(f"seal or key: {error}")
    return problems


async def _verify_chain(settings: "Settings") -> None:
    from casework.verify_letter import verify_chain

    async with open_deps(settings) as deps:
        verdict = await verify_chain(deps)
    if verdict.broken_at is not None:
        sys.exit(f"The chain is broken at record {verdict.broken_at}: {verdict.why}.")
    print(f"The chain holds: {verdict.length} record(s).")


async def _add_operator(settings: "Settings", username: str) -> None:
    from casework.manage_staff import add_first_operator
    from domain.refusal import Refusal

    async with open_deps(settings) as deps:
        try:
            password = await add_first_operator(deps, username)
        except Refusal as refusal:
            sys.exit(f"Not added: {refusal.code}")
    print(f"{username}  {password}  (to be changed at the first login, within 72 hours)")


def _command_check(settings: "Settings", _: argparse.Namespace) -> int:
    problems = asyncio.run(_check(settings))
    for problem in problems:
        print(f"- {problem}")
    print("All is well." if not problems else f"{len(problems)} problem(s).")
    return 1 if problems else 0


def _command_menu(words: Sequence[str]) -> int:
    from commands.menu import what_to_do
    from gateways.trouble import GatewayError

    action, settings = what_to_do(words), _load(os.environ)
    try:
        print(asyncio.run(_menu(action, settings)))
    except GatewayError as trouble:
        sys.exit(f"WeChat: {trouble}")
    return 0


async def _menu(action: str, settings: "Settings") -> str:
    """Do something with the menu under the chat; what was done, in words."""
    from bot.menu import MENU
    from commands import menu
    from gateways.http import open_session
    from gateways.official_account import OfficialAccountClient

    account = settings.official_account
    async with open_session() as session:
        client = OfficialAccountClient(
            session, base_url=wechat_url(settings), appid=account.appid, secret=account.secret, clock=SystemClock(),
            miniapp=settings.miniapp.appid,
        )  # fmt: skip
        return await menu.do(action, client, MENU)


def _command_guide(words: Sequence[str]) -> int:
    from commands import guide
    from domain.local_time import day_of

    return guide.main(words, day_of(SystemClock().now()))


def _command_verify_letter(words: Sequence[str]) -> int:
    from casework.settings import trust_file
    from commands import verify_letter
    from gateways.pdf_signature import verify_letter_file

    return verify_letter.main(words, verify_letter_file, trust_file(os.environ))


def _command_read_pass(words: Sequence[str]) -> int:
    from commands import read_pass
    from gateways.pass_keys import PassKeyUnusableError, open_reader
    from gateways.qr_pictures import codes_in
    from gateways.used_passes import UsedPassFile

    tools = read_pass.Tools(open_reader, UsedPassFile, codes_in, SystemClock(), PassKeyUnusableError)
    return read_pass.main(words, tools, sys.stdin)


def _command_pass_keys(words: Sequence[str]) -> int:
    from commands import pass_keys
    from gateways.pass_keys import make_station_key, station_public_key

    asked = pass_keys.asked_for(words)
    if asked.command == pass_keys.MAKE_STATION:
        return pass_keys.make_station(asked.file, make_station_key)

    async def keep(settings: "Settings") -> None:
        async with open_deps(settings) as deps:
            await pass_keys.keep(deps, asked, station_public_key)

    return _run(keep, _load(os.environ))


def _command_return_slip(words: Sequence[str]) -> int:
    from commands import return_slip
    from gateways.slip_envelope import seal_slip

    return return_slip.main(words, return_slip.Tools(seal_slip, SystemClock().now(), SystemRandom().token))


def _command_sign_feed(words: Sequence[str]) -> int:
    from commands import sign_feed
    from gateways.station_signing import sign_file

    return sign_feed.main(words, sign_file, SystemClock().now())


def _command_journey(settings_of: "Callable[[Mapping[str, str]], Settings]", asked: argparse.Namespace) -> int:
    from tests.journeys.play import play

    return play(asked, settings_of)


def _command_test(arguments: Sequence[str]) -> int:
    import pytest

    return int(pytest.main(["-q", *arguments]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="run.py", description="通办 Tongban")
    commands = parser.add_subparsers(dest="command")
    for name, words in (
        ("serve", "serve everything in this process (what happens without a command)"),
        ("worker", "run only the workers"),
        ("migrate", "bring the database up to date; safe when two start at once"),
        ("seed", "seed demo acceptance points, clerks and station systems"),
        ("check", "say every missing or bad setting, and whether database, queue and WeChat answer"),
        ("verify-chain", "walk the evidence of all signatures: nothing missing, nothing changed"),
        ("feed", "take the signed batches that lie in the feed folder, now"),
        ("sandbox", "serve only the sandbox WeChat and SMS centre"),
    ):
        commands.add_parser(name, help=words)
    seeding = commands.choices["seed"]
    seeding.add_argument("--demo", type=int, metavar="N", help="and N invented people with two weeks of history")
    seeding.add_argument("--yes", action="store_true", help="even where real people are served")
    commands.add_parser("test", help="run the tests; further words go to pytest", add_help=False)
    journey = commands.add_parser("journey", help="play the whole way through real HTTP")
    stories = "adult, minor, guangdong, cross-province, offline, return-slip, overdue or all"
    journey.add_argument("--story", default="all", help=stories)
    journey.add_argument("--out", type=Path, default=Path("journey-out"), help="where the artefacts go")
    journey.add_argument("--base-url", help="a running service; without it one is started on free ports")
    journey.add_argument("--console-url", help="its console, where serving.json does not say")
    journey.add_argument("--wechat-url", help="its sandbox WeChat, where serving.json does not say")
    journey.add_argument("--sms-url", help="its sandbox SMS centre, where serving.json does not say")
    journey.add_argument("--logins", type=Path, help="its demo-logins.json, where it is not in TONGBAN_VAR")
    commands.add_parser("verify-letter", help="is a letter's PDF genuine and unaltered, offline", add_help=False)
    commands.add_parser("read-pass", help="read an offline pass at a station, without a network", add_help=False)
    operator = commands.add_parser("add-operator", help="the first account: an operator, who makes all others")
    operator.add_argument("username")
    commands.add_parser("pass-keys", help="make, register and retire the keys of offline passes", add_help=False)
    commands.add_parser("menu", help="put, show or delete the menu under the Official Account's chat", add_help=False)
    commands.add_parser("return-slip", help="make the slip a citizen carries back from a station", add_help=False)
    commands.add_parser("sign-feed", help="make a signed feed file of reports, as a station does", add_help=False)
    commands.add_parser("guide", help="ask the rulebook; guide --help tells how", add_help=False)
    return parser


def _load(env: Mapping[str, str]) -> "Settings":
    from casework.settings import BadSettings, load_settings

    try:
        return load_settings(env)
    except BadSettings as bad:
        sys.exit("Settings:\n" + "\n".join(f"- {problem}" for problem in bad.problems))


def _run(work: "Callable[[Settings], Any]", settings: "Settings") -> int:
    from domain.policy.loader import BrokenRules
    from gateways.pass_keys import PassKeyUnusableError
    from gateways.seal import SealUnusableError
    from models.db import Unreachable, WrongKeys
    from templates.letters import BrokenLetters

    with _quick_loop() as run, contextlib.suppress(KeyboardInterrupt):
        try:
            run(work(settings))
        except BrokenRules as error:
            sys.exit(f"Rules: {error}")
        except (SealUnusableError, PassKeyUnusableError) as error:
            sys.exit(f"Seal or key: {error}")
        except BrokenLetters as error:
            sys.exit("\n".join(error.problems))
        except (Unreachable, WrongKeys) as error:
            sys.exit(f"Database: {error}")
    return 0


@contextlib.contextmanager
def _quick_loop() -> Iterator[Callable[[Any], Any]]:
    """uvloop where it is installed."""
    try:
        import uvloop
    except ImportError:
        yield asyncio.run
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield runner.run


def main(arguments: Sequence[str] | None = None) -> int:
    """Set up if need be, then do what was asked."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    if argv not in (["-h"], ["--help"]):
        set_up(argv, os.environ)
    if argv[:1] == ["test"]:
        return _command_test(argv[1:])
    own_words = {
        "guide": _command_guide, "verify-letter": _command_verify_letter, "read-pass": _command_read_pass,
        "pass-keys": _command_pass_keys, "menu": _command_menu, "sign-feed": _command_sign_feed,
        "return-slip": _command_return_slip,
    }  # fmt: skip
    if argv and argv[0] in own_words:
        return own_words[argv[0]](argv[1:])
    asked = _parser().parse_args(argv)
    if asked.command == "journey":
        return _command_journey(_load, asked)
    from casework.logs import configure_logs

    configure_logs()
    settings = _load(os.environ)
    if asked.command == "check":
        return _command_check(settings, asked)
    if asked.command == "add-operator":
        return _run(lambda known: _add_operator(known, asked.username), settings)
    work = {
        "worker": _worker, "migrate": _migrate, "seed": _seed, "sandbox": _sandbox, "verify-chain": _verify_chain,
        "feed": _feed,
    }  # fmt: skip
    if asked.command == "seed" and asked.demo is not None:
        work["seed"] = partial(_seed_training, asked=asked)
    return _run(work.get(asked.command, serve), settings)


if __name__ == "__main__":
    sys.exit(main())
