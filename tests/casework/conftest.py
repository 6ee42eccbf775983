from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from casework import book as booking
from casework.book_together import Wish
from casework.deps import Deps
from casework.settings import Settings, load_settings
from domain.policy.loader import load_rulebook
from domain.policy.rule import Rulebook
from models.db import Database
from tests.casework.town import Bell, Sms, StrongRandom, Town, TurnedClock, WeChat, furnish
from tests.seal import a_seal


@pytest.fixture(scope="session")
def rulebook() -> Rulebook:
    return load_rulebook()


@pytest.fixture(scope="session")
def shared_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings({"TONGBAN_VAR": str(tmp_path_factory.mktemp("var"))})


@pytest.fixture
async def town(database: Database, rulebook: Rulebook, shared_settings: Settings, tmp_path: Path) -> Town:
    """Friday 2026-09-18, half past nine in China; everything is open."""
    await furnish()
    clock, wechat, sms, bell = TurnedClock(), WeChat(), Sms(), Bell()
    deps = Deps(
        settings=replace(shared_settings, var=tmp_path),
        clock=clock,
        random=StrongRandom(),
        rulebook=rulebook,
        mini_program=wechat,
        sms=sms,
        queue=bell,
        seal=a_seal(),
    )
    return Town(deps, clock, wechat, sms, bell)


@pytest.fixture
def deps(town: Town) -> Deps:
    return town.deps


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """While it is set, nothing goes the quick way."""

    async def nothing(wish: Wish) -> None:
        return None

    with monkeypatch.context() as patch:
        patch.setattr(booking, "book_together", nothing)
        yield patch
