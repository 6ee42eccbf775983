"""A service that has started: how it is told to stop, and what it no longer searches for garbage."""

import asyncio
import gc
import os
import signal
from collections.abc import Iterator

import pytest

from commands.serving import YOUNG_OBJECTS, told_to_stop


@pytest.fixture
def own_search() -> Iterator[None]:
    """The garbage collector as it was."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


@pytest.mark.usefixtures("own_search")
async def test_what_started_is_not_searched_again_and_what_comes_later_is() -> None:
    waiting = asyncio.create_task(told_to_stop())
    await asyncio.sleep(0)
    assert gc.get_freeze_count() > 0
    assert gc.isenabled()
    assert gc.get_threshold()[0] == YOUNG_OBJECTS
    ring: list[object] = []
    ring.append(ring)
    del ring
    assert gc.collect() >= 1
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(5):
        await waiting
