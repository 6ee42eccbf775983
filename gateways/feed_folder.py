"""The folder of the file feed: ``NAME.jsonl`` with ``NAME.jsonl.sig`` beside it, both moved away when they are through.

Nothing is read before its signature is there, so a file that is still being copied is left alone.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import BinaryIO

import structlog

from domain.feed import FeedLine
from gateways.station_signing import file_digest, is_file_signed

SUFFIX, SIGNATURE, REPORT = ".jsonl", ".sig", ".report.txt"
LONGEST_LINE = 16 * 1024
_LONGEST_SIGNATURE = 256
_MOST_WAITING = 1000
_AT_ONCE = 64
log = structlog.get_logger()


class FeedFolder:
    """Fits ``casework.ports.OutcomeFeed``. Files block: everything is done in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def waiting(self) -> Sequence[str]:
        """The batches whose signature is there too, by name."""
        return await asyncio.to_thread(self._waiting)

    async def digest(self, name: str) -> str:
        """SHA-256 of the whole file, hexadecimal."""
        return (await asyncio.to_thread(file_digest, self._folder / name)).hex()

    async def is_signed(self, name: str, digest: str, keys: Sequence[str]) -> bool:
        """Whether the signature beside the file is over this digest, by one of these keys (PEM)."""
        signature = await asyncio.to_thread(_head, self._folder / (name + SIGNATURE), _LONGEST_SIGNATURE)
        return is_file_signed(bytes.fromhex(digest), signature, keys)

    async def lines(self, name: str, start: int = 0) -> AsyncGenerator[FeedLine, None]:
        """The lines from a byte on; one over 16 KiB is passed over without being held."""
        file = await asyncio.to_thread((self._folder / name).open, "rb")
        try:
            await asyncio.to_thread(file.seek, start)
            while some := await asyncio.to_thread(_some_lines, file):
                for line in some:
                    yield line
        finally:
            file.close()

    async def put_away(self, name: str, place: str, report: str) -> None:
        """Move a batch into the folder ``place`` and write the report beside it; nothing is overwritten."""
        await asyncio.to_thread(self._put_away, name, place, report)

    def _waiting(self) -> list[str]:
        self._folder.mkdir(parents=True, exist_ok=True)
        found = [
            path.name
            for path in self._folder.glob(f"*{SUFFIX}")
            if path.is_file() and path.with_name(path.name + SIGNATURE).is_file()
        ]
        return sorted(found)[:_MOST_WAITING]

    def _put_away(self, name: str, place: str, report: str) -> None:
        folder = self._folder / place
        folder.mkdir(exist_ok=True)
        stem = _free_stem(folder, name.removesuffix(SUFFIX))
        (folder / (stem + REPORT)).write_text(report, encoding="utf-8-sig")  # so that a clerk's editor shows Chinese
        # the signature last: a batch half moved by a process that died is then still whole in the folder, or gone
        for suffix in (SUFFIX, SUFFIX + SIGNATURE):
            source = self._folder / (name.removesuffix(SUFFIX) + suffix)
            try:
                source.rename(folder / (stem + suffix))
            except FileNotFoundError:
                log.warning("feed_file_gone", place=place)


def _free_stem(folder: Path, stem: str) -> str:
    free, count = stem, 1
    while any((folder / (free + suffix)).exists() for suffix in (SUFFIX, REPORT)):
        count += 1
        free = f"{stem}-{count}"
    return free


def _head(path: Path, size: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError:
        return b""


def _some_lines(file: BinaryIO) -> list[FeedLine]:
    lines: list[FeedLine] = []
    while len(lines) < _AT_ONCE and (line := _line(file)) is not None:
        lines.append(line)
    return lines


def _line(file: BinaryIO) -> FeedLine | None:
    text = file.readline(LONGEST_LINE + 1)
    if not text:
        return None
    if len(text) <= LONGEST_LINE or text.endswith(b"\n"):
        return FeedLine(text, file.tell(), text.endswith(b"\n"))
    rest = text
    while rest and not rest.endswith(b"\n"):
        rest = file.readline(LONGEST_LINE)
    return FeedLine(None, file.tell(), bool(rest))
