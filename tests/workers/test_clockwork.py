"""Waking and sweeping: no run too many, none too few, whatever happens to Redis."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson
import pytest
from structlog.testing import capture_logs

from casework.deps import Deps
from tests.workers.conftest import RunWorker
from tests.workers.connections import Line
from workers.queue import QUEUE_NAME, ArqQueue
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
    return sorted(each.decode() for each in await queue.redis.zrange(QUEUE_NAME, 0, -1))


async def waken(queue: ArqQueue, times: int = 1) -> None:
    for _ in range(times):
        await queue.wake("count")
    await queue.settle()


@pytest.fixture
def count() -> Counting:
    job = Counting()
    job.go.set()
    return job


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
    assert keys == ["arq:job:count:1", QUEUE_NAME]
    payload = orjson.loads(await queue.redis.get("arq:job:count:1"))
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
