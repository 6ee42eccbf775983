"""The challenge: only ours, only for this person and this request, only in time, and it costs what it says."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from gateways.proof_of_work import ProofOfWork, leading_zeros

NOW = datetime(2026, 9, 18, tzinfo=UTC)
LATER = NOW + timedelta(minutes=10)
WORK = ProofOfWork(b"a key of the test")
BITS = 8


def solve(challenge: str, key: str) -> str:
    return next(str(n) for n in count() if leading_zeros(challenge, key, str(n)) >= BITS)


def test_the_work_done_is_taken() -> None:
    challenge = WORK.pose("citizen:1", BITS, LATER)
    assert WORK.solved("citizen:1", challenge, "key-1", solve(challenge, "key-1"), BITS, NOW)
    assert ProofOfWork(b"a key of the test").solved(
        "citizen:1", challenge, "key-1", solve(challenge, "key-1"), BITS, NOW
    )


def test_an_answer_serves_no_other_request() -> None:
    challenge = WORK.pose("citizen:1", BITS, LATER)
    keys = [f"key-{n}" for n in range(64)]
    answer = solve(challenge, "key-1")
    good = [key for key in keys if WORK.solved("citizen:1", challenge, key, answer, BITS, NOW)]
    assert "key-1" in good
    assert len(good) < 8  # by chance one in 256 fits


@pytest.mark.parametrize("wrong", ["who", "late", "harder", "forged", "foreign", "long", "empty"])
def test_nothing_else_is(wrong: str) -> None:
    challenge = WORK.pose("citizen:1", BITS, LATER)
    answer = solve(challenge, "key-1")
    end, bits, mac = challenge.split(".")
    given = {
        "forged": f"{int(end) + 60}.{bits}.{mac}",
        "foreign": ProofOfWork(b"another").pose("citizen:1", BITS, LATER),
        "empty": "",
    }.get(wrong, challenge)
    assert not WORK.solved(
        "citizen:2" if wrong == "who" else "citizen:1",
        given,
        "key-1",
        answer * 65 if wrong == "long" else answer,
        BITS + 20 if wrong == "harder" else BITS,
        LATER if wrong == "late" else NOW,
    )


def test_each_bit_doubles_the_work() -> None:
    zeros = [leading_zeros("c", "k", str(n)) for n in range(4096)]
    assert sum(found >= 4 for found in zeros) == pytest.approx(256, rel=0.3)
    assert sum(found >= 6 for found in zeros) == pytest.approx(64, rel=0.5)
