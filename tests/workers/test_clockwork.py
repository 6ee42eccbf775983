"""Waking and sweeping: no run too many, none too few, whatever happens to Redis."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

import orjson
import pytest
from arq.connections import ArqRedis
from arq.worker import Worker
from structlog.testing import capture_logs

from casework.deps import Deps
from tests.workers.conftest import RunWorker
from tests.workers.connections import Line
from workers.clockwork import run_worker
from workers.queue import ArqQueue
from workers.retries import woken
from workers.schedule import Sweep

EVERY_SECOND = Sweep("count", seconds=frozenset(range(60)))


@dataclass
class Counting:
    """A job that counts its runs, and waits in each for as long as a test holds it."""

    runs: int = 0
    ended: int = 0
    most_at_once: int = 0
    go: asyncio.Event = field(default_factory=asyncio.Event)
    troubles: list[Exception] = field(default_factory=list)

    async def __call__(self, _deps: Deps) -> int:
        self.runs += 1
        self.most_at_once = max(self.most_at_once, self.runs - self.ended)
        if self.troubles:
            raise self.troubles.pop()
        await self.go.wait()
        self.ended += 1
        return 1


async def until(truth: Callable[[], bool], seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not truth():  # noqa: ASYNC110 — it looks at counters, not at an event
            await asyncio.sleep(0.01)


async def queued(queue: ArqQueue) -> list[str]:
    await queue.settle()
    name = queue.redis.default_queue_name
    waiting = await queue.redis.zrange(name, 0, -1)
    return sorted(each.decode().removeprefix(f"{name}:") for each in waiting)


async def waken(queue: ArqQueue, times: int = 1) -> None:
    for _ in range(times):
        await queue.wake("count")
    await queue.settle()


@pytest.fixture
def count() -> Counting:
    job = Counting()
    job.go.set()
    return job


async def test_a_rush_rings_once_and_once_more_for_what_came_meanwhile(
    queue: ArqQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the pause between two wake-ups, a stop does not wait for it and loses none."""
    rung, first = list[str](), asyncio.Event()

    async def ring(job: str, **given: object) -> None:
        rung.append(job)
        first.set()

    monkeypatch.setattr(queue.redis, "enqueue_job", ring)
    monkeypatch.setattr("workers.queue.RING_SECONDS", 3600.0)
    await queue.wake("job")
    await first.wait()
    for _ in range(50):
        await queue.wake("job")
        await asyncio.sleep(0)
    assert rung == ["job"]
    await queue.settle()
    assert rung == ["job", "job"]


async def test_many_wake_ups_before_a_run_are_one_run(queue: ArqQueue, work: RunWorker, count: Counting) -> None:
    for _ in range(5):
        await waken(queue, 20)
    assert await queued(queue) == ["count:1"]
    await work({"count": count})
    await until(lambda: count.ended == 1)
    await asyncio.sleep(0.3)
    assert count.runs == 1


async def test_a_wake_up_while_the_job_runs_is_a_run_after_it(
    queue: ArqQueue, work: RunWorker, count: Counting
) -> None:
    count.go.clear()
    await work({"count": count})
    await waken(queue)
    await until(lambda: count.runs == 1)
    await waken(queue, 3)
    assert await queued(queue) == ["count:1", "count:2"]
    count.go.set()
    await until(lambda: count.ended == 2)
    await asyncio.sleep(0.3)
    assert count.runs == 2
    assert await queued(queue) == []


async def test_each_wake_up_after_a_run_is_a_run_at_once(queue: ArqQueue, work: RunWorker, count: Counting) -> None:
    await work({"count": count})
    for run in range(1, 6):
        await waken(queue)
        await until(lambda run=run: count.ended == run)  # type: ignore[misc]


async def test_what_stands_in_redis_is_json_and_names_a_job_and_nobody(queue: ArqQueue) -> None:
    await waken(queue)
    keys = sorted(key.decode() for key in await queue.redis.keys("*"))
    assert keys == ["arq:job:tongban:count:1", "tongban"]
    payload = orjson.loads(await queue.redis.get("arq:job:tongban:count:1"))
    assert {key: payload[key] for key in ("f", "a", "k")} == {"f": "count", "a": [], "k": {}}


