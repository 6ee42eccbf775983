"""Several processes that answer side by side: nobody notices which, and none outlives or brings down the other."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from casework.settings import BadSettings, load_settings
from tests.conftest import SERVER
from tests.journeys import service
from tests.journeys.databases import fresh_database, what_is_broken
from tests.journeys.story import play_story
from tests.journeys.test_journey import Served, environment
from tests.lines import hang_up

REDIS_URL = os.environ.get("TONGBAN_TEST_REDIS_URL", "")


@dataclass(frozen=True)
class Pair:
    """A service of two processes."""

    served: Served
    process: service.Process

    @property
    def other(self) -> int | None:
        """The process beside the one that serves."""
        beside = [pid for pid in children(self.process.pid) if "beside" in command(pid)]
        return beside[0] if beside else None


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    if not SERVER:
        pytest.skip("TONGBAN_TEST_DATABASE_URL is not set")
    if not REDIS_URL:
        pytest.skip("TONGBAN_TEST_REDIS_URL is not set")
    var, log = tmp_path / "var", tmp_path / "service.log"
    with fresh_database(tmp_path) as url:
        more = {"TONGBAN_PROCESSES": "2", "TONGBAN_REDIS_URL": REDIS_URL}
        process = service.start("serve", environment(var, url) | service.FREE_PORTS | more, log)
        yield Pair(Served(var, url, await service.addresses(process, var, log)), process)
        if process.poll() is None:
            assert await service.stop(process) == 0, log.read_text()[-2000:]


def children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def command(pid: int) -> list[str]:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    return []


async def until(true: Callable[[], bool], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 — no event tells it
            await asyncio.sleep(0.05)


async def health(pair: Pair) -> str:
    """The first line of an answer on a connection of its own; nothing where it broke."""
    at = urlsplit(pair.served.told["base_url"])
    try:
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        answer = (await reader.read()).decode()
    except OSError:
        return ""
    await hang_up(writer)
    return answer.partition("\r\n")[0]


@pytest.mark.parametrize("name", ["adult", "minor", "return-slip"])
async def test_a_story_goes_its_whole_way_whoever_answers(name: str, pair: Pair, tmp_path: Path) -> None:
    await play_story(name, pair.served.world(tmp_path))
    assert await what_is_broken(pair.served.database_url) == {}


async def test_one_that_is_killed_is_begun_again_and_the_others_answer_meanwhile(pair: Pair) -> None:
    first = pair.other
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: pair.other not in {first, None})
    assert {await health(pair) for _ in range(50)} <= {"HTTP/1.1 200 OK", ""}
    assert pair.process.poll() is None
    for _ in range(20):
        assert await health(pair) == "HTTP/1.1 200 OK"


async def test_a_stop_stops_all_of_them(pair: Pair) -> None:
    other = pair.other
    assert other is not None
    assert await service.stop(pair.process) == 0
    await until(lambda: "beside" not in command(other))


async def test_none_outlives_the_one_that_serves(pair: Pair) -> None:
    other = pair.other
    assert other is not None
    await service.kill(pair.process)
    await until(lambda: "beside" not in command(other))


@pytest.mark.parametrize(
    "more",
    [{}, {"TONGBAN_REDIS_URL": "redis://127.0.0.1/1"}, {"TONGBAN_DATABASE_URL": "postgres://somebody@127.0.0.1/x"}],
)
def test_several_need_a_database_and_a_queue_that_all_reach(more: dict[str, str], tmp_path: Path) -> None:
    asked = {"TONGBAN_VAR": str(tmp_path), "TONGBAN_PROCESSES": "2", **more}
    with pytest.raises(BadSettings, match="TONGBAN_PROCESSES above 1 needs a PostgreSQL and a Redis"):
        load_settings(asked)


@pytest.mark.parametrize("many", ["0", "65", "two", "-1"])
def test_how_many_is_a_number_from_1_to_64(many: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="TONGBAN_PROCESSES must be a number from 1 to 64"):
        load_settings({"TONGBAN_VAR": str(tmp_path), "TONGBAN_PROCESSES": many})
