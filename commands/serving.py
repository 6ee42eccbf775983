"""Where a service listens, what it says of itself, and how it is told to stop: the sockets, not what is served on them.

Standard library only at the top, like whatever ``run.py`` imports there.
"""

import asyncio
import contextlib
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from casework.settings import Settings

SLOW_STOP_SECONDS = 6.0
YOUNG_OBJECTS = 10_000  # more than the requests under way hold at once: those go by themselves, without a search
_ADDRESSES = "serving.json"


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
    """Bind every address; exits with a sentence when one is taken, or when a service runs on this folder already."""
    _insist_alone(settings)
    sandboxed = settings.sandboxed
    return Listeners(
        citizen=bind(settings.host, settings.port, with_others=settings.processes > 1),
        console=bind(settings.console_host, settings.console_port),
        wechat=bind(settings.sandbox_host, settings.sandbox_port) if sandboxed else None,
        sms=bind(settings.sandbox_host, settings.sms_sandbox_port) if sandboxed else None,
    )


def bind(host: str, port: int, *, with_others: bool = False) -> socket.socket:
    """A socket that listens there; exits with a sentence where it can't.

    ``with_others``: further processes of this service will listen there too.
    """
    try:
        alone = socket.create_server((host, port), backlog=1024)
        if not with_others:
            return alone
        alone.close()  # nobody else has it
        return bound_with_others(host, port)
    except OSError as error:
        sys.exit(f"Port {port} on {host} cannot be used ({error.strerror}). Set TONGBAN_PORT and the others, or 0.")


def bound_with_others(host: str, port: int) -> socket.socket:
    """A socket that listens where others of the same service do; raises OSError."""
    return socket.create_server((host, port), backlog=1024, reuse_port=True)


def _insist_alone(settings: "Settings") -> None:
    """Two services on one folder would overwrite each other's addresses, and each have a sandbox of its own."""
    note = settings.var / _ADDRESSES
    with contextlib.suppress(OSError, ValueError, KeyError):
        known = json.loads(note.read_text(encoding="utf-8"))["base_url"]
        host, _, port = known.removeprefix("http://").rpartition(":")
        socket.create_connection((host, int(port)), timeout=0.5).close()
        sys.exit(f"Tongban is serving from {settings.var} already, at {known}. Set another TONGBAN_VAR.")


def wechat_url(settings: "Settings") -> str:
    """WeChat's address, or the sandbox's."""
    return settings.wechat_base_url or f"http://{settings.sandbox_host}:{settings.sandbox_port}"


def sms_url(settings: "Settings") -> str:
    """The SMS provider's address, or the sandbox's."""
    return settings.sms_url or f"http://{settings.sandbox_host}:{settings.sms_sandbox_port}/sms/send"


def addresses_of(settings: "Settings") -> dict[str, str]:
    """Where each door is, for people and for the journey."""
    addresses = {
        "base_url": f"http://{settings.host}:{settings.port}",
        "console_url": f"http://{settings.console_host}:{settings.console_port}",
        "feed_folder": str(settings.feed_folder),
    }
    if settings.sandboxed:
        addresses["wechat_url"] = wechat_url(settings)
        addresses["sms_url"] = f"http://{settings.sandbox_host}:{settings.sms_sandbox_port}"
    return addresses | {"miniapp_appid": settings.miniapp.appid, "account_appid": settings.official_account.appid}


def announce(settings: "Settings", clerks: Mapping[str, str], seconds: float) -> None:
    """Write the addresses down beside the data, and tell whoever started the service where it serves."""
    addresses = addresses_of(settings)
    keep_private(settings.var / _ADDRESSES, {**addresses, "pid": os.getpid()})
    print(f"Tongban 通办 is serving (started in {seconds:.1f} s; Ctrl-C stops it)\n")
    print(f"  Citizen API   {addresses['base_url']}/api/v1/   browse it at {addresses['base_url']}/docs")
    print(f"  Console 窗口  {addresses['console_url']}/")
    if "wechat_url" in addresses:
        print(f"  Sandbox       WeChat {addresses['wechat_url']}   SMS {addresses['sms_url']}")
    for clerk, password in clerks.items():
        print(f"  Demo clerk    {clerk:<18} password {password}")
    if "wechat_url" in addresses:
        print(f"  Phone 手机    {addresses['wechat_url']}/phone   talk to the Official Account, watch notices arrive")
    print("\n  Play the whole way:  python run.py journey --story all --base-url " + addresses["base_url"], flush=True)


def keep_private(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON that only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")


async def told_to_stop(also: Callable[[asyncio.Event], Coroutine[Any, Any, None]] | None = None) -> None:
    """All has started: wait for SIGINT or SIGTERM, or for what ``also`` watches and sets the event for.

    A stop that takes long leaves word of what it waits for.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(sign, stop.set)
        except NotImplementedError:  # Windows: Ctrl-C raises KeyboardInterrupt instead
            signal.signal(sign, lambda *_: loop.call_soon_threadsafe(stop.set))
    _spare_what_started()
    watching = asyncio.create_task(also(stop)) if also else None
    await stop.wait()
    if watching:
        watching.cancel()
    loop.call_later(SLOW_STOP_SECONDS, _say_what_hangs)


def _spare_what_started() -> None:
    """Take modules, rules and texts, which stay for good, out of the search for garbage, and search less often.

    A search through all of them holds everybody up for 0.12 s; under load it came up to four times a second, because 64
    requests under way are some thousand objects more than a moment ago (docs/benchmarks.md, F5).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


def _say_what_hangs() -> None:
    """Task names and places, no arguments."""
    import structlog  # noqa: PLC0415 — not there yet when run.py begins

    for task in asyncio.all_tasks():
        where = [f"{Path(f.f_code.co_filename).name}:{f.f_lineno} {f.f_code.co_name}" for f in task.get_stack()]
        structlog.get_logger().warning("stopping_slowly", task=task.get_name(), where=where)


@contextlib.contextmanager
def quick_loop() -> Iterator[Callable[[Any], Any]]:
    """Runs coroutines, on uvloop where it is installed."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        yield asyncio.run
        return
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield runner.run