async def test_a_wake_up_without_redis_fails_nobody_and_is_told(line: Line) -> None:
    await line.cut()
    with capture_logs() as told:
        await waken(line.queue)
    assert [(each["event"], each["job"]) for each in told] == [("wake_failed", "count")]
    assert not await line.queue.answers()
    await line.mend()
    assert await line.queue.answers()


async def test_a_lost_wake_up_is_found_by_the_sweep(line: Line, work: RunWorker, count: Counting) -> None:
    await work({"count": count}, [EVERY_SECOND])
    await until(lambda: count.ended >= 1)
    before = count.ended
    await until(lambda: count.ended > before)


async def test_a_start_replays_what_is_owed(work: RunWorker, count: Counting) -> None:
    new_years_eve_only = Sweep("count", seconds=frozenset({59}), minutes=frozenset({59}))
    await work({"count": count}, [new_years_eve_only])
    await until(lambda: count.ended == 1)


async def test_the_worker_is_back_after_redis_went_and_came(line: Line, work: RunWorker, count: Counting) -> None:
    task = await work({"count": count})
    await waken(line.queue)
    await until(lambda: count.ended == 1)
    with capture_logs() as told:
        for _ in range(2):
            await line.cut()
            await asyncio.sleep(1.2)
            assert not task.done()
            await line.mend()
            ran = count.ended
            await until(lambda: "worker_started" in [each["event"] for each in told])
            await waken(line.queue)
            await until(lambda ran=ran: count.ended > ran)  # type: ignore[misc]
    stops = [each["event"] for each in told if each["event"] in ("worker_stopped", "worker_started")]
    assert stops == ["worker_stopped", "worker_started"] * 2


async def test_a_job_under_way_is_not_broken_off_when_redis_goes(line: Line, work: RunWorker, count: Counting) -> None:
    count.go.clear()
    await work({"count": count})
    await waken(line.queue)
    await until(lambda: count.runs == 1)
    await line.cut()
    await asyncio.sleep(0.3)
    count.go.set()
    await until(lambda: count.ended == 1)
    await line.mend()


async def test_a_cancel_lets_a_running_job_finish_and_ends_cleanly(
    queue: ArqQueue, work: RunWorker, count: Counting
) -> None:
    count.go.clear()
    task = await work({"count": count})
    await waken(queue)
    await until(lambda: count.runs == 1)
    task.cancel()
    await asyncio.sleep(0.2)
    assert not task.done()
    count.go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert count.ended == 1
    assert await queued(queue) == []


