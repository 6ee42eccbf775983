"""A station's list of used passes: each is new once, whoever asks at the same moment, and after a power cut."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from gateways.used_passes import UsedPassFile
from tests.passes import MORNING, a_pass

END = a_pass().expires_at
ONE, TWO = b"\x01" * 16, b"\x02" * 16


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "used.txt"


def test_a_pass_is_new_once_and_the_list_outlives_the_process(path: Path) -> None:
    assert UsedPassFile(path).take(ONE, MORNING, END) is None
    assert UsedPassFile(path).take(TWO, MORNING, END) is None
    assert UsedPassFile(path).take(ONE, MORNING + timedelta(hours=1), END) == MORNING
    assert path.stat().st_mode & 0o077 == 0


def test_of_fifty_readings_at_once_one_is_the_first(path: Path) -> None:
    with ThreadPoolExecutor(10) as pool:
        seen = list(pool.map(lambda _: UsedPassFile(path).take(ONE, MORNING, END), range(50)))
    assert seen.count(None) == 1


def test_processes_share_one_list(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from gateways.used_passes import UsedPassFile;"
        "from tests.passes import MORNING, a_pass;"
        "print(sum(UsedPassFile(Path(sys.argv[1])).take(bytes([n]) * 16, MORNING, a_pass().expires_at) is None"
        " for n in range(200)))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert sum(int(process.communicate(timeout=60)[0]) for process in running) == 200


@pytest.mark.parametrize("torn", [b"0101", ONE.hex().encode(), ONE.hex().encode() + b" 2026-09", b"\xff\xfe\x00\n\n"])
def test_a_torn_line_spoils_no_other(torn: bytes, path: Path) -> None:
    path.write_bytes(torn)
    used = UsedPassFile(path)
    assert used.take(ONE, MORNING, END) is None
    assert used.take(ONE, MORNING, END) == MORNING


def test_a_list_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        UsedPassFile(tmp_path / "nowhere" / "used.txt").take(ONE, MORNING, END)
