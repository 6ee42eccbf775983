"""``run.py verify-letter``: offline, without settings and database; its exit tells a genuine letter from all else."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateways.seal import PlatformSeal, make_self_signed
from tests.gateways.seals import letter
from tests.seal import a_seal

HOME = Path(__file__).parents[2]
NOON = datetime(2026, 9, 18, 4, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def sealed() -> bytes:
    return a_seal().sign_pdf(letter(), reason="test", at=NOON)


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    path = tmp_path / "letter-trust.pem"
    path.write_bytes(a_seal().trust)
    return path


def verify(file: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HOME / "run.py"), "verify-letter", str(file), *arguments]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TONGBAN_")}
    return subprocess.run(
        command, cwd=file.parent, env=kept | env, capture_output=True, text=True, timeout=60, check=False
    )


def kept(folder: Path, content: bytes) -> Path:
    path = folder / "letter.pdf"
    path.write_bytes(content)
    return path


def test_a_genuine_letter_is_accepted_and_nothing_is_written(tmp_path: Path, trust: Path, sealed: bytes) -> None:
    ran = verify(kept(tmp_path, sealed), "--trust", str(trust))
    assert ran.returncode == 0, ran.stderr
    assert "核验通过" in ran.stdout
    assert "2026" in ran.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"letter.pdf", "letter-trust.pem"}


def test_the_trusted_certificates_are_those_kept_here_unless_told(tmp_path: Path, trust: Path, sealed: bytes) -> None:
    assert verify(kept(tmp_path, sealed), TONGBAN_VAR=str(trust.parent)).returncode == 0


def changed(sealed: bytes, at: int) -> bytes:
    return sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]


@pytest.mark.parametrize("part", [0.1, 0.5, 0.97])
def test_a_changed_byte_is_refused(part: float, tmp_path: Path, trust: Path, sealed: bytes) -> None:
    ran = verify(kept(tmp_path, changed(sealed, int(len(sealed) * part))), "--trust", str(trust))
    assert ran.returncode == 1
    assert "核验不通过" in ran.stdout


def test_something_appended_is_refused_and_named(tmp_path: Path, trust: Path, sealed: bytes) -> None:
    ran = verify(kept(tmp_path, sealed + b"\n% more\n"), "--trust", str(trust))
    assert ran.returncode == 1
    assert "追加" in ran.stdout


def test_a_seal_of_another_is_refused_and_named(tmp_path: Path, trust: Path) -> None:
    file, _ = make_self_signed("Tongban", lambda: NOON - timedelta(days=2), password=b"p")
    forged = PlatformSeal.open(file, b"p").sign_pdf(letter(), reason="test", at=NOON)
    ran = verify(kept(tmp_path, forged), "--trust", str(trust))
    assert ran.returncode == 1
    assert "不是本平台" in ran.stdout


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.7\n"])
def test_what_is_no_letter_is_refused(content: bytes, tmp_path: Path, trust: Path) -> None:
    assert verify(kept(tmp_path, content), "--trust", str(trust)).returncode == 1


def test_a_letter_that_was_never_sealed_is_refused(tmp_path: Path, trust: Path) -> None:
    ran = verify(kept(tmp_path, letter()), "--trust", str(trust))
    assert ran.returncode == 1
    assert "没有本平台的电子印章" in ran.stdout


def test_what_cannot_be_read_is_said(tmp_path: Path, trust: Path, sealed: bytes) -> None:
    assert verify(tmp_path / "none.pdf", "--trust", str(trust)).returncode == 2
    trust.write_text("no certificate", encoding="utf-8")
    ran = verify(kept(tmp_path, sealed), "--trust", str(trust))
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr
