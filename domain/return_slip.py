"""The return slip: that a counter accepted, carried back by the citizen's phone over the air gap (R075, R143, R145).

Its claims are a CWT (RFC 8392) with integer keys, like the pass's; ``docs/handoff-format.md`` is the contract with
other vendors: a number given here is never given anew. No name and no identity number stands in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from domain.refusal import Refusal

PREFIX = "TR1:"
LONGEST = 900
"""Characters of the longest slip: a QR code of version 20 at level M holds it."""

EXPIRES, ISSUED, SLIP_ID = 4, 6, 7  # exp, iat, cti
SLIP = -65538  # private use, the pass has -65537
ID_BYTES = 16
_CASE, _ACCEPTANCE, _SLIP_NUMBER, _OFFICER, _UNIT, _GUARDIAN, _SAME_FRAME = range(1, 8)
_LAST_SECOND = 253402300799


@dataclass(frozen=True)
class ReturnSlip:
    """One slip: good until ``expires_at``, for one case. ``id`` makes it count once."""

    id: bytes
    accepted_at: datetime
    expires_at: datetime
    case_number: str
    acceptance_number: str
    slip_number: str
    officer: str
    unit: str
    guardian_present: bool = False
    same_frame_photo: bool = False


def claims_of(slip: ReturnSlip) -> dict[int, Any]:
    """The claims of a slip; flags that are not raised are left out."""
    told: dict[int, Any] = {
        _CASE: slip.case_number,
        _ACCEPTANCE: slip.acceptance_number,
        _SLIP_NUMBER: slip.slip_number,
        _OFFICER: slip.officer,
        _UNIT: slip.unit,
    }
    told |= {
        key: True for key, flag in ((_GUARDIAN, slip.guardian_present), (_SAME_FRAME, slip.same_frame_photo)) if flag
    }
    return {
        EXPIRES: int(slip.expires_at.timestamp()),
        ISSUED: int(slip.accepted_at.timestamp()),
        SLIP_ID: slip.id,
        SLIP: told,
    }


def slip_of(claims: object) -> ReturnSlip:
    """The slip in claims whose signature was verified; numbers unknown here are left out.

    Raises:
        Refusal: ``return_slip_newer`` for claims of another shape.
    """
    try:
        told = _map(claims)
        case = _map(told[SLIP])
        return ReturnSlip(
            id=_id(told[SLIP_ID]),
            accepted_at=_moment(told[ISSUED]),
            expires_at=_moment(told[EXPIRES]),
            case_number=_text(case[_CASE], 40),
            acceptance_number=_text(case[_ACCEPTANCE], 40),
            slip_number=_text(case[_SLIP_NUMBER], 40),
            officer=_text(case[_OFFICER], 40),
            unit=_text(case[_UNIT], 120),
            guardian_present=case.get(_GUARDIAN) is True,
            same_frame_photo=case.get(_SAME_FRAME) is True,
        )
    except (KeyError, ValueError):
        raise Refusal("return_slip_newer") from None


def _map(value: object) -> Mapping[Any, Any]:
    if type(value) is not dict:
        raise ValueError("not a map")
    return value


def _text(value: object, longest: int) -> str:
    if type(value) is not str or not 0 < len(value) <= longest or not value.isprintable():
        raise ValueError("not a text of its length")
    return value


def _id(value: object) -> bytes:
    if type(value) is not bytes or len(value) != ID_BYTES:
        raise ValueError("not so many bytes")
    return value


def _moment(value: object) -> datetime:
    if type(value) is not int or not 0 <= value <= _LAST_SECOND:
        raise ValueError("not a moment")
    return datetime.fromtimestamp(value, UTC)
