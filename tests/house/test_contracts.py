"""The import contracts of pyproject.toml hold, and each of them bites."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.plan import HOME, ROOMS

_CONFIG = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract["name"] for contract in _CONFIG["contracts"]}
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"

PLANTED = {
    "layers": ("templates/qr.py", "from gateways import http"),
    "ports": ("casework/owe.py", "import gateways.sms"),
    "doors": ("counter/pages.py", "import models.case"),
    "database": ("casework/book.py", "import tortoise"),
    "words": ("counter/forms.py", "import jinja2"),
    "queue": ("miniapp_api/limits.py", "import redis"),
    "wechat": ("casework/chat.py", "import wechatpy"),
    "http": ("workers/clockwork.py", "import aiohttp"),
    "yaml": ("domain/deadline.py", "import yaml"),
    "holidays": ("domain/slot.py", "import chinese_calendar"),
    "passwords": ("counter/sessions.py", "import argon2"),
    "paper": ("casework/track.py", "import typst"),
    "seals": ("workers/retries.py", "import pyhanko"),
    "rules": ("domain/handoff.py", "import asyncio"),
}


def lint(home: Path) -> tuple[int, str]:
    """Exit code and report of the linter, the names of contracts on one line each."""
    done = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"], cwd=home, capture_output=True, text=True, check=False,
        env={"COLUMNS": "300", "PYTHONPATH": str(home), "PYTHONUTF8": "1"},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def copied_house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("house")
    for room in ROOMS:
        shutil.copytree(HOME / room, home / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HOME / "pyproject.toml", home)
    return home


@pytest.fixture(scope="module")
def report_of_breaches(copied_house: Path) -> str:
    """What the linter says of a copy of the house in which every contract was broken once."""
    for file, line in PLANTED.values():
        with (copied_house / file).open("a", encoding="utf-8") as source:
            source.write(f"\n{line}\n")
    code, report = lint(copied_house)
    assert code == 1, report
    return report


def test_every_contract_holds() -> None:
    code, report = lint(HOME)
    assert code == 0, report
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in report


def test_every_room_is_under_contract() -> None:
    assert set(_CONFIG["root_packages"]) == set(ROOMS)


def test_a_breach_is_planted_for_every_contract() -> None:
    assert PLANTED.keys() == CONTRACTS.keys()


@pytest.mark.parametrize("contract", sorted(CONTRACTS))
def test_a_planted_breach_is_caught(contract: str, report_of_breaches: str) -> None:
    verdicts = dict(re.findall(r"^(.+?) (KEPT|BROKEN)", report_of_breaches, re.MULTILINE))
    assert verdicts[CONTRACTS[contract]] == "BROKEN"
