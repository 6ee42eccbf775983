"""A challenge that needs no foreign service: find a text whose hash begins with so many zero bits (as hashcash does).

Nothing is stored: the challenge carries its end and its difficulty, and a keyed hash over both and the account. The
answer is looked for together with the request's idempotency key, so an answer serves one request.
"""

import hmac
from datetime import UTC, datetime
from hashlib import sha256

_MARK = b"tongban proof of work"


class ProofOfWork:
    """Fits ``casework.ports.Puzzle``. ``key``: secret bytes; processes that share it take each other's challenges."""

    def __init__(self, key: bytes) -> None:
        self._key = sha256(_MARK + key).digest()

    def pose(self, who: str, bits: int, expires_at: datetime) -> str:
        """``end.bits.mac``: what is to be solved by ``who`` before its end."""
        body = f"{int(expires_at.timestamp())}.{bits}"
        return f"{body}.{self._mac(who, body)}"

    def solved(self, who: str, challenge: str, key: str, answer: str, bits: int, now: datetime) -> bool:
        """Whether the challenge is ours, for this person, hard enough, in time, and the answer solves it."""
        body, _, mac = challenge.rpartition(".")
        ours = hmac.compare_digest(mac.encode(), self._mac(who, body).encode())
        if not ours or len(answer) > 64:
            return False
        end, _, asked = body.partition(".")
        in_time = now < datetime.fromtimestamp(int(end), UTC)
        return in_time and int(asked) >= bits and leading_zeros(challenge, key, answer) >= bits

    def _mac(self, who: str, body: str) -> str:
        return hmac.new(self._key, f"{who}\n{body}".encode(), sha256).hexdigest()[:32]


def leading_zeros(challenge: str, key: str, answer: str) -> int:
    """The zero bits that SHA-256 of ``challenge:key:answer`` begins with: what a client counts too."""
    number = int.from_bytes(sha256(f"{challenge}:{key}:{answer}".encode()).digest())
    return 256 - number.bit_length()
