"""Playing one story against a running service."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import perf_counter
from typing import TypeAlias

import aiohttp

from tests.journeys.expect import NotAsItShouldBe
from tests.journeys.invented import Person, make_person, make_phone, now
from tests.journeys.journal import Journal
from tests.journeys.players import Citizen, Clerk, Phone
from tests.journeys.plots import PLOTS, steps_of
from tests.journeys.walk import Plot, Step, Walk
from tests.journeys.wire import Wire, open_line
from tests.journeys.world import World

Between: TypeAlias = Callable[[int], Awaitable[None]]
_TROUBLE = (NotAsItShouldBe, aiohttp.ClientError, TimeoutError, LookupError, TypeError, ValueError)


@dataclass
class StepFailed(Exception):
    """The first step that is not as it should be."""

    number: int
    step: Step
    why: str

    def __str__(self) -> str:
        return f"{self.number:02d} {self.step.name} · {self.step.name_en}: {self.why}"


async def play_story(name: str, world: World, between: Between | None = None) -> Journal:
    """Play a story to its end; ``between`` is called with the number of each finished step before the next one.

    Raises StepFailed; the journal up to there is written.
    """
    plot = PLOTS[name]
    journal = Journal(name, world.out / name)
    async with open_line() as session:
        walk = _begin(plot, world, Wire(session, journal))
        for number, step in enumerate(steps_of(plot), start=1):
            if between is not None and number > 1:
                await between(number - 1)
            await _take(walk, number, step)
    return journal


async def _take(walk: Walk, number: int, step: Step) -> None:
    record = walk.journal.begin(number, step.name, step.name_en, now().isoformat())
    began = perf_counter()
    try:
        await step.act(walk)
        record.outcome = "as it should be"
    except _TROUBLE as trouble:
        record.outcome = (
            str(trouble) if isinstance(trouble, NotAsItShouldBe) else f"{type(trouble).__name__}: {trouble}"
        )
        raise StepFailed(number, step, record.outcome) from trouble
    finally:
        record.ms = round((perf_counter() - began) * 1000, 1)
        walk.journal.save()
    walk.world.say(f"✓ {number:02d} {step.name} · {step.name_en}")


def _begin(plot: Plot, world: World, wire: Wire) -> Walk:
    applicant = make_person("测试丙" if plot.guardian else "测试甲", plot.age, plot.household, plot.household_address)
    return Walk(
        plot=plot,
        world=world,
        journal=wire.journal,
        wire=wire,
        phone=Phone(wire, world, make_phone()),
        citizen=Citizen(wire, world),
        clerk=Clerk(wire, world, plot.clerk),
        applicant=applicant,
        holder=_guardian(plot) or applicant,
        relative=make_person("测试丁", 63, plot.household, plot.household_address) if plot.guardian else None,
    )


def _guardian(plot: Plot) -> Person | None:
    guardian = plot.guardian
    return make_person("测试乙", 35, guardian.household, guardian.household_address) if guardian else None
