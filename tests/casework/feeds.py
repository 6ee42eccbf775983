"""A station with a key of its own, and the folder it drops its batches into."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from casework.deps import Deps
from casework.take_feed import take_feed
from commands.sign_feed import write_batch
from domain.terms import KeyAlgorithm, ReportKind
from gateways.feed_folder import FeedFolder
from gateways.station_signing import make_signing_key, sign_file
from models.feed import FeedBatch, SetAside
from models.staff import keep_station_key
from tests.casework.town import JX_COUNTER, Town
from tests.casework.way import Way


@dataclass
class Station:
    """The station's side of the air gap."""

    deps: Deps
    folder: Path
    private: str
    key_id: str = JX_COUNTER
    _batches: int = 0

    def drop(self, *reports: dict[str, Any] | str, batch: str = "", station: str = "", name: str = "") -> Path:
        """Sign a batch and drop it; a text goes in as it is."""
        self._batches += 1
        lines = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in reports]
        batch = batch or f"{self._batches:06d}"
        return write_batch(
            self.folder, station or self.key_id, name or batch, lines, self.deps.clock.now(), self.sign, named=batch
        )

    def drop_bytes(self, content: bytes, name: str = "b") -> Path:
        """A file of whatever bytes, rightly signed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / f"{name}.jsonl"
        file.write_bytes(content)
        file.with_name(file.name + ".sig").write_bytes(self.sign(file))
        return file

    def header(self, count: int, batch: str = "raw-1") -> bytes:
        told = {"feed": "TBF1", "station": self.key_id, "batch": batch, "time": "2026-09-18T01:00:00Z", "count": count}
        return json.dumps(told).encode() + b"\n"

    def sign(self, file: Path) -> bytes:
        return sign_file(file, self.private.encode())

    async def take(self) -> int:
        return await take_feed(self.deps)

    def left(self, place: str = "") -> list[str]:
        folder = self.folder / place
        return sorted(path.name for path in folder.iterdir() if path.is_file()) if folder.exists() else []

    def report(self, place: str = "done") -> str:
        """The newest report for people."""
        files = sorted((self.folder / place).glob("*.report.txt"), key=lambda path: path.stat().st_mtime_ns)
        return files[-1].read_text(encoding="utf-8-sig")


async def station_at(town: Town, folder: Path, key_id: str = JX_COUNTER) -> Station:
    private, public = make_signing_key()
    await keep_station_key(key_id, f"{key_id}-1", KeyAlgorithm.ES256, public, town.clock.now())
    return Station(replace(town.deps, feed=FeedFolder(folder)), folder, private, key_id)


def said(way: Way, kind: ReportKind, report_id: str = "", **facts: Any) -> dict[str, Any]:
    """A report of a station's own system, as a line of a file."""
    named = {"acceptance_number": way.acceptance_number}
    if kind in {ReportKind.ACCEPTED, ReportKind.DECLINED}:
        named |= {"case_number": way.number}
    if kind is ReportKind.ACCEPTED:
        facts = {"slip_number": way.slip_number, "officer": "NC-0042", **facts}
    if kind is ReportKind.RELEASED:
        facts = {"collector": "self", "checks": ["slip", "data", "fingerprint", "signature"], **facts}
    return {
        "report_id": report_id or f"{kind}-{way.number}",
        "kind": kind,
        **named,
        "at": way.deps.clock.now().isoformat(),
        "unit": "演示受理点",
        "facts": facts,
    }


async def codes_aside() -> Sequence[tuple[int, str, str]]:
    return [(one.line, one.code, str(one.status)) for one in await SetAside.all().order_by("batch_id", "line")]


async def the_batch() -> FeedBatch:
    return await FeedBatch.all().order_by("-id").first() or FeedBatch()
