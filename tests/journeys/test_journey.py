"""Every story against a service in its own process, and one with a server that dies between any two steps."""

import argparse
import json
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from casework.settings import load_settings
from tests.conftest import run_aside
from tests.journeys import service
from tests.journeys.databases import fresh_database, what_is_broken
from tests.journeys.nursery import Nursery, nursery
from tests.journeys.play import play
from tests.journeys.plots import PLOTS, steps_of
from tests.journeys.story import play_story
from tests.journeys.world import World

LEASE_AND_MORE = 120.0  # a notice in a killed worker's hands comes back when its lease is over
_EVERYWHERE = {"journey.json", "handoff.png", "case.json", "counter-case.html"}
_LETTER, _PICKUP = (
    {"letter.json", "letter.html", "letter.pdf", "letter-seals.pem"},
    {"pickup-notice.json", "pickup-sms.txt"},
)
_CERTIFICATE = {"certificate.pdf", "verification.html"}
_PASS = {"journey.json", "case.json", "pass.txt", "pass.png", "station-key.pem", "pass-issuers.pem"}
LEFT_BEHIND = {
    "adult": _EVERYWHERE | _LETTER | _PICKUP,
    "minor": _EVERYWHERE | _LETTER | _PICKUP | {"check-notice.json"},
    "guangdong": _EVERYWHERE | {"posted-sms.txt", "check-notice.json"},
    "cross-province": _EVERYWHERE | _PICKUP,
    "offline": _LETTER | _PASS | {"feed.jsonl", "feed-report.txt"},
    "return-slip": (_EVERYWHERE - {"counter-case.html"}) | _LETTER | _PICKUP | {"return-slip.png", "return-slip.txt"},
    "temporary-card": _EVERYWHERE | _PICKUP | {"temporary-sms.txt", "temporary-card.json"},
    "refused": _EVERYWHERE | {"refused-sms.txt"},
    "certificate-on-the-spot": _EVERYWHERE | _CERTIFICATE,
    "certificate-by-officer": _EVERYWHERE | _CERTIFICATE | {"materials.zip", "certificate-sms.txt"},
}
_READ_TODAY = {"pass.json", "used-passes.txt"}  # shortly before midnight the pass is for tomorrow