async def test_a_job_broken_off_by_the_end_of_its_worker_runs_again(
    queue: ArqQueue, work: RunWorker, count: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.clockwork.GRACE_SECONDS", 0.1)
    count.go.clear()
    task = await work({"count": count})
    await waken(queue)
    await until(lambda: count.runs == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await queued(queue) == ["count:1"]
    count.go.set()
    await work({"count": count})
    await until(lambda: count.ended == 1)


async def test_a_job_that_fails_is_tried_again_and_tells_no_row(
    queue: ArqQueue, work: RunWorker, count: Counting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("workers.retries.WAITS", (0.1, 0.1))
    count.troubles = [RuntimeError("张三 360102200703070010"), RuntimeError("13800000000")]
    with capture_logs() as told:
        await work({"count": count})
        await waken(queue)
        await until(lambda: count.ended == 1)
    failures = [each for each in told if each["event"] == "job_failed"]
    assert [(each["trouble"], each["attempt"]) for each in failures] == [("RuntimeError", 1), ("RuntimeError", 2)]
    assert "360102200703070010" not in f"{told}{caplog.text}"


async def test_a_job_that_never_works_is_given_up_and_the_next_wake_up_runs(
    queue: ArqQueue, work: RunWorker, count: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.retries.WAITS", (0.05,))
    count.troubles = [RuntimeError(), RuntimeError()]
    await work({"count": count})
    await waken(queue)
    await until(lambda: count.runs == 2)
    await waken(queue)
    await until(lambda: count.ended == 1)


async def test_of_many_workers_one_runs_each_tick_and_each_wake_up(
    queue: ArqQueue, work: RunWorker, count: Counting
) -> None:
    for _ in range(3):
        await work({"count": count})
    await asyncio.sleep(0.3)
    for run in range(1, 11):
        await waken(queue)
        await until(lambda run=run: count.ended >= run)  # type: ignore[misc]
    await asyncio.sleep(0.3)
    assert count.runs == 10


@pytest.mark.filterwarnings("ignore:Unclosed client session:ResourceWarning")  # a pipeline cancelled in its UNWATCH
async def test_one_cancel_ends_a_worker_whatever_it_is_at(queue: ArqQueue, deps: Deps, count: Counting) -> None:
    """On Python 3.11 one cancel of a polling worker in sixteen was lost in the library that sends its commands."""
    for turns in range(80):
        task = asyncio.create_task(run_worker(deps, queue.redis, jobs={"count": count}, schedule=[EVERY_SECOND]))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        ended, _ = await asyncio.wait({task}, timeout=10)
        assert ended, f"after {turns} turns"


@pytest.mark.filterwarnings("ignore:Unclosed client session:ResourceWarning")  # a pipeline cancelled in its UNWATCH
async def test_one_cancel_ends_a_worker_while_its_redis_comes_and_goes(line: Line, deps: Deps, count: Counting) -> None:
    for turns in range(20):
        task = asyncio.create_task(run_worker(deps, line.queue.redis, jobs={"count": count}, schedule=[EVERY_SECOND]))
        for _ in range(turns * 4):
            await asyncio.sleep(0)
        await line.cut()
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        ended, _ = await asyncio.wait({task}, timeout=15)
        assert ended, f"after {turns} turns"
        await line.mend()


async def test_a_worker_that_stands_still_is_replaced(
    queue: ArqQueue, work: RunWorker, count: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.clockwork.STALL_SECONDS", 0.5)
    monkeypatch.setattr("workers.clockwork.WATCH_SECONDS", 0.1)
    polls, stuck = Worker._poll_iteration, [True]

    async def stands_still_once(worker: Worker) -> None:
        if stuck:
            stuck.clear()
            await asyncio.Event().wait()
        await polls(worker)

    monkeypatch.setattr(Worker, "_poll_iteration", stands_still_once)
    with capture_logs() as told:
        await work({"count": count})
        await waken(queue)
        await until(lambda: count.ended == 1)
    assert ("worker_stopped", "Stalled") in [(each["event"], each.get("trouble")) for each in told]


async def test_jobs_that_hear_no_cancel_take_no_place_from_others(
    queue: ArqQueue, work: RunWorker, count: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker runs ten jobs at once; ten that never end would be the end of all delivery."""
    monkeypatch.setattr("workers.retries.END_SECONDS", 0.1)
    monkeypatch.setattr("workers.retries.WAITS", ())
    over = asyncio.Event()

    async def deaf(_deps: Deps) -> int:
        while not over.is_set():
            with suppress(asyncio.CancelledError):
                await over.wait()
        return 0

    names = [f"deaf-{number}" for number in range(12)]
    seconds = partial(woken, seconds=0.1)
    monkeypatch.setattr("workers.settings.woken", seconds)
    await work({"count": count, **dict.fromkeys(names, deaf)})
    with capture_logs() as told:
        for name in names:
            await queue.wake(name)
        await queue.settle()
        await until(lambda: sum(each.get("trouble") == "Deaf" for each in told) == 12)
        await waken(queue)
        await until(lambda: count.ended == 1)
    over.set()


async def test_installations_on_one_redis_leave_each_others_jobs_alone(line: Line, deps: Deps, count: Counting) -> None:
    """Two services that shared a queue would each find nothing to do in its own database."""
    other = Counting()
    other.go.set()
    redis = ArqRedis(line.queue.redis.connection_pool, line.queue.redis.job_serializer, orjson.loads, "tongban:other")
    theirs = asyncio.create_task(run_worker(deps, redis, jobs={"count": other}, schedule=[EVERY_SECOND]))
    await until(lambda: other.ended >= 1)
    before = other.ended
    await waken(line.queue, 3)
    await until(lambda: other.ended >= before + 2)
    assert await queued(line.queue) == ["count:1"]
    ours = asyncio.create_task(run_worker(deps, line.queue.redis, jobs={"count": count}, schedule=[]))
    await until(lambda: count.ended == 1)
    for task in (ours, theirs):
        task.cancel()
    await asyncio.wait({ours, theirs})
