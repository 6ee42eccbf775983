"""Setting up: the hash-locked packages into ``.venv``, on the first run and whenever the lock changed.

Standard library only, and so is everything it imports: it must run before anything is installed.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
LOCK = HOME / "requirements.lock"
VENV = HOME / ".venv"
NEEDED = (
    "aiohttp",
    "aiosqlite",
    "argon2",
    "arq",
    "asyncpg",
    "base45",
    "cbor2",
    "fakeredis",
    "jinja2",
    "pydantic",
    "pyhanko",
    "qrcode",
    "structlog",
    "typst",
    "zxingcpp",
)
NEEDED_TO_TEST = ("axe_playwright_python", "cwt", "hypothesis", "playwright", "pytest", "pytest_aiohttp")


def set_up(argv: Sequence[str], env: Mapping[str, str]) -> None:
    """Come back when every package is here; otherwise install the hash-locked ones into ``.venv`` and go on there.

    Nothing is installed where the packages are present already (uv, pip, an image).
    """
    needed = (*NEEDED, *NEEDED_TO_TEST) if argv[:1] == ["test"] else NEEDED
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if all(importlib.util.find_spec(name) for name in needed) and (not inside or _lock_is_installed()):
        return
    if env.get("TONGBAN_SETTING_UP"):
        sys.exit("The packages were installed but cannot be imported; delete .venv and try again.")
    if inside or not _is_set_up():
        _install()
    python = _venv_python()
    environment = {**env, "TONGBAN_SETTING_UP": "1"}
    if os.name == "nt":
        sys.exit(subprocess.call([python, str(HOME / "run.py"), *argv], env=environment))  # noqa: S603
    os.execve(python, [str(python), str(HOME / "run.py"), *argv], environment)  # noqa: S606


def _install() -> None:
    print("Setting up .venv (first run, or the lock changed) …", file=sys.stderr, flush=True)
    pip = [str(_venv_python()), "-m", "pip"]
    if not _venv_python().exists() and not _make_venv():
        pip = [sys.executable, "-m", "pip", "--python", str(_venv_python())]
    command = [*pip, "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", str(LOCK)]
    if subprocess.call(command):  # noqa: S603
        sys.exit("The packages could not be installed: is a package index reachable? Run the command again then.")
    (VENV / "tongban.lock").write_text(_lock_digest(), encoding="utf-8")


def _make_venv() -> bool:
    """Make ``.venv``; False where Python came without ensurepip and the caller's pip has to install into it."""
    if subprocess.call([sys.executable, "-m", "venv", str(VENV)], stderr=subprocess.DEVNULL) == 0:  # noqa: S603
        return True
    subprocess.check_call([sys.executable, "-m", "venv", "--without-pip", "--clear", str(VENV)])  # noqa: S603
    return False


def _venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _lock_digest() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def _is_set_up() -> bool:
    stamp = VENV / "tongban.lock"
    return _venv_python().exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == _lock_digest()


def _lock_is_installed() -> bool:
    stamp = VENV / "tongban.lock"
    return not stamp.exists() or stamp.read_text(encoding="utf-8") == _lock_digest()
