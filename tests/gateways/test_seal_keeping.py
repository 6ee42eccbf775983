"""Where the seal comes from: the operator's file, or one made once for the sandbox."""

import stat
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from casework.settings import BadSettings, load_settings, trust_file
from gateways.pdf_signature import verify_letter_file
from gateways.seal import PlatformSeal, SealUnusableError, make_self_signed, verify_seal
from gateways.seal_keeping import open_seal

NOW = datetime(2026, 9, 18, 1, 30, tzinfo=UTC)
FOREIGN = {"TONGBAN_WECHAT_BASE_URL": "https://example.org"}


def opened(folder: Path, **other: Any) -> PlatformSeal:
    given: dict[str, Any] = {
        "make": True, "algorithm": "ES256", "clock": lambda: NOW, "trust": folder / "trust.pem", **other,
    }  # fmt: skip
    return open_seal(folder / "seal.p12", given.pop("password", "word"), **given)


def test_the_first_start_makes_a_seal_and_later_ones_open_it(tmp_path: Path) -> None:
    first = opened(tmp_path)
    again = opened(tmp_path, make=False)
    assert again.trust == first.trust
    assert again.verify(b"data", first.seal(b"data"))


def test_the_key_is_for_its_owner_only_and_the_certificates_for_everybody(tmp_path: Path) -> None:
    seal = opened(tmp_path)
    assert stat.S_IMODE((tmp_path / "seal.p12").stat().st_mode) == 0o600
    assert verify_seal(b"data", seal.seal(b"data"), (tmp_path / "trust.pem").read_bytes())
    assert b"PRIVATE" not in (tmp_path / "trust.pem").read_bytes()


def test_two_starts_at_once_share_one_seal(tmp_path: Path) -> None:
    seals: list[PlatformSeal] = []
    starts = [threading.Thread(target=lambda: seals.append(opened(tmp_path))) for _ in range(4)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert len({seal.trust for seal in seals}) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"seal.p12", "trust.pem"}


def test_nothing_is_made_up_where_nothing_may_be(tmp_path: Path) -> None:
    with pytest.raises(SealUnusableError, match="can't be read"):
        opened(tmp_path, make=False)


def test_a_wrong_password_says_nothing_secret(tmp_path: Path) -> None:
    opened(tmp_path)
    with pytest.raises(SealUnusableError) as trouble:
        opened(tmp_path, password="another word")
    assert "another word" not in str(trouble.value)


def test_sm2_without_its_library_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tongsuopy.crypto.asymciphers.ec", None)
    with pytest.raises(SealUnusableError, match=r"tongsuopy, which is not installed: pip install 'tongban\[sm2\]'"):
        opened(tmp_path, algorithm="SM2", sm2_key=tmp_path / "sm2.pem")
    assert not (tmp_path / "seal.p12").exists()


def test_after_a_change_of_seal_both_are_trusted(tmp_path: Path) -> None:
    old = opened(tmp_path)
    retired = tmp_path / "retired.pem"
    retired.write_bytes(old.trust)
    (tmp_path / "seal.p12").unlink()
    new = opened(tmp_path, retired=retired)
    trust = (tmp_path / "trust.pem").read_bytes()
    assert verify_seal(b"data", old.seal(b"data"), trust)
    assert verify_seal(b"data", new.seal(b"data"), trust)
    assert not verify_seal(b"data", new.seal(b"data"), old.trust)


def test_with_a_real_wechat_the_seal_must_be_given(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="TONGBAN_SEAL_P12 is missing"):
        load_settings({"TONGBAN_VAR": str(tmp_path), **FOREIGN})


def test_a_seal_of_ones_own_needs_its_password_and_its_file(tmp_path: Path) -> None:
    env = {"TONGBAN_VAR": str(tmp_path), "TONGBAN_SEAL_P12": str(tmp_path / "none.p12")}
    with pytest.raises(BadSettings, match=r"names no file.*TONGBAN_SEAL_P12_PASSWORD is missing"):
        load_settings(env)
    file, _ = make_self_signed("The operator's", lambda: NOW, password=b"operator")
    (tmp_path / "own.p12").write_bytes(file)
    settings = load_settings(
        env | {"TONGBAN_SEAL_P12": str(tmp_path / "own.p12"), "TONGBAN_SEAL_P12_PASSWORD": "operator"}
    )
    kept = settings.platform_seal
    seal = open_seal(
        kept.file, kept.password, make=False, algorithm=kept.algorithm, clock=lambda: NOW, trust=kept.trust
    )
    assert trust_file({"TONGBAN_VAR": str(tmp_path)}).read_bytes() == seal.trust
    assert "operator" not in repr(settings).replace("The operator's", "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TONGBAN_SEAL_ALGORITHM", "RS1"), ("TONGBAN_EVIDENCE_DIGEST", "md5"), ("TONGBAN_PUBLIC_URL", "ftp://x"),
        ("TONGBAN_FONTS", "/nowhere-at-all"), ("TONGBAN_SEAL_RETIRED", "/nowhere.pem"),
        ("TONGBAN_SEAL_CIPHER", "des"), ("TONGBAN_SEAL_SM2_KEY", "/nowhere.pem"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_named(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=name):
        load_settings({"TONGBAN_VAR": str(tmp_path), name: value})


def test_the_qr_code_leads_where_people_reach_us(tmp_path: Path) -> None:
    env = {"TONGBAN_VAR": str(tmp_path)}
    assert load_settings(env).verify_url("CN1") == "http://127.0.0.1:8080/verify/CN1"
    public = load_settings(env | {"TONGBAN_PUBLIC_URL": "https://tongban.example/"})
    assert public.verify_url("CN1") == "https://tongban.example/verify/CN1"


async def test_verifying_on_a_running_loop_is_a_mistake_of_ours_never_a_bad_file(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="in a thread"):
        verify_letter_file(b"%PDF-", opened(tmp_path).trust)
