"""A process that has read the whole program and opened nothing: services split off from it begin after their imports.

Reading the program is two thirds of a start. Whoever kills a service thirty times need not wait for that thirty times;
what a service knew dies with it all the same, for the nursery never serves.
"""

import importlib
import json
import os
import pkgutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HOME = Path(__file__).parents[2]
ROOMS = (
    "bot", "casework", "commands", "counter", "domain", "gateways", "miniapp_api", "models", "templates", "workers",
)  # fmt: skip


class Child:
    """A service that was split off, with the words of ``subprocess.Popen``."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self._nursery, self.pid = nursery, pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        if self.returncode is None:
            self.returncode = self._nursery.ask(ended=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        until = time.monotonic() + (timeout or float("inf"))
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired("run.py", timeout or 0)
            time.sleep(0.01)
        return code

    def send_signal(self, sign: int) -> None:
        """Tell it something."""
        os.kill(self.pid, sign)

    def kill(self) -> None:
        """End it at once."""
        os.kill(self.pid, 9)


class Nursery:
    """The process, seen from the test."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def start(self, command: str, env: Mapping[str, str], log: Path) -> Child:
        """Start ``run.py`` as ``service.start`` does."""
        return Child(self, self.ask(command=command, env=dict(env), log=str(log)))

    def ask(self, **question: Any) -> Any:
        """One line there, one line back."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def nursery() -> Iterator[Nursery]:
    """Open for as long as the block."""
    command = [sys.executable, "-m", "tests.journeys.nursery"]
    with subprocess.Popen(
        command, cwd=HOME, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ}
    ) as process:
        yield Nursery(process)
        assert process.stdin
        process.stdin.close()


def _serve() -> None:
    for room in ROOMS:
        for module in pkgutil.walk_packages([str(HOME / room)], f"{room}."):
            importlib.import_module(module.name)
    for line in sys.stdin:
        asked = json.loads(line)
        answer = _end_of(asked["ended"]) if "ended" in asked else _split_off(**asked)
        print(json.dumps(answer), flush=True)


def _end_of(pid: int) -> int | None:
    known, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if known else None


def _split_off(command: str, env: dict[str, str], log: str) -> int:
    if pid := os.fork():
        return pid
    code = 70
    try:
        for number, path, how in ((0, os.devnull, os.O_RDONLY), (1, os.devnull, os.O_WRONLY), (2, log, _APPEND)):
            os.dup2(os.open(path, how, 0o600), number)
        os.environ.clear()
        os.environ.update(env)
        code = _run(command)
    finally:
        os._exit(code)


_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def _run(command: str) -> int:
    import run  # noqa: PLC0415 — in the child alone

    try:
        return run.main([command])
    except SystemExit as end:
        print(end.code, file=sys.stderr, flush=True)
        return end.code if isinstance(end.code, int) else 1


if __name__ == "__main__":
    _serve()
