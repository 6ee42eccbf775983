from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import CookieJar
from aiohttp.test_utils import TestClient, TestServer

from casework.deps import Deps
from counter.app import make_app
from gateways.http import open_session
from gateways.slip_envelope import SlipEnvelope
from models.db import Database
from tests.counter.console import Console
from tests.counter.people import furnish
from tests.workers.wiring import TurnedClock, make_deps

WEDNESDAY_MORNING = datetime(2026, 11, 18, 1, 30, tzinfo=UTC)  # 09:30 in China

OpenConsole = Callable[..., Awaitable[Console]]


class Bell:
    """The queue as far as the doors know it."""

    async def wake(self, job: str) -> None:
        """Nobody works here."""


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock(WEDNESDAY_MORNING)


@pytest.fixture
async def deps(tmp_path: Path, clock: TurnedClock, database: Database) -> AsyncIterator[Deps]:
    await furnish()
    async with open_session() as session:
        yield replace(make_deps(tmp_path, session, Bell(), clock), slips=SlipEnvelope())


@pytest.fixture
async def door(deps: Deps) -> AsyncIterator[TestServer]:
    """The counter's own listener."""
    server = TestServer(make_app(deps))
    async with server:
        yield server


@pytest.fixture
async def browser(door: TestServer) -> AsyncIterator[Callable[[], Console]]:
    """Opens browsers, each with a cookie jar of its own; like the real ones they take Secure cookies on loopback."""
    clients: list[TestClient] = []  # type: ignore[type-arg]

    def make() -> Console:
        jar = CookieJar(unsafe=True, treat_as_secure_origin=door.make_url("/"))
        clients.append(TestClient(door, cookie_jar=jar))
        return Console(clients[-1])

    yield make
    for client in clients:
        await client.session.close()


@pytest.fixture
async def console(browser: Callable[[], Console]) -> Console:
    """A browser in which nobody is signed in."""
    return browser()


@pytest.fixture
def at_desk(browser: Callable[[], Console]) -> OpenConsole:
    """A browser with somebody signed in: the clerk in Nanchang unless said otherwise."""

    async def sign_in(username: str = "clerk-nc") -> Console:
        opened = browser()
        await opened.sign_in(username)
        return opened

    return sign_in
