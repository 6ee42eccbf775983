"""A station's list of the offline passes it has taken: one line each in a file, kept across restarts.

``<id> <when it was read> <when it expires>``; a line holds nothing about a person. Several readers on one machine may
use one list: the file is locked while it is looked at and written.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


class UsedPassFile:
    """The list in a file; it is made at the first pass. Raises OSError where it can't be written."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, pass_id: bytes, at: datetime, expires_at: datetime) -> datetime | None:
        """Put a pass on the list; when it stood there already, since when, and nothing is changed."""
        with self._locked() as file:
            before = _since(file, pass_id.hex())
            if before is None:
                file.seek(0, os.SEEK_END)
                file.write(f"\n{pass_id.hex()} {at.isoformat()} {expires_at.isoformat()}\n".encode())
                file.flush()
                os.fsync(file.fileno())
        return before

    @contextlib.contextmanager
    def _locked(self) -> Iterator[IO[bytes]]:
        self._path.touch(mode=0o600)
        with self._path.open("r+b") as file:
            _lock(file)
            yield file  # closing lets go


def _since(file: IO[bytes], pass_id: str) -> datetime | None:
    for line in file:  # a line torn by a power cut is of a pass nobody was shown
        words = line.decode("ascii", "replace").split()
        if words[:1] == [pass_id]:
            with contextlib.suppress(ValueError, IndexError):
                return datetime.fromisoformat(words[1])
    return None


def _lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX)
