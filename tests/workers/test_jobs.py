"""The real jobs on the real rows: what is owed is delivered once, whoever wakes the postman."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import orjson
import pytest
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from casework.deps import DELIVER_NOTICES, MAKE_LETTERS, Deps
from domain.terms import Channel
from gateways.http import open_session
from gateways.sandbox.sms import CENTRE, SmsCentre, make_sms_sandbox
from models.db import Database
from models.letter_edition import LetterEdition
from models.notice import Notice, NoticeAttempt
from tests.workers.citizens import PHONE, a_case, a_citizen, a_signed_letter
from tests.workers.conftest import RunWorker
from tests.workers.connections import Line
from tests.workers.test_clockwork import until
from tests.workers.wiring import TurnedClock, make_deps
from workers.queue import ArqQueue
from workers.schedule import JOBS, SCHEDULE

SMS = {"TONGBAN_SMS_ACCOUNT": "tests", "TONGBAN_SMS_SECRET": "tests-secret"}


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def centre_server(aiohttp_server: Callable[..., Awaitable[TestServer]], clock: TurnedClock) -> TestServer:
    return await aiohttp_server(make_sms_sandbox(clock=clock, account="tests", secret="tests-secret"))


@pytest.fixture
def centre(centre_server: TestServer) -> SmsCentre:
    """The SMS centre, to see what arrived."""
    return centre_server.app[CENTRE]


@pytest.fixture
async def deps(
    tmp_path: Path, database: Database, queue: ArqQueue, clock: TurnedClock, centre_server: TestServer
) -> AsyncIterator[Deps]:
    async with open_session() as session:
        yield make_deps(tmp_path, session, queue, clock, sms_url=str(centre_server.make_url("/sms/send")), **SMS)


async def test_a_step_of_a_case_reaches_the_citizen_by_its_wake_up(
    deps: Deps, centre: SmsCentre, work: RunWorker
) -> None:
    await work({DELIVER_NOTICES: JOBS[DELIVER_NOTICES]})
    await a_case(deps, await a_citizen(deps), name="赵试")
    await until(lambda: len(centre.arrived) == 1)
    await asyncio.sleep(0.2)
    (notice,) = await Notice.all()
    assert (notice.status, notice.channel) == ("sent", Channel.SMS)
    assert centre.arrived[0].to == PHONE


async def test_a_notice_whose_wake_up_was_lost_is_found_by_the_sweep(
    line: Line, deps: Deps, centre: SmsCentre, work: RunWorker
) -> None:
    await line.cut()
    await a_case(deps, await a_citizen(deps), name="赵试")
    await line.queue.settle()
    await line.mend()
    assert len(centre.arrived) == 0
    await work(JOBS, SCHEDULE)
    await until(lambda: len(centre.arrived) == 1)


async def test_many_postmen_carry_each_notice_once(deps: Deps, centre: SmsCentre, work: RunWorker) -> None:
    await a_case(deps, await a_citizen(deps), name="赵试")
    (notice,) = await Notice.all()
    for copy in range(20):
        await Notice.create(
            dedupe_key=f"copy-{copy}",
            kind=notice.kind,
            account_id=notice.account_id,
            case_id=notice.case_id,
            facts=notice.facts,
            route=notice.route,
            owed_at=notice.owed_at,
            due_at=notice.due_at,
        )
    for _ in range(3):
        await work(JOBS, SCHEDULE)
    await until(lambda: len(centre.arrived) == 21)
    await asyncio.sleep(0.3)
    assert await Notice.filter(status="sent").count() == 21
    assert await NoticeAttempt.all().count() == 21


async def test_no_citizen_stands_in_the_queue_or_in_a_log(
    deps: Deps, centre: SmsCentre, queue: ArqQueue, work: RunWorker
) -> None:
    with capture_logs() as logs:
        number = await a_case(deps, await a_citizen(deps), name="赵金丝雀")
        await queue.settle()
        kept = [await queue.redis.get(key) or b"" for key in await queue.redis.keys("arq:job:*")]
        await work(JOBS, SCHEDULE)
        await until(lambda: len(centre.arrived) == 1)
    assert [orjson.loads(payload)["a"] for payload in kept] == [[]]
    for canary in ("赵金丝雀", PHONE, "200706010", "虚构街"):
        assert canary not in str(logs)
        assert canary not in b"".join(kept).decode()
    assert number


async def test_every_sweep_names_a_job_there_is() -> None:
    assert {sweep.job for sweep in SCHEDULE} == set(JOBS)


async def test_a_letters_file_is_made_by_its_wake_up(deps: Deps, work: RunWorker) -> None:
    await work({MAKE_LETTERS: JOBS[MAKE_LETTERS]})
    await a_signed_letter(deps)
    await until_made()


async def test_a_letters_file_whose_wake_up_was_lost_is_made_by_the_sweep(
    line: Line, deps: Deps, work: RunWorker
) -> None:
    await line.cut()
    await a_signed_letter(deps)
    await line.queue.settle()
    await line.mend()
    assert not await LetterEdition.filter(status="made").exists()
    await work({MAKE_LETTERS: JOBS[MAKE_LETTERS]}, [sweep for sweep in SCHEDULE if sweep.job == MAKE_LETTERS])
    await until_made()


async def until_made() -> None:
    async with asyncio.timeout(20):
        while not await LetterEdition.filter(status="made").exists():  # noqa: ASYNC110 — a row, not an event
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)  # the worker tells the queue that it is done
