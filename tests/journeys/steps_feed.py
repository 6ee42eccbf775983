"""The way back by file: a station without a network drops a signed batch, and the case goes on."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from tests.journeys.expect import NotAsItShouldBe, same
from tests.journeys.invented import make_acceptance_number, make_slip_number, now
from tests.journeys.service import HOME
from tests.journeys.walk import Walk

_SYSTEM = "demo-jx-counter"


async def accepted_by_file(walk: Walk) -> None:
    """One line accepts, one is bad: the rest goes in, and the report beside the file says why the other did not."""
    folder = walk.world.feed_folder
    if folder is None:
        raise NotAsItShouldBe("the feed folder", "told by serving.json", None)
    walk.acceptance_number, walk.slip_number = make_acceptance_number(walk.plot.residence), make_slip_number()
    batch = uuid4().hex[:12]
    _drop(walk, folder, batch, [json.dumps(_accepted(walk)), "no report at all"])
    case = await walk.wire.poll("accepted by file", lambda: _accepted_case(walk), walk.world.patience)
    same("numbers", (case["acceptance_number"], case["slip_number"]), (walk.acceptance_number, walk.slip_number))
    walk.journal.keep("case.json", case)
    report = folder / "done" / f"{_SYSTEM}-{batch}.report.txt"
    told = await walk.wire.poll("report beside the file", lambda: _text(report), walk.world.patience)
    same("report of the batch", ("已登记1行" in told, "第3行" in told), (True, True))
    walk.journal.keep("feed-report.txt", told)


def _accepted(walk: Walk) -> dict[str, Any]:
    return {
        "report_id": f"journey-{uuid4()}",
        "kind": "accepted",
        "case_number": walk.number,
        "acceptance_number": walk.acceptance_number,
        "at": now().isoformat(),
        "unit": "示范受理点（演示）",
        "facts": {"slip_number": walk.slip_number, "officer": "DEMO-0042"},
    }


def _drop(walk: Walk, folder: Path, batch: str, lines: list[str]) -> None:
    with TemporaryDirectory() as desk:
        key = Path(desk) / "station.pem"
        key.write_text(walk.world.signing_keys[_SYSTEM], encoding="utf-8")
        command = [
            sys.executable, str(HOME / "run.py"), "sign-feed", "-", "--station", _SYSTEM, "--batch", batch,
            "--key", str(key), "--folder", str(folder),
        ]  # fmt: skip
        done = subprocess.run(
            command, input="\n".join(lines), capture_output=True, text=True, check=False, timeout=60, encoding="utf-8"
        )
        if done.returncode:
            raise NotAsItShouldBe("sign-feed", 0, done.stderr)
        file = next(folder.rglob(f"*-{batch}.jsonl"))
        walk.journal.keep("feed.jsonl", file.read_bytes())


async def _accepted_case(walk: Walk) -> Any:
    case = await walk.case()
    return case if case["state"] == "accepted" else None


async def _text(path: Path) -> str | None:
    return await asyncio.to_thread(_read, path)


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8-sig") if path.exists() else None
