"""SM2: verified without any extra library as the standard has it; sealed with by the optional one."""

from pathlib import Path
from typing import Any

import pytest

from gateways import sm2
from gateways.pdf_signature import verify_letter_file
from gateways.seal import PlatformSeal, SealUnusableError, verify_seal
from gateways.seal_keeping import open_seal
from tests.gateways.seals import NOW, RECORD, letter, made

# GB/T 32918.5, appendix A.2: key, signature and digest of the example
KEY = sm2.Sm2PublicKey(
    0x09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020,
    0xCCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13,
)
MESSAGE = b"message digest"
DIGEST = 0xF0B43E94BA45ACCAACE692ED534382EB17E6AB5A19CE7B31F4486FDFC0D28640
R = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
S = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
SIGNATURE = bytes.fromhex(R + S)
N = sm2.N.to_bytes(32, "big")


def test_the_example_of_gb_t_32918_5_verifies() -> None:
    assert sm2.message_digest(KEY, MESSAGE) == DIGEST
    assert sm2.verify(KEY, SIGNATURE, MESSAGE)


def test_every_changed_byte_of_a_signature_or_a_message_shows() -> None:
    for position in range(0, len(SIGNATURE), 3):
        changed = SIGNATURE[:position] + bytes([SIGNATURE[position] ^ 1]) + SIGNATURE[position + 1 :]
        assert not sm2.verify(KEY, changed, MESSAGE), position
    for other in (b"", b"message digesu", MESSAGE + b" "):
        assert not sm2.verify(KEY, SIGNATURE, other)


@pytest.mark.parametrize(
    "odd",
    [
        b"", SIGNATURE[:-1], SIGNATURE + b"\x00", bytes(64), bytes(32) + SIGNATURE[32:], SIGNATURE[:32] + bytes(32),
        N + SIGNATURE[32:], SIGNATURE[:32] + N, b"\xff" * 64, SIGNATURE[32:] + SIGNATURE[:32],
        SIGNATURE[:32] + (sm2.N - int(R, 16)).to_bytes(32, "big"),
    ],
    ids=["empty", "short", "long", "zeros", "r=0", "s=0", "r=n", "s=n", "ones", "s r", "r+s=n"],
)  # fmt: skip
def test_what_is_out_of_range_is_no_signature(odd: bytes) -> None:
    assert not sm2.verify(KEY, odd, MESSAGE)


def test_a_key_must_lie_on_the_curve() -> None:
    for x, y in ((KEY.x, KEY.y + 1), (0, 0), (KEY.x + sm2.P, KEY.y)):
        with pytest.raises(ValueError, match="no point"):
            sm2.Sm2PublicKey(x, y)


def test_keys_are_read_from_among_other_things_in_a_trust_file() -> None:
    foreign = b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
    assert list(sm2.keys_in(made().trust + foreign + KEY.pem)) == [KEY]
    assert sm2.key_of(KEY.der) == KEY


# --- with the optional library


@pytest.fixture
def national(tmp_path: Path) -> PlatformSeal:
    pytest.importorskip("tongsuopy")
    return opened(tmp_path)


def opened(folder: Path, **other: Any) -> PlatformSeal:
    given: dict[str, Any] = {"make": True, "algorithm": "SM2", "sm2_key": folder / "seal-sm2.pem", **other}
    return open_seal(folder / "seal.p12", given.pop("password", "word"), clock=lambda: NOW, **given)


def test_an_sm2_seal_is_over_these_bytes_and_verifies_by_the_trust_file_alone(national: PlatformSeal) -> None:
    over = national.seal(RECORD)
    assert b"CERTIFICATE" in national.trust
    assert verify_seal(RECORD, over, national.trust)
    assert not verify_seal(RECORD + b" ", over, national.trust)
    assert not verify_seal(RECORD, over, made().trust)
    for position in range(len(over)):
        changed = over[:position] + (b"A" if over[position : position + 1] != b"A" else b"B") + over[position + 1 :]
        assert not verify_seal(RECORD, changed, national.trust)


def test_the_key_of_sm2_is_made_once_and_opens_with_its_password_only(national: PlatformSeal, tmp_path: Path) -> None:
    assert opened(tmp_path, make=False).trust == national.trust
    assert (tmp_path / "seal-sm2.pem").stat().st_mode & 0o777 == 0o600
    with pytest.raises(SealUnusableError, match="SM2 key can't be opened"):
        open_seal(
            tmp_path / "other.p12", "guessed", make=True, algorithm="SM2", clock=lambda: NOW,
            sm2_key=tmp_path / "seal-sm2.pem",
        )  # fmt: skip
    with pytest.raises(SealUnusableError, match="can't be read"):
        opened(tmp_path, make=False, sm2_key=tmp_path / "none.pem")


def test_records_sealed_before_and_after_the_change_to_sm2_both_verify(national: PlatformSeal, tmp_path: Path) -> None:
    before = opened(tmp_path, algorithm="ES256")
    assert national.verify(RECORD, before.seal(RECORD))
    retired = tmp_path / "retired.pem"
    retired.write_bytes(national.trust)
    after = open_seal(tmp_path / "next.p12", "word", make=True, algorithm="ES256", clock=lambda: NOW, retired=retired)
    assert after.verify(RECORD, national.seal(RECORD))


def test_letters_files_stay_with_the_certificate(national: PlatformSeal) -> None:
    pdf = national.sign_pdf(letter(), reason="居民身份证首次申领告知承诺书", at=NOW)
    assert verify_letter_file(pdf, national.trust).stands
