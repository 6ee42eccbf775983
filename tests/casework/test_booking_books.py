"""Whatever people do, in whatever order, and however the clock goes: after each step the books add up."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from casework.close_point import close_point
from casework.count_no_shows import count_no_shows
from casework.deps import Deps
from casework.settings import Settings
from casework.tend_places import tend_places
from casework.withdraw import withdraw
from domain.policy.rule import Rulebook
from domain.refusal import Refusal
from models.db import KeyRing, open_database
from tests.casework import booking as does
from tests.casework.town import SMALL, Bell, Sms, StrongRandom, Town, TurnedClock, WeChat, furnish, key
from tests.casework.way import ADULT, MINOR, Way, at_hour
from tests.seal import a_seal

PEOPLE, HOURS = 6, (9, 10)
EXAMPLES, STEPS = 5, 22
WHO = st.integers(0, PEOPLE - 1)
HOUR = st.sampled_from(HOURS)


class Rush(RuleBasedStateMachine):
    """Six people, two slots of two places, and everything one can do to them."""

    template: str
    keyring: KeyRing
    rulebook: Rulebook
    shared: Settings

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.template, self.folder / "rush.db")
        self.opened = open_database(f"sqlite://{self.folder / 'rush.db'}", self.keyring)
        self.ways: list[Way] = []

    def teardown(self) -> None:
        self.do(self.opened.__aexit__(None, None, None))
        self.loop.close()
        shutil.rmtree(self.folder)

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    def may(self, work: Coroutine[Any, Any, Any]) -> None:
        """Done or refused; nothing else."""

        async def tried() -> None:
            with contextlib.suppress(Refusal):
                await work

        self.do(tried())

    @initialize()
    def begin(self) -> None:
        self.do(self.opened.__aenter__())
        self.do(self._begin())

    async def _begin(self) -> None:
        await furnish()
        deps = Deps(
            settings=replace(self.shared, var=self.folder), clock=TurnedClock(), random=StrongRandom(),
            rulebook=self.rulebook, mini_program=WeChat(), sms=Sms(), queue=Bell(), seal=a_seal(),
        )  # fmt: skip
        self.town = Town(deps, deps.clock, deps.mini_program, deps.sms, deps.queue)  # type: ignore[arg-type]
        await does.settings(capacity=2, minor_places=1)
        child = replace(MINOR, residence="360102", residence_address="江西省南昌市东湖区测试路2号202室")
        child = replace(child, household="360403", household_address="江西省九江市浔阳区测试路4号404室")
        kinds = [ADULT] * (PEOPLE - 2) + [child] * 2
        self.ways = [await does.opened(self.town, kind) for kind in kinds]

    @rule(who=WHO, hour=HOUR)
    def books(self, who: int, hour: int) -> None:
        self.may(does.booked(self.ways[who], hour))

    @rule(who=WHO, hour=HOUR)
    def holds(self, who: int, hour: int) -> None:
        self.may(does.held(self.ways[who], hour))

    @rule(who=st.lists(WHO, min_size=2, max_size=4, unique=True), hour=HOUR, holding=st.booleans())
    def rush(self, who: list[int], hour: int, holding: bool) -> None:
        act = does.held if holding else does.booked
        self.do(_together([act(self.ways[one], hour if one % 2 else HOURS[0]) for one in who]))

    @rule(who=WHO)
    def cancels(self, who: int) -> None:
        self.may(does.cancelled(self.ways[who]))

    @rule(who=WHO)
    def lets_go(self, who: int) -> None:
        self.may(does.released(self.ways[who]))

    @rule(who=WHO)
    def waits(self, who: int) -> None:
        self.may(does.waiting(self.ways[who]))

    @rule(who=WHO)
    def withdraws(self, who: int) -> None:
        way = self.ways[who]
        self.may(withdraw(way.deps, way.citizen, way.number, key()))

    @rule(minutes=st.sampled_from([5, 11, 121, -30]))
    def time_passes(self, minutes: int) -> None:
        self.town.clock.turn(minutes=minutes)

    @rule()
    def the_day_comes(self) -> None:
        self.town.clock.set(does.MONDAY, 9, 30)

    @rule()
    def the_sweep_runs(self) -> None:
        self.do(tend_places(self.town.deps))
        self.do(count_no_shows(self.town.deps))

    @rule(hour=HOUR)
    def closes(self, hour: int) -> None:
        async def close() -> None:
            start = at_hour(does.MONDAY, hour)
            officer = await does.operator(self.town)
            await close_point(self.town.deps, officer, SMALL, start, at_hour(does.MONDAY, hour + 1), "演示")

        self.may(close())

    @rule(capacity=st.integers(0, 3), walk_in_percent=st.sampled_from([0, 50]))
    def settings_change(self, capacity: int, walk_in_percent: int) -> None:
        self.do(does.settings(capacity=capacity, walk_in_percent=walk_in_percent))

    @invariant()
    def the_books_add_up(self) -> None:
        if self.ways:
            assert self.do(does.what_does_not_add_up()) == []


async def _together(acts: list[Coroutine[Any, Any, Any]]) -> None:
    for outcome in await asyncio.gather(*acts, return_exceptions=True):
        if isinstance(outcome, BaseException) and not isinstance(outcome, Refusal):
            raise outcome


@pytest.mark.parametrize("way", ["both ways", "the plain way"])
def test_the_books_add_up_after_every_step(
    request: pytest.FixtureRequest,
    keyring: KeyRing,
    rulebook: Rulebook,
    shared_settings: Settings,
    on_postgres: bool,
    way: str,
) -> None:
    if on_postgres:
        pytest.skip("one process opens one kind of database; the rushes of the other tests run on PostgreSQL")
    if way == "the plain way":
        request.getfixturevalue("plain")
    template: str = request.getfixturevalue("_template")
    Rush.template, Rush.keyring = template.removeprefix("sqlite://"), keyring
    Rush.rulebook, Rush.shared = rulebook, shared_settings
    run_state_machine_as_test(
        Rush,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
