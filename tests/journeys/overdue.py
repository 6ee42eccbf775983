"""The story ``overdue``: what ran out of time reaches the reviewer and the supervisors, is followed up and closed.

Nobody can wait five days in a story, so it plays at a training tenant, whose people were late for days already.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

from tests.journeys.expect import NotAsItShouldBe, has, lacks, same
from tests.journeys.invented import now
from tests.journeys.journal import Journal
from tests.journeys.pages import Page
from tests.journeys.players import Clerk
from tests.journeys.service import FREE_PORTS, HOME, ServiceTrouble, running, world_of
from tests.journeys.wire import Wire, open_line
from tests.journeys.world import World

NAME = "overdue"
PEOPLE = 120
_SEED_SECONDS = 120


class Watch:
    """The supervisors of a province, a city and a county, the reviewer, and what they found."""

    def __init__(self, wire: Wire, world: World) -> None:
        self.country = Clerk(wire, world, "demo-supervisor")
        self.jiangxi = Clerk(wire, world, "demo-supervisor-jx")
        self.reviewer = Clerk(wire, world, "demo-reviewer-gz")
        self.journal = wire.journal
        self.follow_up = ""
        self.number = ""


@asynccontextmanager
async def training_tenant(env: Mapping[str, str], out: Path) -> AsyncIterator[World]:
    """A service of its own, full of invented people."""
    with tempfile.TemporaryDirectory(prefix="tongban-overdue-") as folder:
        own = {name: value for name, value in env.items() if name != "TONGBAN_DATABASE_URL"}
        own |= {**FREE_PORTS, "TONGBAN_VAR": folder}
        log = out / NAME / "service.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, str(HOME / "run.py"), "seed", "--demo", str(PEOPLE)]
        code = await asyncio.to_thread(_run, command, own, log)
        if code != 0:
            raise ServiceTrouble(f"the training tenant could not be seeded ({code}); see {log}")
        var = Path(folder)
        async with running(own, var, log) as told:
            yield world_of(told, var / "demo-logins.json", out)


def _run(command: Sequence[str], env: Mapping[str, str], log: Path) -> int:
    with log.open("ab") as kept:
        done = subprocess.run(
            command, env=dict(env), cwd=HOME, stdout=subprocess.DEVNULL, stderr=kept, timeout=_SEED_SECONDS, check=False
        )
    return done.returncode


async def play_overdue(world: World) -> Journal:
    """Play it to its end; raises NotAsItShouldBe at the first step that is not, the journal up to there written."""
    journal = Journal(NAME, world.out / NAME)
    async with open_line() as session:
        watch = Watch(Wire(session, journal), world)
        for number, (name, name_en, act) in enumerate(STEPS, start=1):
            record = journal.begin(number, name, name_en, now().isoformat())
            began = perf_counter()
            try:
                await act(watch)
                record.outcome = "as it should be"
            finally:
                record.ms = round((perf_counter() - began) * 1000, 1)
                journal.save()
            world.say(f"✓ {number:02d} {name} · {name_en}")
    return journal


async def _see_what_is_late(watch: Watch) -> None:
    """The dashboard of the country: something ran out, and the rate says so (D9, R185)."""
    await watch.country.sign_in()
    page = await watch.country.open("/supervision")
    has("the country's figures", page.text, "全国 · 督导总览", "审核签发及时率", "现在超期")
    watch.journal.keep("supervision.html", page.html)


async def _warned(watch: Watch) -> None:
    """The reviewer of the household city is warned (R090), and takes note."""
    page = await watch.reviewer.sign_in()
    page = await watch.reviewer.open("/warnings")
    found = re.search(r'data-warning="(\d+)"', page.html)
    if found is None:
        same("warnings of the reviewer", page.text, "没有提醒。")
        return
    page = await watch.reviewer.send(page.form(f"/warnings/{found[1]}"))
    has("the warning", page.text, "已知悉")


async def _follow_up(watch: Watch) -> None:
    """It stands on the supervisors' list with the contact of the place, if one is named (R101, R181)."""
    page = await watch.country.open("/follow-ups")
    watch.follow_up = _first(page, r'data-follow-up="(\d+)"')
    watch.number = _first(page, r"(\d{6}-\d{4}-\d{4}-\d{2})")
    has("the list", page.text, "已超期", "审核签发时限")


async def _own_area(watch: Watch) -> None:
    """A supervisor sees the own province and is refused another, kindly (R185)."""
    await watch.jiangxi.sign_in()
    page = await watch.jiangxi.open("/supervision")
    has("the province's figures", page.text, "江西省 · 督导总览")
    lacks("the province's figures", page.text, "广东省")
    reply = await watch.jiangxi._ask("GET", "/supervision", None, {"division": "440000"})
    same("another province", (reply.status, Page(reply).refusal), (403, "area_outside"))


async def _noted(watch: Watch) -> None:
    """A note, then the last one: it is off the list and stays on record (R186)."""
    page = await watch.country.open("/follow-ups")
    form = page.form(f"/follow-ups/{watch.follow_up}")
    page = await watch.country.send(form, {"note": "已电话督促当地审核", "answer": "note"})
    form = page.form(f"/follow-ups/{watch.follow_up}")
    page = await watch.country.send(form, {"note": "对方答复今天办结", "answer": "close"})
    lacks("the list", page.text, watch.number)
    reply = await watch.country._ask("GET", "/follow-ups", None, {"all": "yes"})
    has("what was closed", Page(reply).text, watch.number, "已电话督促当地审核", "对方答复今天办结")


async def _taken_away(watch: Watch) -> None:
    """The bulletin as a table (R180)."""
    page = await watch.country.open("/supervision/tables/bulletin.csv")
    has("the bulletin", page.html, "及时率", "按地区", "按审核单位", "示范派出所")
    watch.journal.keep("bulletin.csv", page.html)


def _first(page: Page, pattern: str) -> str:
    found = re.search(pattern, page.html)
    if found is None:
        raise NotAsItShouldBe(page.reply.asked, pattern, page.text[:300])
    return found[1]


STEPS: tuple[tuple[str, str, Callable[[Watch], Awaitable[None]]], ...] = (
    ("督导总览", "dashboard: what ran out of time", _see_what_is_late),
    ("审核员收到时限提醒", "the reviewer is warned and takes note", _warned),
    ("督办清单", "on the supervisors' list with the named contact", _follow_up),
    ("只看本辖区", "the own area only", _own_area),
    ("记录并办结督办", "noted and closed", _noted),
    ("导出通报", "the bulletin taken away", _taken_away),
)
