"""A service of our own: started as anybody starts it, on free ports, and told to stop at the end."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.journeys.world import World

HOME = Path(__file__).parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 20.0
FREE_PORTS = dict.fromkeys(
    ("TONGBAN_PORT", "TONGBAN_CONSOLE_PORT", "TONGBAN_SANDBOX_PORT", "TONGBAN_SMS_SANDBOX_PORT"), "0"
)


class Process(Protocol):
    """A service that runs: the words of ``subprocess.Popen`` that are used here."""

    pid: int
    returncode: int | Any

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises ``subprocess.TimeoutExpired``."""
        ...

    def send_signal(self, sig: int, /) -> None:
        """Tell it something."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


class ServiceTrouble(Exception):
    """The service did not start, or did not end as it should."""


@asynccontextmanager
async def running(env: Mapping[str, str], var: Path, log: Path) -> AsyncIterator[dict[str, Any]]:
    """``run.py serve`` until the end of the block; yields what its ``serving.json`` says. Must end cleanly."""
    process = start("serve", env, log)
    try:
        yield await addresses(process, var, log)
    finally:
        code = await stop(process)
    if code != 0:
        raise ServiceTrouble(f"the service ended with {code} after SIGTERM; see {log}")


def start(command: str, env: Mapping[str, str], log: Path) -> Process:
    """Start ``run.py``; what it logs is appended to a file. What it prints is not kept: logins stand in it."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as kept:
        return subprocess.Popen(
            [sys.executable, str(HOME / "run.py"), command],
            env=dict(env), cwd=HOME, stdout=subprocess.DEVNULL, stderr=kept,
        )  # fmt: skip


async def addresses(process: Process, var: Path, log: Path) -> dict[str, Any]:
    """Wait until this very process says where it serves."""
    path = var / "serving.json"
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            while process.poll() is None:
                if (told := _read(path)) and told.get("pid") == process.pid:
                    return told
                await asyncio.sleep(0.03)
    await kill(process)
    raise ServiceTrouble(f"the service did not start ({process.returncode}); see {log}: {_last_line(log)}")


async def stop(process: Process) -> int:
    """SIGTERM; a service that takes longer than it may is killed, and -9 tells so."""
    process.send_signal(signal.SIGTERM)
    try:
        return await asyncio.to_thread(process.wait, STOP_SECONDS)
    except subprocess.TimeoutExpired:
        return await kill(process)


async def kill(process: Process) -> int:
    """SIGKILL, and wait until it is gone."""
    process.kill()
    return await asyncio.to_thread(process.wait)


def world_of(told: Mapping[str, Any], seeded: Path, out: Path, **more: Any) -> World:
    """The world as the service tells it; ``seeded`` is what the seeding left: ``demo-logins.json``, keys beside it."""
    logins = read_logins(seeded)
    return World(
        base_url=told["base_url"],
        console_url=told["console_url"],
        wechat_url=told["wechat_url"],
        sms_url=told["sms_url"],
        miniapp_appid=told["miniapp_appid"],
        clerks=logins["clerks"],
        systems=logins["systems"],
        station_keys=seeded.parent / "station-keys",
        signing_keys=logins["signing_keys"],
        feed_folder=Path(told["feed_folder"]) if "feed_folder" in told else None,
        out=out,
        **more,
    )


def read_logins(path: Path) -> dict[str, Any]:
    """What the seeding left."""
    logins: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return logins


def _last_line(log: Path) -> str:
    return log.read_text(encoding="utf-8").strip().rpartition("\n")[2][:400]


def _read(path: Path) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told