@dataclass(frozen=True)
class Served:
    """A service that runs, and what one has to know of it."""

    var: Path
    database_url: str
    told: dict[str, Any]

    def world(self, out: Path, **more: Any) -> World:
        return service.world_of(self.told, self.var / "demo-logins.json", out, loud=False, **more)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One service for all stories. It must end cleanly when told to."""
    folder = tmp_path_factory.mktemp("journey")
    var, log = folder / "var", folder / "service.log"
    with fresh_database(folder) as url:
        process = service.start("serve", environment(var, url) | service.FREE_PORTS, log)
        yield Served(var, url, run_aside(lambda: service.addresses(process, var, log)))
        assert run_aside(lambda: service.stop(process)) == 0, log.read_text()[-2000:]


@pytest.mark.parametrize("name", PLOTS)
async def test_story_goes_its_whole_way(name: str, served: Served, tmp_path: Path) -> None:
    journal = await play_story(name, served.world(tmp_path))
    assert {path.name for path in (tmp_path / name).iterdir()} - _READ_TODAY == LEFT_BEHIND[name]
    written = json.loads((tmp_path / name / "journey.json").read_text(encoding="utf-8"))
    assert [step["name_en"] for step in written["steps"]] == [step.name_en for step in steps_of(PLOTS[name])]
    assert {step["outcome"] for step in written["steps"]} == {"as it should be"}
    assert all(exchange.answer["status"] for step in journal.steps for exchange in step.exchanges)
    assert await what_is_broken(served.database_url) == {}


def test_command_plays_at_a_service_that_runs_already(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TONGBAN_VAR", str(served.var))
    assert play(asked(served.told["base_url"], tmp_path), load_settings) == 0
    assert (tmp_path / "cross-province" / "case.json").exists()


def test_command_needs_to_be_told_what_no_file_tells(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TONGBAN_VAR", str(tmp_path))
    here = served.told["base_url"]
    assert play(asked(here, tmp_path), load_settings) == 2
    assert "--console-url, --wechat-url, --sms-url" in capsys.readouterr().err
    places = {name: served.told[name] for name in ("console_url", "wechat_url", "sms_url")}
    assert play(asked(here, tmp_path, **places), load_settings) == 2
    assert "--logins" in capsys.readouterr().err
    logins = served.var / "demo-logins.json"
    assert play(asked(here, tmp_path, **places, logins=logins), load_settings) == 0


def test_command_ends_at_the_first_step_that_is_not_as_it_should_be(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TONGBAN_VAR", str(served.var))
    logins = service.read_logins(served.var / "demo-logins.json")
    logins["systems"] = dict.fromkeys(logins["systems"], "not the secret")
    wrong = tmp_path / "logins.json"
    wrong.write_text(json.dumps(logins), encoding="utf-8")
    assert play(asked(served.told["base_url"], tmp_path, logins=wrong), load_settings) == 1
    said = capsys.readouterr().err
    assert "户籍地开始审核" in said
    assert "expected 200" in said
    assert "report_signature_bad" in said
    steps = json.loads((tmp_path / "cross-province" / "journey.json").read_text(encoding="utf-8"))["steps"]
    assert [step["outcome"] == "as it should be" for step in steps][-2:] == [True, False]


async def test_server_killed_between_any_two_steps_loses_nothing(tmp_path: Path) -> None:
    """WeChat and the SMS centre live on; the service dies by SIGKILL after every step and starts again."""
    with fresh_database(tmp_path) as url:
        async with mortal_service(tmp_path, url) as mortal:
            journal = await play_story("adult", mortal.served().world(tmp_path, patience=LEASE_AND_MORE), mortal.die)
        assert mortal.deaths == len(journal.steps) - 1
        assert await what_is_broken(url) == {}


class Mortal:
    """A service that is killed and started again on the same ports and the same database."""

    def __init__(self, home: Nursery, env: dict[str, str], var: Path, log: Path) -> None:
        self._home, self._env, self._var, self._log = home, env, var, log
        self._process: service.Process | None = None
        self._told: dict[str, Any] = {}
        self.deaths = 0

    def served(self) -> Served:
        return Served(self._var, self._env["TONGBAN_DATABASE_URL"], self._told)

    async def live(self) -> None:
        self._process = self._home.start("serve", self._env, self._log)
        told = await service.addresses(self._process, self._var, self._log)
        self._told = {
            **told,
            "wechat_url": self._env["TONGBAN_WECHAT_BASE_URL"],
            "sms_url": self._env["TONGBAN_SMS_URL"].removesuffix("/sms/send"),
        }

    async def die(self, _step: int) -> None:
        assert self._process is not None
        assert await service.kill(self._process) == -9
        self.deaths += 1
        await self.live()

    async def end(self) -> None:
        assert self._process is not None
        assert await service.stop(self._process) == 0, self._log.read_text()[-2000:]


@asynccontextmanager
async def mortal_service(folder: Path, url: str) -> AsyncIterator[Mortal]:
    var, log = folder / "var", folder / "service.log"
    own = environment(var, url) | fixed_ports()
    outside = service.start("sandbox", own, log)
    try:
        for command in ("migrate", "seed"):
            assert service.start(command, own, log).wait(service.START_SECONDS) == 0, log.read_text()[-2000:]
        here = "http://127.0.0.1"
        env = own | {
            "TONGBAN_WECHAT_BASE_URL": f"{here}:{own['TONGBAN_SANDBOX_PORT']}",
            "TONGBAN_SMS_URL": f"{here}:{own['TONGBAN_SMS_SANDBOX_PORT']}/sms/send",
        }
        with nursery() as home:
            mortal = Mortal(home, env, var, log)
            await mortal.live()
            yield mortal
            await mortal.end()
    finally:
        assert await service.stop(outside) == 0, log.read_text()[-2000:]


def environment(var: Path, url: str) -> dict[str, str]:
    """What a service is started with: its folder and its database; the queue lives inside each process.

    Services of one test on one Redis would take each other's jobs; ``run.py journey`` plays the stories on Redis in CI.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TONGBAN_")}
    return {**kept, "TONGBAN_VAR": str(var), "TONGBAN_DATABASE_URL": url}


def fixed_ports() -> dict[str, str]:
    """Ports that are free now."""
    with ExitStack() as stack:
        held = {name: stack.enter_context(closing(socket.socket())) for name in service.FREE_PORTS}
        for each in held.values():
            each.bind(("127.0.0.1", 0))
        return {name: str(each.getsockname()[1]) for name, each in held.items()}


def asked(base_url: str, out: Path, **more: Any) -> argparse.Namespace:
    given = {"console_url": None, "wechat_url": None, "sms_url": None, "logins": None, **more}
    return argparse.Namespace(story="cross-province", out=out, base_url=base_url, **given)
