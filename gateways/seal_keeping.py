"""Where the platform's seal comes from: the operator's PKCS#12, or one made at the first start of the sandbox."""

import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from gateways.seal import PlatformSeal, SealAlgorithm, SealUnusableError, make_self_signed

OWN_NAME = "Tongban self-signed seal"


def open_seal(
    file: Path,
    password: str,
    *,
    make: bool,
    algorithm: str,
    clock: Callable[[], datetime],
    retired: Path | None = None,
    trust: Path | None = None,
) -> PlatformSeal:
    """The seal in ``file``; where there is none and ``make`` is true, a self-signed one is made and kept there first.

    ``retired`` is PEM of certificates that sealed before. What verifies letters is written to ``trust``, for
    ``verify-letter``.

    Raises:
        SealUnusableError: no such file, wrong password, or a kind of key that can't seal (SM2 without its library).
    """
    if make and not file.exists():
        own, _ = make_self_signed(OWN_NAME, clock, password=password.encode(), algorithm=SealAlgorithm(algorithm))
        _keep(file, own, 0o600)
    try:
        seal = PlatformSeal.open(file.read_bytes(), password.encode(), retired.read_bytes() if retired else b"")
    except OSError as error:
        raise SealUnusableError(f"a file of the seal can't be read: {error.strerror}") from error
    if trust is not None and (not trust.exists() or trust.read_bytes() != seal.trust):
        trust.unlink(missing_ok=True)
        _keep(trust, seal.trust, 0o644)
    return seal


def _keep(path: Path, content: bytes, mode: int) -> None:
    """Write it whole or not at all; of two starts at once the first wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=mode)
    draft.write_bytes(content)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
