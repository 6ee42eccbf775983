"""Where the platform's seal comes from: the operator's PKCS#12, or one made at the first start of the sandbox."""

import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from gateways.seal import PlatformSeal, SealAlgorithm, SealUnusableError, make_self_signed
from gateways.sm2_signing import NoSm2Error, Sm2Signer, insist_on_sm2, make_sm2_key

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
    sm2_key: Path | None = None,
) -> PlatformSeal:
    """The seal in ``file``; where there is none and ``make`` is true, a self-signed one is made and kept there first.

    ``retired`` is PEM of certificates that sealed before. What verifies letters is written to ``trust``, for
    ``verify-letter``. With the algorithm SM2 evidence is sealed by the key in ``sm2_key`` (made as the seal is, same
    password) and letters' files by the PKCS#12, which is then made with ES256.

    Raises:
        SealUnusableError: no such file, wrong password, or a kind of key that can't seal;
            SM2 without its library or its key.
    """
    wanted = SealAlgorithm(algorithm)
    national = _national(sm2_key, password.encode(), make=make) if wanted is SealAlgorithm.SM2 else None
    if make and not file.exists():
        kind = SealAlgorithm.ES256 if national else wanted
        own, _ = make_self_signed(OWN_NAME, clock, password=password.encode(), algorithm=kind)
        keep_whole(file, own, 0o600)
    try:
        before = retired.read_bytes() if retired else b""
        seal = PlatformSeal.open(file.read_bytes(), password.encode(), before, national)
    except OSError as error:
        raise SealUnusableError(f"a file of the seal can't be read: {error.strerror}") from error
    if trust is not None and (not trust.exists() or trust.read_bytes() != seal.trust):
        trust.unlink(missing_ok=True)
        keep_whole(trust, seal.trust, 0o644)
    return seal


def _national(file: Path | None, password: bytes, *, make: bool) -> Sm2Signer:
    try:
        insist_on_sm2()
        if file is None:
            raise SealUnusableError("no file is named for the SM2 key")
        if make and not file.exists():
            keep_whole(file, make_sm2_key(password), 0o600)
        return Sm2Signer(file.read_bytes(), password)
    except NoSm2Error as error:
        raise SealUnusableError(str(error)) from None
    except OSError as error:
        raise SealUnusableError(f"the file of the SM2 key can't be read: {error.strerror}") from error


def keep_whole(path: Path, content: bytes, mode: int) -> None:
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
