"""What is guessed first is no password here: the common ones, and what people make of them to fill the length."""

import gzip
from importlib.resources import files

import pytest

from casework.passwords import SHORTEST
from domain.password import is_common


def test_every_listed_password_of_the_policys_length_is_common() -> None:
    packed = files("domain.data").joinpath("common_passwords.txt.gz").read_bytes()
    listed = [line for line in gzip.decompress(packed).decode().split("\n") if line]
    assert len(listed) > 30_000
    long = [line for line in listed if len(line) >= SHORTEST]
    assert len(long) > 300
    assert [line for line in long if not is_common(line)] == []


@pytest.mark.parametrize(
    "password",
    [
        "Administrator!", "ILoveYou2026!", "iloveyou-iloveyou", "dragonmonkey", "sunshine 19900101",
        "1234567890123456", "woaini5201314", "............", "q.w.e.r.t.y.1.2.3",
    ],
)  # fmt: skip
def test_common_ones_lengthened_are_common(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize(
    "password",
    ["correct horse 电池 staple", "kite-Lamp-83-orchard", "vuq7Zr2mXw9c", "江上清风与山间之明月共适"],
)
def test_what_nobody_lists_is_left_alone(password: str) -> None:
    assert not is_common(password)
