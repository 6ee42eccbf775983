"""A counter without our console accepts, and the citizen's phone brings the news back: the return slip."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.journeys.expect import NotAsItShouldBe, same
from tests.journeys.invented import make_acceptance_number, make_slip_number
from tests.journeys.service import HOME
from tests.journeys.walk import Walk


async def print_slip(walk: Walk) -> None:
    """The station's own system accepts and prints the slip: no network, no database, its own key."""
    walk.acceptance_number = make_acceptance_number(walk.plot.residence)
    walk.slip_number = make_slip_number()
    with TemporaryDirectory() as folder:
        walk.slip_text = _print(walk, Path(folder))
    same("size of the slip", len(walk.slip_text) < 500, True)


async def bring_slip(walk: Walk) -> None:
    """Tampered or brought twice it changes nothing; as it is, the case is accepted with both numbers (R143, R145)."""
    where = f"/cases/{walk.number}/return-slips"
    middle = len(walk.slip_text) // 2
    other = "A" if walk.slip_text[middle] != "A" else "B"
    tampered = walk.slip_text[:middle] + other + walk.slip_text[middle + 1 :]
    reply = await walk.citizen.write("POST", where, {"text": tampered})
    if reply.status < 400:
        raise NotAsItShouldBe("a tampered slip", "refused", reply.status)
    (await walk.citizen.write("POST", where, {"text": "https://example.org/"})).refused("return_slip_foreign")
    for _ in range(2):
        case = (await walk.citizen.write("POST", where, {"text": walk.slip_text})).done()
        same("accepted", case["state"], "accepted")
    same("numbers", (case["acceptance_number"], case["slip_number"]), (walk.acceptance_number, walk.slip_number))
    same("a place that was used", case["booking"], None)


def _print(walk: Walk, folder: Path) -> str:
    key, picture = folder / "station.pem", folder / "slip.png"
    key.write_text(walk.world.signing_keys[walk.plot.counter_system], encoding="utf-8")
    command = [
        sys.executable, str(HOME / "run.py"), "return-slip", "--key", str(key),
        "--key-id", f"{walk.plot.counter_system}-sign", "--case", walk.number,
        "--acceptance-number", walk.acceptance_number, "--slip-number", walk.slip_number,
        "--officer", "DEMO-0042", "--unit", "示范受理点（演示）", "--png", str(picture),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise NotAsItShouldBe("return-slip", 0, done.stderr)
    walk.journal.keep("return-slip.png", picture.read_bytes())
    walk.journal.keep("return-slip.txt", done.stdout)
    return done.stdout.strip()
