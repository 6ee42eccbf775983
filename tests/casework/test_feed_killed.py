"""The reader of the file feed is killed with SIGKILL in the middle of a file: no line is lost, none counts twice."""

import asyncio
import base64
import os
import subprocess
import sys
from pathlib import Path

from domain.terms import BatchStatus, CaseEventKind, ReportKind
from models.case import CaseEvent
from models.db import KeyRing
from models.feed import FeedBatch, SetAside
from tests.casework.feeds import Station, said, station_at
from tests.casework.town import JX_POLICE, Town
from tests.casework.way import gone

HOME = Path(__file__).parents[2]
BAD = 240
NOTED_EVERY = 25
# run.py as it stands, at the town's time
READER = """
import sys
from datetime import datetime
import run
at = datetime.fromisoformat(sys.argv.pop())
run.SystemClock.now = lambda self: at
sys.exit(run.main(sys.argv[1:]))
"""


def start_reader(station: Station, database_url: str, keyring: KeyRing) -> "subprocess.Popen[bytes]":
    keys = {name: base64.b64encode(key).decode() for name, key in keyring.keys.items()}
    env = {name: value for name, value in os.environ.items() if not name.startswith("TONGBAN_")} | {
        "TONGBAN_VAR": str(station.deps.settings.var),
        "TONGBAN_DATABASE_URL": database_url,
        "TONGBAN_FEED_FOLDER": str(station.folder),
        "TONGBAN_SEAL_KEYS": ",".join(f"{name}:{key}" for name, key in keys.items()),
        "TONGBAN_INDEX_KEY": base64.b64encode(keyring.index_key).decode(),
    }
    command = [sys.executable, "-c", READER, "feed", station.deps.clock.now().isoformat()]
    with (station.deps.settings.var / "reader.log").open("wb") as log:
        return subprocess.Popen(command, env=env, cwd=HOME, stdout=log, stderr=log)


async def test_a_reader_killed_in_mid_file_loses_no_line_and_doubles_none(
    town: Town, tmp_path: Path, database_url: str, keyring: KeyRing
) -> None:
    station = await station_at(town, tmp_path / "feed", JX_POLICE)
    ways = [await gone(town, "accepted") for _ in range(4)]
    true = [said(way, kind) for kind in (ReportKind.REVIEW_STARTED, ReportKind.ISSUED) for way in ways]
    lines: list[object] = [f"bad {number}" for number in range(BAD)]
    for place, line in enumerate(true):  # spread over the file: some before the kill, some after
        lines.insert(place * (BAD // len(true)) + place + 1, line)
    station.drop(*lines)  # type: ignore[arg-type]

    reader = start_reader(station, database_url, keyring)
    try:
        async with asyncio.timeout(60):
            while not await FeedBatch.filter(lines__gte=NOTED_EVERY).exists():
                assert reader.poll() is None, (tmp_path / "reader.log").read_text()
                await asyncio.sleep(0.002)
    finally:
        reader.kill()
        await asyncio.to_thread(reader.wait)
    killed = await FeedBatch.get()
    assert (killed.status, NOTED_EVERY <= killed.lines < len(lines)) == (BatchStatus.TAKING, True)
    assert len(station.left()) == 2  # batch and signature lie where they lay

    assert await station.take() == 0  # its lease still stands
    town.clock.turn(seconds=31)
    await station.take()
    batch = await FeedBatch.get()
    assert (batch.status, batch.lines) == (BatchStatus.TAKEN, len(lines))
    assert batch.taken + batch.known == len(true)
    assert sorted([one.line for one in await SetAside.all()]) == [
        place + 2 for place, line in enumerate(lines) if isinstance(line, str)
    ]
    for kind in (CaseEventKind.REVIEW_STARTED, CaseEventKind.ISSUED):
        assert sorted([event.case_id for event in await CaseEvent.filter(kind=kind)]) == sorted(
            [event.case_id for event in await CaseEvent.filter(kind=CaseEventKind.ACCEPTED)]
        )
    assert station.left() == []
