"""Over the air gap: the pass on the phone, and a station that reads it with its own key and no network."""

import asyncio
import json
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gateways.qr_pictures import codes_in
from tests.journeys.expect import lacks, same
from tests.journeys.invented import today
from tests.journeys.service import HOME
from tests.journeys.walk import Walk

_TEXT, _KEY, _ISSUERS, _READ = "pass.txt", "station-key.pem", "pass-issuers.pem", "pass.json"


async def issue_pass(walk: Walk) -> None:
    """The case as text and as QR codes; nobody but the booked station reads anything in it (B74)."""
    made = (await walk.citizen.write("POST", f"/cases/{walk.number}/offline-passes")).done(201)
    same("point of the pass", made["point"]["code"], walk.plot.point)
    pictures = [b64decode(part["png_base64"]) for part in made["parts"]]
    texts = [part["text"] for part in made["parts"]]
    for number, picture in enumerate(pictures, start=1):
        walk.journal.keep("pass.png" if number == 1 else f"pass-{number}.png", picture)
    walk.journal.keep(_TEXT, "".join(f"{text}\n" for text in texts))
    same("QR as a scanner reads it", [codes_in(picture) for picture in pictures], [(text,) for text in texts])
    for text in texts:
        lacks("pass", text, walk.applicant.number, walk.applicant.name, walk.number, walk.phone.number)
    same("state", (await walk.case())["state"], "open")


async def bring_keys(walk: Walk) -> None:
    """What the station has: its own private key, and the issuer's public keys, brought once over another way."""
    issuers = await walk.wire.ask("anybody", "GET", walk.world.base_url, "/pass-issuers.pem")
    walk.journal.keep(_ISSUERS, issuers.body)
    walk.journal.keep(_KEY, (walk.world.station_keys / f"{walk.plot.point}.pem").read_bytes())


async def read_pass(walk: Walk) -> None:
    """Read once, with the station's key, without settings, database or network; only on the booked day."""
    if walk.booked_on != today():
        await _refused(walk, "pass_not_yet")
        return
    code, out, _ = await _read(walk, ["pass.png"])
    same("read", code, 0)
    walk.journal.keep(_READ, out)
    _insist_case(walk, json.loads(out))
    await _refused(walk, "pass_used")


async def read_elsewhere(walk: Walk) -> None:
    """Another station's key opens nothing, and a changed character is noticed (R085)."""
    other = next(key for key in sorted(walk.world.station_keys.glob("*.pem")) if key.stem != walk.plot.point)
    await _refused(walk, "pass_other_station", key=other)
    text = (walk.journal.folder / _TEXT).read_text(encoding="utf-8")
    changed = text[:60] + ("0" if text[60] != "0" else "1") + text[61:]
    await _refused(walk, "pass_damaged", text=changed)


async def still_open(walk: Walk) -> None:
    """We hear of the counter only by its reports: until then the case stands open, and the issuing on record."""
    case = await walk.stands("open")
    same("history", [event["kind"] for event in case["history"]], list(walk.plot.history))
    walk.journal.keep("case.json", case)


def _insist_case(walk: Walk, read: Any) -> None:
    case, person = read["case"], walk.applicant
    same("person", (case["name"], case["identity_number"]), (person.name, person.number))
    same("case", (case["number"], case["household_address"]), (walk.number, person.household_address))
    same("originals to see", case["materials"], list(walk.plot.papers_before))
    same("letter", case["letter"], "signed")
    same("point", read["pass"]["point"], walk.plot.point)


async def _refused(walk: Walk, code: str, *, key: Path | None = None, text: str = "") -> None:
    exit_code, out, err = await _read(walk, [] if text else [_TEXT], key=key, text=text)
    same("refused", (exit_code, out, code in err), (1, "", True))


async def _read(walk: Walk, files: Iterable[str], *, key: Path | None = None, text: str = "") -> tuple[int, str, str]:
    command = [
        sys.executable, str(HOME / "run.py"), "read-pass", *files, "--key", str(key or _KEY), "--issuers", _ISSUERS,
    ]  # fmt: skip
    done = await asyncio.to_thread(
        subprocess.run, command, cwd=walk.journal.folder, input=text, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr
