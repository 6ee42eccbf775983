"""A Redis of the test, stopped, wiped and frozen under a worker: late by a sweep, never lost, never twice."""

import asyncio
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from casework.deps import DELIVER_NOTICES, Deps
from gateways.http import open_session
from gateways.sandbox.sms import CENTRE, SmsCentre, make_sms_sandbox
from models.db import Database
from models.notice import Notice
from tests.workers.citizens import a_case, a_citizen
from tests.workers.test_clockwork import until
from tests.workers.wiring import TurnedClock, make_deps
from workers.clockwork import run_worker
from workers.queue import ArqQueue, open_queue
from workers.schedule import JOBS, SCHEDULE

SMS = {"TONGBAN_SMS_ACCOUNT": "tests", "TONGBAN_SMS_SECRET": "tests-secret"}
BINARY = shutil.which("redis-server")


@dataclass
class OwnRedis:
    """A redis-server without a disk: stopped, it forgets everything."""

    port: int
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    def run(self) -> None:
        assert BINARY is not None
        self.process = subprocess.Popen(
            [BINARY, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            stdout=subprocess.DEVNULL,
        )

    async def start(self) -> None:
        self.run()
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    return

    def send(self, sign: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(sign)

    async def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        await asyncio.to_thread(self.process.wait)


@pytest.fixture
async def redis() -> AsyncIterator[OwnRedis]:
    if BINARY is None:
        pytest.skip("redis-server is not installed")
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    own = OwnRedis(port)
    await own.start()
    yield own
    await own.kill()


@pytest.fixture
async def queue(redis: OwnRedis) -> AsyncIterator[ArqQueue]:
    async with open_queue(f"redis://127.0.0.1:{redis.port}/0") as queue:
        yield queue


@pytest.fixture
async def centre_server(aiohttp_server: Callable[..., Awaitable[TestServer]]) -> TestServer:
    return await aiohttp_server(make_sms_sandbox(clock=TurnedClock(), account="tests", secret="tests-secret"))


@pytest.fixture
def centre(centre_server: TestServer) -> SmsCentre:
    return centre_server.app[CENTRE]


@pytest.fixture
async def deps(tmp_path: Path, database: Database, queue: ArqQueue, centre_server: TestServer) -> AsyncIterator[Deps]:
    url = str(centre_server.make_url("/sms/send"))
    async with open_session() as session:
        yield make_deps(tmp_path, session, queue, TurnedClock(), sms_url=url, **SMS)


@pytest.fixture
async def worker(deps: Deps, queue: ArqQueue) -> AsyncIterator[None]:
    sweeps = [sweep for sweep in SCHEDULE if sweep.job == DELIVER_NOTICES]
    jobs = {DELIVER_NOTICES: JOBS[DELIVER_NOTICES]}
    task = asyncio.create_task(run_worker(deps, queue.redis, jobs=jobs, schedule=sweeps))
    yield
    task.cancel()
    await asyncio.wait({task})


async def another(copy: str) -> None:
    """Owe one notice more, without a wake-up."""
    one = await Notice.all().order_by("id").first()
    assert one is not None
    await Notice.create(
        dedupe_key=copy, kind=one.kind, account_id=one.account_id, case_id=one.case_id, facts=one.facts,
        route=one.route, owed_at=one.owed_at, due_at=one.due_at,
    )  # fmt: skip


async def told(centre: SmsCentre, number: int) -> None:
    await until(lambda: len(centre.arrived) >= number, seconds=40)
    await asyncio.sleep(0.2)
    assert len(centre.arrived) == number


@pytest.mark.usefixtures("worker")
async def test_redis_stopped_and_started_empty_loses_and_doubles_nothing(
    deps: Deps, redis: OwnRedis, queue: ArqQueue, centre: SmsCentre
) -> None:
    await a_case(deps, await a_citizen(deps), name="赵试")
    await told(centre, 1)
    await redis.kill()
    await another("while-it-was-away")
    await queue.wake(DELIVER_NOTICES)
    await queue.settle()
    await redis.start()
    await told(centre, 2)
    await another("afterwards")
    await queue.wake(DELIVER_NOTICES)
    await told(centre, 3)


@pytest.mark.usefixtures("worker")
async def test_a_wiped_redis_loses_and_doubles_nothing(deps: Deps, queue: ArqQueue, centre: SmsCentre) -> None:
    await a_case(deps, await a_citizen(deps), name="赵试")
    await told(centre, 1)
    await another("its-wake-up-is-wiped")
    await queue.wake(DELIVER_NOTICES)
    await queue.settle()
    await queue.redis.flushall()
    await told(centre, 2)


@pytest.mark.usefixtures("worker")
async def test_a_frozen_redis_ends_nothing_for_good(deps: Deps, redis: OwnRedis, centre: SmsCentre) -> None:
    await a_case(deps, await a_citizen(deps), name="赵试")
    await told(centre, 1)
    redis.send(signal.SIGSTOP)
    await another("while-it-was-frozen")
    await asyncio.sleep(6)  # longer than a worker waits for an answer
    redis.send(signal.SIGCONT)
    await told(centre, 2)
