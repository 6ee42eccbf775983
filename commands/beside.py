"""Further processes that answer citizens beside the one that serves: started, watched, begun again and ended with it.

Each listens where the citizens' door does; the system deals new connections out among them. They decide nothing from
memory, so that it doesn't matter who answers. The process that serves keeps what must be done once, migrations,
sandboxes and workers, and the console, whose few clerks go quicker together. A further process ends when its standard
input does, and so never outlives it.
"""

import asyncio
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from commands.serving import bound_with_others

if TYPE_CHECKING:
    from casework.settings import Settings

COMMAND = "beside"
_AGAIN_SECONDS = 0.5
_STOP_SECONDS = 8.0
_RUN = Path(__file__).parents[1] / "run.py"


@asynccontextmanager
async def others_beside(settings: "Settings", env: Mapping[str, str]) -> AsyncIterator[None]:
    """So many further processes as the settings say, all of them serving before this goes on; ``env`` is ours."""
    ready = [asyncio.Event() for _ in range(settings.processes - 1)]
    watching = [asyncio.create_task(_watch(_settled(env, settings), one), name="beside") for one in ready]
    try:
        for one in ready:
            await one.wait()
        yield
    finally:
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)


def _settled(env: Mapping[str, str], settings: "Settings") -> Mapping[str, str]:
    """The same settings, with the ports that were really given."""
    ports = {
        "TONGBAN_PORT": settings.port, "TONGBAN_CONSOLE_PORT": settings.console_port,
        "TONGBAN_SANDBOX_PORT": settings.sandbox_port, "TONGBAN_SMS_SANDBOX_PORT": settings.sms_sandbox_port,
    }  # fmt: skip
    return {**env, **{name: str(port) for name, port in ports.items()}, "TONGBAN_VAR": str(settings.var)}


async def _watch(env: Mapping[str, str], ready: asyncio.Event) -> None:
    """Keep one process running until cancelled; whatever ends it, there is another half a second later."""
    import structlog  # noqa: PLC0415 — not there yet when run.py begins

    while True:
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(_RUN), COMMAND, stdin=PIPE, stdout=PIPE, env=env
        )
        try:
            assert process.stdout is not None
            if await process.stdout.readline():
                ready.set()
            code = await process.wait()
        finally:
            await _end(process)
        structlog.get_logger().error("process_beside_ended", code=code)
        await asyncio.sleep(_AGAIN_SECONDS)


async def _end(process: Process) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    done, _ = await asyncio.wait({asyncio.ensure_future(process.wait())}, timeout=_STOP_SECONDS)
    if not done:
        process.kill()
        await process.wait()


def listen_beside(settings: "Settings") -> socket.socket:
    """Listen where the service listens already."""
    return bound_with_others(settings.host, settings.port)


async def answering(stopped: asyncio.Event) -> None:
    """Say that this process serves, and call for a stop when the one it serves beside is gone."""
    print("serving", flush=True)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    stopped.set()
