"""Everything an act is given. Wired once, in ``run.py``; tests wire through the same function."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date

from casework.ports import Clock, JobQueue, MiniProgram, Puzzle, Random, SmsSender
from casework.settings import Settings
from domain.calendar import WorkCalendar
from domain.local_time import day_of
from domain.policy.rule import Rulebook
from models.store import transaction

DELIVER_NOTICES = "deliver_notices"


@dataclass(frozen=True)
class Deps:
    """The acts' surroundings: settings, the clock, the law, the calendar, and the ports.

    Without a ``puzzle`` no booking goes through where one is asked for.
    """

    settings: Settings
    clock: Clock
    random: Random
    rulebook: Rulebook
    mini_program: MiniProgram
    sms: SmsSender
    queue: JobQueue
    puzzle: Puzzle | None = None

    @property
    def calendar(self) -> WorkCalendar:
        """The working days that clocks count with."""
        return self.rulebook.calendar

    def today(self) -> date:
        """The calendar day in Shanghai."""
        return day_of(self.clock.now())


@asynccontextmanager
async def unit_of_work(deps: Deps) -> AsyncIterator[None]:
    """One transaction: all or nothing; afterwards the postman is woken."""
    async with transaction():
        yield
    await deps.queue.wake(DELIVER_NOTICES)
