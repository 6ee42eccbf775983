"""``python run.py journey``: play stories and leave what they leave behind."""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from casework.settings import Settings
from tests.journeys import overdue
from tests.journeys.expect import NotAsItShouldBe
from tests.journeys.plots import PLOTS
from tests.journeys.service import FREE_PORTS, ServiceTrouble, read_logins, running, world_of
from tests.journeys.story import StepFailed, play_story
from tests.journeys.world import World

SettingsOf = Callable[[Mapping[str, str]], Settings]
_NEEDED = {
    "console_url": "--console-url",
    "wechat_url": "--wechat-url",
    "sms_url": "--sms-url",
}


class CannotPlay(Exception):
    """What was asked for can't be played; the text says why."""


def play(asked: argparse.Namespace, settings_of: SettingsOf) -> int:
    """Play what was asked for; 0 when every step was as it should be, 1 at the first that wasn't, 2 if it can't be."""
    try:
        asyncio.run(_play(asked, settings_of))
    except (CannotPlay, ServiceTrouble) as why:
        print(f"✗ {why}", file=sys.stderr)
        return 2
    except (StepFailed, NotAsItShouldBe) as failed:
        print(f"✗ {failed}", file=sys.stderr)
        return 1
    print(f"全部完成 · all is as it should be: {asked.out}")
    return 0


async def _play(asked: argparse.Namespace, settings_of: SettingsOf) -> None:
    names = [*PLOTS, overdue.NAME] if asked.story == "all" else [asked.story]
    if not {*PLOTS, overdue.NAME} >= set(names):
        raise CannotPlay(f"no story {asked.story}; there are: {', '.join((*PLOTS, overdue.NAME))}, all")
    if plots := [name for name in names if name in PLOTS]:
        async with _world(asked, settings_of) as world:
            for name in plots:
                world.say(f"— {name}")
                await play_story(name, world)
    if overdue.NAME in names:
        await _play_overdue(asked)


async def _play_overdue(asked: argparse.Namespace) -> None:
    """At a training tenant of its own, even where the other stories play at a service that runs."""
    async with overdue.training_tenant(os.environ, asked.out) as world:
        world.say(f"— {overdue.NAME}")
        await overdue.play_overdue(world)


@asynccontextmanager
async def _world(asked: argparse.Namespace, settings_of: SettingsOf) -> AsyncIterator[World]:
    if asked.base_url:
        yield _running_world(asked, settings_of)
        return
    async with AsyncExitStack() as stack:
        env = {**os.environ, **FREE_PORTS}
        if "TONGBAN_DATABASE_URL" not in env:
            env["TONGBAN_VAR"] = stack.enter_context(tempfile.TemporaryDirectory(prefix="tongban-journey-"))
        settings = settings_of(env)
        if not settings.sandboxed:
            raise CannotPlay("the journey needs the sandbox: unset TONGBAN_WECHAT_BASE_URL, or give --base-url")
        told = await stack.enter_async_context(running(env, settings.var, asked.out / "service.log"))
        yield world_of(told, settings.var / "demo-logins.json", asked.out)


def _running_world(asked: argparse.Namespace, settings_of: SettingsOf) -> World:
    """A service that runs already: what it wrote down of itself, and what the caller says on top."""
    settings = settings_of(os.environ)
    told = _told(settings.var / "serving.json", asked.base_url)
    told |= {name: value for name in _NEEDED if (value := getattr(asked, name))}
    missing = [option for name, option in _NEEDED.items() if name not in told]
    if missing:
        raise CannotPlay(f"nothing is known of the service at {asked.base_url}: give {', '.join(missing)}")
    logins = asked.logins or settings.var / "demo-logins.json"
    if not logins.exists():
        raise CannotPlay(f"the logins of the demo are not in {logins}: give --logins FILE")
    return world_of({"miniapp_appid": settings.miniapp.appid, **told}, logins, asked.out)


def _told(path: Path, base_url: str) -> dict[str, Any]:
    told = read_logins(path) if path.exists() else {}
    base_url = base_url.rstrip("/")
    return told if told.get("base_url") == base_url else {"base_url": base_url}
