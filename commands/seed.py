"""``run.py seed``: the demo's points, clerks, station systems and keys, and on request invented people for training."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from casework.deps import Deps
from casework.keep_point_key import register_point_key
from casework.seed_demo import DemoLogins, seed_demo
from casework.seed_training import seed_training
from commands.pass_keys import PublicKey
from commands.serving import keep_private
from domain.refusal import Refusal
from templates.refusals import refusal_text


@dataclass(frozen=True)
class Tools:
    """What makes the keys of the demo's stations."""

    signing_key: Callable[[], tuple[str, str]]
    station_key: Callable[[Path, str], PublicKey]


async def seed(deps: Deps, tools: Tools) -> DemoLogins:
    """Seed the demo and keep its logins, and its stations' private keys, readable by the owner only."""
    path = deps.settings.var / "demo-logins.json"
    known = DemoLogins(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None
    logins = await seed_demo(deps, known, tools.signing_key)
    keep_private(path, asdict(logins))
    for point in logins.points.values():
        public = tools.station_key(deps.settings.var / "station-keys", point)
        await register_point_key(deps, point, public.id, public.raw)
    return logins


async def train(deps: Deps, many: int, *, sure: bool) -> None:
    """So many invented people with their cases; ends the process with a sentence where it can't be done."""
    try:
        made = await seed_training(deps, many, sure=sure)
    except Refusal as refusal:
        told = refusal_text(refusal.code, refusal.facts)
        sys.exit(f"{told.title}：{told.detail}{told.advice}")
    print(f"{made} case(s) of invented people")
