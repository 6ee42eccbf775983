"""A story under way: the plot says what should happen, the walk holds what did."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

from tests.journeys.expect import has, same
from tests.journeys.invented import Person
from tests.journeys.journal import Journal
from tests.journeys.players import Citizen, Clerk, Phone
from tests.journeys.time_limits import Limit
from tests.journeys.wire import Wire
from tests.journeys.world import World

ITEM = "id_card_first_application"


@dataclass(frozen=True)
class Guardian:
    """The guardian of a minor: another household, and how the guardianship is shown (R044-R046)."""

    household: str
    household_address: str
    relation: str
    shown_by: str


@dataclass(frozen=True)
class Plot:
    """Who goes where, and what the rules of today say to it; each value with its source in ``plots.py``.

    ``letter``: to_sign | not_required | on_paper. ``proof`` None: residence information is declared locally instead.
    ``papers`` are asked for once the tie is declared, ``papers_before`` when nobody has said which one
    it is, and at the counter, where any lawful one will do. ``online`` False: the case goes over the air gap.
    ``stated``: what the application says beyond the identity card's own. ``ending``: the last state and its words.
    """

    name: str
    age: int
    household: str
    household_address: str
    residence: str
    residence_address: str
    scope: str
    papers: tuple[str, ...]
    papers_before: tuple[str, ...]
    letter: str
    review: Limit
    point: str
    household_system: str
    card_centre: str
    messages: tuple[str, ...]
    history: tuple[str, ...]
    guardian: Guardian | None = None
    proof: tuple[str, str] | None = None
    delivery: str = "station"
    online: bool = True
    counter_system: str = ""
    item: str = ITEM
    stated: Mapping[str, Any] = field(default_factory=dict)
    ending: tuple[str, str] = ("closed", "已办结")

    @property
    def clerk(self) -> str:
        """The clerk of the point."""
        return self.point.lower()

    @property
    def who_comes(self) -> list[str]:
        """R030, R031."""
        return ["applicant", "guardian"] if self.guardian else ["applicant"]


@dataclass
class Walk:
    """What is known so far."""

    plot: Plot
    world: World
    journal: Journal
    wire: Wire
    phone: Phone
    citizen: Citizen
    clerk: Clerk
    applicant: Person
    holder: Person
    person_id: int = 0
    templates: dict[str, str] = field(default_factory=dict)
    declaration: Any = None
    number: str = ""
    letter: Any = None
    code: str = ""
    booked_on: date | None = None
    acceptance_number: str = ""
    slip_number: str = ""
    slip_text: str = ""
    waybill: str = ""
    relative: Person | None = None
    temporary_number: str = ""
    certificate_number: str = ""

    async def case(self, number: str = "") -> Any:
        """The case, or another of the same citizen, as its owner sees it now."""
        return (await self.citizen.get(f"/cases/{number or self.number}")).done()

    async def stands(self, state: str, *next_step: str, number: str = "") -> Any:
        """The case is in this state, and its next step speaks of these things."""
        case = await self.case(number)
        same("state", case["state"], state)
        has("next step", case["next_step"], *next_step)
        return case

    def shows(self, who: str, *lines: str) -> None:
        """What somebody reads at this moment, for whoever watches the story."""
        for line in lines:
            self.world.say(f"     {who}：{line}")


Act: TypeAlias = Callable[[Walk], Awaitable[None]]


@dataclass(frozen=True)
class Step:
    """One step of a story, with its name for people."""

    name: str
    name_en: str
    act: Act
