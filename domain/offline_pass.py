"""The offline pass: the pre-filled case as the citizen's phone carries it over the air gap (R076, R132).

Its claims are a CWT (RFC 8392) with integer keys; the case stands in one private claim whose fields are ``FIELDS``.
``docs/handoff-format.md`` is the contract with other vendors: a number given here is never given anew.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from domain.local_time import day_bounds
from domain.refusal import Refusal

CaseValue: TypeAlias = str | bool | date | datetime | tuple[str, ...]

ISSUER, POINT, EXPIRES, VALID_FROM, ISSUED, PASS_ID = 1, 3, 4, 5, 6, 7  # iss, aud, exp, nbf, iat, cti
CASE = -65537  # the first number RFC 8392 leaves for private use
ID_BYTES = 16
TOLERANCE = timedelta(minutes=5)
"""How far a station's clock may be off, unless it says otherwise."""

_LONGEST_TEXT = 200
_EPOCH = date(1970, 1, 1)
_LAST_SECOND = 253402300799  # the end of the year 9999
_DIGITS = re.compile(r"[1-9][0-9]{0,17}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Kind(StrEnum):
    """How a field is written."""

    TEXT = "text"  # UTF-8
    DIGITS = "digits"  # a number without leading zeros, as unsigned integer
    DAY = "day"  # days since 1970-01-01
    MOMENT = "moment"  # seconds since 1970-01-01T00:00Z
    FLAG = "flag"
    WORD = "word"  # place in the field's list of words, from 1
    WORDS = "words"  # array of such places
    DIGEST = "digest"  # 32 bytes; hexadecimal for people


@dataclass(frozen=True)
class PassField:
    """One field of the case: its number and its name are fixed for ever; ``words`` only grow at the end."""

    key: int
    name: str
    kind: Kind
    words: tuple[str, ...] = ()


_WHOSE = ("applicant", "guardian")
_PAPERS = (
    "household_booklet", "tie_proof", "employment_proof", "schooling_proof", "residence_proof", "guardian_id_card",
    "birth_certificate", "marriage_or_adoption_certificate", "guardianship_proof", "collection_slip", "valid_id",
    "application_form",
)  # fmt: skip
FIELDS: tuple[PassField, ...] = (
    PassField(1, "number", Kind.TEXT),
    PassField(2, "item", Kind.WORD, ("id_card_first_application", "temporary_id_card", "household_certificate")),
    PassField(3, "scope", Kind.WORD, ("province-wide", "cross-province")),
    PassField(4, "reason", Kind.WORD, ("under_16", "over_16")),
    PassField(5, "name", Kind.TEXT),
    PassField(6, "identity_number", Kind.TEXT),
    PassField(7, "sex", Kind.WORD, ("male", "female")),  # the numbers of GB/T 2261.1 (B32)
    PassField(8, "birth_date", Kind.DAY),
    PassField(9, "household_division", Kind.DIGITS),
    PassField(10, "household_address", Kind.TEXT),
    PassField(11, "collective_household", Kind.FLAG),
    PassField(12, "residence_division", Kind.DIGITS),
    PassField(13, "residence_address", Kind.TEXT),
    PassField(14, "declared_locally", Kind.FLAG),
    PassField(15, "phone", Kind.DIGITS),
    PassField(16, "proof", Kind.WORD, ("employment", "schooling", "residence")),
    PassField(17, "proof_of", Kind.WORD, _WHOSE),
    PassField(18, "delivery", Kind.WORD, ("station", "post")),
    PassField(19, "post_recipient", Kind.TEXT),
    PassField(20, "post_phone", Kind.DIGITS),
    PassField(21, "post_address", Kind.TEXT),
    PassField(22, "guardian_name", Kind.TEXT),
    PassField(23, "guardian_identity_number", Kind.TEXT),
    PassField(24, "guardian_relation", Kind.WORD, ("father", "mother", "other")),
    PassField(
        25, "guardianship", Kind.WORD, ("same_household", "birth_certificate", "further_proof", "decided_at_counter")
    ),
    PassField(26, "materials", Kind.WORDS, _PAPERS),
    PassField(27, "who_must_come", Kind.WORDS, _WHOSE),
    PassField(28, "letter", Kind.WORD, ("not_required", "on_paper", "signed", "confirmed")),
    PassField(29, "letter_number", Kind.TEXT),
    PassField(30, "letter_digest", Kind.DIGEST),
    PassField(31, "letter_signed_at", Kind.MOMENT),
    PassField(32, "visit_starts_at", Kind.MOMENT),
    PassField(33, "visit_ends_at", Kind.MOMENT),
)
_BY_NAME = {field.name: field for field in FIELDS}


@dataclass(frozen=True)
class OfflinePass:
    """One pass. ``point`` is the code of the acceptance point it is for; ``case`` holds ``FIELDS`` by name.

    It is good from ``valid_from`` until just before ``expires_at``, at that point, once.
    """

    id: bytes
    issuer: str
    point: str
    issued_at: datetime
    valid_from: datetime
    expires_at: datetime
    case: Mapping[str, CaseValue]


def validity_on(day: date) -> tuple[datetime, datetime]:
    """From when until when a pass for a service day is good: that day in China, however early it was asked for."""
    start, end = day_bounds(day)
    return start.astimezone(UTC), end.astimezone(UTC)


def claims_of(one: OfflinePass) -> dict[int, Any]:
    """The claims of a pass; a value that does not fit its field is a ValueError: a mistake of ours."""
    return {
        ISSUER: one.issuer,
        POINT: one.point,
        EXPIRES: _seconds(one.expires_at),
        VALID_FROM: _seconds(one.valid_from),
        ISSUED: _seconds(one.issued_at),
        PASS_ID: one.id,
        CASE: {_BY_NAME[name].key: _written(_BY_NAME[name], value) for name, value in one.case.items()},
    }


def pass_of(claims: object) -> OfflinePass:
    """The pass in claims whose signature was verified. Fields with numbers unknown here are left out.

    Raises:
        Refusal: ``pass_newer`` for claims of another shape: a newer issuer's, or no pass at all.
    """
    try:
        return _pass_of(claims)
    except (ValueError, KeyError, TypeError, OverflowError):
        raise Refusal("pass_newer") from None


def insist_in_time(one: OfflinePass, now: datetime, tolerance: timedelta = TOLERANCE) -> None:
    """The pass must be good now, by a clock that may be off by ``tolerance``.

    Raises:
        Refusal: ``pass_not_yet``, ``pass_expired``.
    """
    if now < max(one.valid_from, one.issued_at) - tolerance:
        raise Refusal("pass_not_yet", day=max(one.valid_from, one.issued_at))
    if now >= one.expires_at + tolerance:
        raise Refusal("pass_expired", day=one.expires_at - timedelta(seconds=1))


def _pass_of(claims: object) -> OfflinePass:
    told = _mapping(claims)
    case = _mapping(told[CASE])
    known = {field.name: _read(field, case[field.key]) for field in FIELDS if field.key in case}
    if not {"number", "item", "name", "identity_number"} <= known.keys():
        raise ValueError("no case is named")
    return OfflinePass(
        id=_bytes(told[PASS_ID], ID_BYTES),
        issuer=_text(told[ISSUER]),
        point=_text(told[POINT]),
        issued_at=_moment(told[ISSUED]),
        valid_from=_moment(told[VALID_FROM]),
        expires_at=_moment(told[EXPIRES]),
        case=known,
    )


def _written(field: PassField, value: Any) -> Any:
    made = _WRITE[field.kind](field, value)
    if _read(field, made) != value:
        raise ValueError(f"{field.name} does not hold such a value")
    return made


def _read(field: PassField, value: Any) -> CaseValue:
    return _READ[field.kind](field, value)


def _word(field: PassField, place: Any) -> str:
    return field.words[_number(place, 1, len(field.words)) - 1]


def _number(value: Any, least: int, most: int) -> int:
    if type(value) is not int or not least <= value <= most:
        raise ValueError("not a number in its range")
    return value


def _text(value: Any) -> str:
    if type(value) is not str or not 0 < len(value) <= _LONGEST_TEXT:
        raise ValueError("not a text of its length")
    return value


def _bytes(value: Any, size: int) -> bytes:
    if type(value) is not bytes or len(value) != size:
        raise ValueError("not so many bytes")
    return value


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValueError("neither true nor false")
    return value


def _mapping(value: Any) -> Mapping[int, Any]:
    if type(value) is not dict:
        raise ValueError("not a map")
    return value


def _words(field: PassField, places: Any) -> tuple[str, ...]:
    if type(places) is not list:
        raise ValueError("not an array")
    return tuple(_word(field, place) for place in places)


def _moment(value: Any) -> datetime:
    return datetime.fromtimestamp(_number(value, 0, _LAST_SECOND), UTC)


def _day(value: Any) -> date:
    return _EPOCH + timedelta(days=_number(value, -100_000, 2_000_000))


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


def _digits(value: Any) -> int:
    if not _DIGITS.fullmatch(value):
        raise ValueError("not a number without leading zeros")
    return int(value)


def _digest(value: Any) -> bytes:
    if not _DIGEST.fullmatch(value):
        raise ValueError("not a SHA-256 digest")
    return bytes.fromhex(value)


_WRITE: Mapping[Kind, Callable[[PassField, Any], Any]] = {
    Kind.TEXT: lambda _, value: value,
    Kind.DIGITS: lambda _, value: _digits(value),
    Kind.DAY: lambda _, value: (value - _EPOCH).days,
    Kind.MOMENT: lambda _, value: _seconds(value),
    Kind.FLAG: lambda _, value: value,
    Kind.WORD: lambda field, value: field.words.index(value) + 1,
    Kind.WORDS: lambda field, value: [field.words.index(word) + 1 for word in value],
    Kind.DIGEST: lambda _, value: _digest(value),
}
_READ: Mapping[Kind, Callable[[PassField, Any], CaseValue]] = {
    Kind.TEXT: lambda _, value: _text(value),
    Kind.DIGITS: lambda _, value: str(_number(value, 1, 10**18 - 1)),
    Kind.DAY: lambda _, value: _day(value),
    Kind.MOMENT: lambda _, value: _moment(value),
    Kind.FLAG: lambda _, value: _flag(value),
    Kind.WORD: _word,
    Kind.WORDS: _words,
    Kind.DIGEST: lambda _, value: _bytes(value, 32).hex(),
}
