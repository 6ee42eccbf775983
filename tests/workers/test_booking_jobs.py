"""The jobs of booking run by the clock: what ran out is tidied, and nobody's place waits for it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from casework.deps import Deps
from casework.hold import hold
from casework.seed_demo import seed_demo
from domain.local_time import SHANGHAI
from gateways.http import open_session
from models.db import Database
from models.hold import Hold
from models.slot import Slot
from tests.workers.citizens import a_case, a_citizen
from tests.workers.wiring import START, TurnedClock, make_deps
from workers.queue import open_queue
from workers.schedule import COUNT_NO_SHOWS, JOBS, RECHECK_VISITS, SCHEDULE, TEND_PLACES


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
async def deps(database: Database, tmp_path: Path, clock: TurnedClock) -> AsyncIterator[Deps]:
    async with open_session() as session, open_queue(None) as queue:
        yield make_deps(tmp_path, session, queue, clock)


def test_every_job_of_booking_is_swept() -> None:
    swept = {sweep.job: sweep for sweep in SCHEDULE}
    assert {TEND_PLACES, COUNT_NO_SHOWS, RECHECK_VISITS} <= swept.keys()
    assert swept[RECHECK_VISITS].hours == frozenset({18})  # 02:20 in China


async def test_a_hold_that_ran_out_is_tidied_by_the_sweep(deps: Deps, clock: TurnedClock) -> None:
    await seed_demo(deps)
    citizen = await a_citizen(deps)
    number = await a_case(deps, citizen, name="示例甲")
    starts_at = START.astimezone(SHANGHAI).replace(hour=15)
    await hold(deps, citizen, number, "DEMO-NC-2", starts_at, "hold-1")
    assert await JOBS[TEND_PLACES](deps) == 0
    clock.turn(minutes=10)
    assert await JOBS[TEND_PLACES](deps) == 1
    assert await Hold.filter(ended_at=None).count() == 0
    assert [slot.taken for slot in await Slot.all()] == [0]
    for job in (TEND_PLACES, COUNT_NO_SHOWS, RECHECK_VISITS):
        assert await JOBS[job](deps) == 0
