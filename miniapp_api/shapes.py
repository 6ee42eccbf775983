"""What a request may say: every field with its type, length and range; nothing else is taken (V1.4.2, V2.2.1, V15.3.3).

Whether a value is *true or lawful* is not asked here: the acts refuse with a reason a citizen understands.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from casework.correct_facts import Correction
from casework.declare_residence import ResidenceFacts
from casework.explain_policy import Answers, GuideQuestion
from casework.pre_register import PersonFacts
from casework.prove_signer import SignerProof
from casework.views import PointView
from domain.identity_number import parse_identity_number
from domain.position import Position
from domain.terms import (
    GuardianRelation,
    GuardianshipCase,
    Kinship,
    NoticeKind,
    ProofKind,
    ServiceItem,
    SignerCheckKind,
    Whose,
)

HIGHEST_ID = 2**31 - 1
"""Ids are 32-bit columns; a larger number would be an error inside the database."""

_PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ZONE = r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
_MOMENT = re.compile(rf"{_DAY.pattern}[Tt][0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}(\.[0-9]{{1,6}})?{_ZONE}")
_DIGITS = re.compile(r"0|[1-9][0-9]{0,9}")


def _written_as(shape: re.Pattern[str]) -> BeforeValidator:
    """Pydantic also reads ``0`` and ``"0"`` as 1970-01-01; only the one way of writing is taken here."""

    def insist(value: Any) -> Any:
        if not isinstance(value, str) or not shape.fullmatch(value):
            raise ValueError("not written as it should be")
        return value

    return BeforeValidator(insist)


def _as_number(value: Any) -> Any:
    """A number in a path or a query: plain digits, no sign, no blank, no underscore."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    raise ValueError("not a number")


def _as_yes_or_no(value: Any) -> Any:
    """A yes or no in a query: the two words of JSON, no others."""
    if value in ("true", "false"):
        return value == "true"
    raise ValueError("not true or false")


def _text(longest: int, pattern: str = _PRINTABLE, shortest: int = 1) -> StringConstraints:
    return StringConstraints(min_length=shortest, max_length=longest, pattern=pattern)


ShortText = Annotated[str, _text(60)]
LongText = Annotated[str, _text(200)]
OptionalText = Annotated[str, _text(60, shortest=0)]
Opaque = Annotated[str, _text(256, r"^[!-~]+$")]
Id = Annotated[int, Field(ge=1, le=HIGHEST_ID)]
PathId = Annotated[Id, BeforeValidator(_as_number, json_schema_input_type=Id)]
PathText = Annotated[str, _text(40)]
_Length = Annotated[int, Field(ge=1, le=50)]
Limit = Annotated[_Length, BeforeValidator(_as_number, json_schema_input_type=_Length)]
YesNo = Annotated[bool, BeforeValidator(_as_yes_or_no, json_schema_input_type=Literal["true", "false"])]
BirthDay = Annotated[date, _written_as(_DAY), Field(strict=False, ge=date(1850, 1, 1), le=date(2100, 1, 1))]
Day = Annotated[date, _written_as(_DAY), Field(strict=False, ge=date(2000, 1, 1), le=date(2100, 1, 1))]
Moment = Annotated[
    AwareDatetime,
    _written_as(_MOMENT),
    Field(strict=False, ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2100, 1, 1, tzinfo=UTC)),
    AfterValidator(lambda moment: moment.astimezone(UTC)),
]
_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,3})?")


def _as_degrees(value: Any) -> Any:
    """Degrees in a query: plain digits, three decimals at most."""
    if isinstance(value, str) and _DEGREES.fullmatch(value):
        return float(value)
    raise ValueError("not degrees")


Latitude = Annotated[
    float, BeforeValidator(_as_degrees, json_schema_input_type=Annotated[float, Field(multiple_of=0.001)]),
    Field(ge=-90, le=90),
]  # fmt: skip
Longitude = Annotated[
    float, BeforeValidator(_as_degrees, json_schema_input_type=Annotated[float, Field(multiple_of=0.001)]),
    Field(ge=-180, le=180),
]  # fmt: skip
AgeGroup = Literal["under_16", "over_16"]
Coordinate = Annotated[int, Field(ge=0, le=1000)]
Milliseconds = Annotated[int, Field(ge=0, le=3_600_000)]
Stroke = Annotated[tuple[tuple[Coordinate, Coordinate, Milliseconds], ...], Field(min_length=1, max_length=10_000)]


class Body(BaseModel):
    """A request body: exact types, no other fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Query(BaseModel):
    """The parameters of a query: text in, exact types out, no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NewSession(Body):
    """The code of ``wx.login``, good for one use within five minutes."""

    code: Opaque


class ConsentGiven(Body):
    """The version of the privacy notice that was read and agreed to."""

    version: ShortText


class PersonShape(Body):
    """A person as the household register names them."""

    name: ShortText
    identity_number: ShortText
    household_division: ShortText
    household_address: LongText
    collective_household: bool

    def facts(self) -> PersonFacts:
        """As the act takes it."""
        return PersonFacts(
            name=self.name,
            identity_number=self.identity_number,
            household_division=self.household_division,
            household_address=self.household_address,
            collective_household=self.collective_household,
        )


class NewWard(PersonShape):
    """A child, who the caller is to the child, and how that is shown."""

    relation: GuardianRelation
    shown_by: GuardianshipCase


class PhoneCode(Body):
    """The code of ``getPhoneNumber``, good for one use within five minutes."""

    code: Opaque


class MessageConsents(Body):
    """The notices accepted in ``wx.requestSubscribeMessage``, one entry per consent."""

    templates: Annotated[tuple[NoticeKind, ...], Field(max_length=len(NoticeKind))]


class DivisionQuery(Query):
    """A place by name or code."""

    q: OptionalText = ""
    limit: Limit = 20


class GuideQuery(Query):
    """Who wants what, from where, living where, on which day (today if not said)."""

    item: ServiceItem
    household: ShortText
    residence: ShortText
    birth: BirthDay
    relation: GuardianshipCase | None = None
    on: Day | None = None
    held_card_before: YesNo | None = None
    active_soldier: YesNo | None = None
    booklet_obtainable: YesNo | None = None
    applied_online: YesNo | None = None
    proof: ProofKind | None = None
    proof_of: Whose | None = None

    def question(self) -> GuideQuestion:
        """As the act takes it."""
        return GuideQuestion(
            item=self.item,
            household=self.household,
            residence=self.residence,
            birth=self.birth,
            on=self.on,
            relation=self.relation,
            held_card_before=self.held_card_before,
            active_soldier=self.active_soldier,
            booklet_obtainable=self.booklet_obtainable,
            applied_online=self.applied_online,
            proof=self.proof,
            proof_of=self.proof_of,
        )


class GuideAnswers(Body):
    """What the person has answered so far, each under the name it was asked by; nothing yet is ``{}``.

    With ``identity_number`` the birth day is never asked; the number is read and forgotten.
    """

    item: ServiceItem | None = None
    household: ShortText | None = None
    residence: ShortText | None = None
    birth_date: BirthDay | None = None
    identity_number: ShortText | None = None
    held_card_before: bool | None = None
    active_soldier: bool | None = None
    booklet_obtainable: bool | None = None
    applied_online: bool | None = None
    guardianship: GuardianshipCase | None = None
    proof: ProofKind | None = None

    def answers(self, today: date) -> Answers:
        """As the act takes it. Raises Refusal ``identity_number_malformed`` and its like."""
        given = self.model_dump(exclude={"identity_number"})
        if self.identity_number:
            given["birth_date"] = parse_identity_number(self.identity_number, today).birth_date
        return Answers(**given)


class NewDeclaration(Body):
    """Where a person lives now and by what tie; ``declared_locally`` where the place keeps its own register."""

    person_id: Id
    item: ServiceItem
    division: ShortText
    address: LongText
    proof: ProofKind | None = None
    proof_of: Whose | None = None
    declared_locally: bool

    def facts(self) -> ResidenceFacts:
        """As the act takes it."""
        return ResidenceFacts(
            person_id=self.person_id,
            item=self.item,
            division=self.division,
            address=self.address,
            proof=self.proof,
            proof_of=self.proof_of,
            declared_locally=self.declared_locally,
        )


class ItemQuery(Query):
    """For which service item."""

    item: ServiceItem


class PointsQuery(Query):
    """Which service item, in or near which place; with a position, nearest first.

    A position is told no closer than a hundred metres (three decimals): nobody's doorstep belongs into an address.
    """

    item: ServiceItem
    division: ShortText
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    def near(self) -> Position | None:
        """The position, if it is whole."""
        if self.latitude is None or self.longitude is None:
            return None
        return Position(self.latitude, self.longitude)


class AnnouncementsQuery(Query):
    """About which place, point or service item; everything if not said."""

    division: ShortText | None = None
    point: ShortText | None = None
    item: ServiceItem | None = None


class SlotsQuery(Query):
    """Which service item, on which day, for whom: places may be kept for applicants under 16."""

    item: ServiceItem
    day: Day
    age: AgeGroup | None = None


class BookingWish(Body):
    """A free stretch of time at an acceptance point, by its start."""

    point: ShortText
    starts_at: Moment


class InvitationCode(Body):
    """The code of an invitation, as it was handed over."""

    code: ShortText


class VisitWish(Body):
    """One visit for several cases: all of them or none."""

    cases: Annotated[tuple[PathText, ...], Field(min_length=1, max_length=6)]
    point: ShortText
    starts_at: Moment


class WaitingWish(Body):
    """Where to wait for a place, and on which days."""

    point: ShortText
    from_day: Day
    to_day: Day

    def days(self) -> tuple[date, date]:
        """First and last day."""
        return self.from_day, self.to_day


class AppealText(Body):
    """Why a missed visit should not count."""

    text: LongText


class ProofOfSigner(Body):
    """A check the signer passed with a provider, and the token its page gave: a face check or a certificate."""

    kind: SignerCheckKind
    token: Opaque

    def given(self) -> SignerProof:
        """As the act takes it."""
        return SignerProof(self.kind, self.token)


class Signature(Body):
    """A signature under the letter that was shown: its nonce and digest, and the strokes as x, y (0–1000) and ms.

    A ``proof`` is for signers who can pass a check; without one the signature is proven by login and phone.
    """

    nonce: Opaque
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    read_to_end: bool
    information_true: bool
    strokes: Annotated[tuple[Stroke, ...], Field(max_length=1000)]
    proof: ProofOfSigner | None = None


class LetterRead(Body):
    """The nonce of the letter that was read to its end."""

    nonce: Opaque


class CorrectedFacts(Body):
    """What is to stand in the application instead; what is left out stays as it is. A new phone must be verified."""

    phone: ShortText | None = None
    household_address: LongText | None = None
    residence_address: LongText | None = None
    proof: ProofKind | None = None
    proof_of: Whose | None = None

    def wish(self) -> Correction:
        """As the act takes it."""
        return Correction(**self.model_dump())


class CollectorName(Body):
    """The relative who will collect the card."""

    name: ShortText
    identity_number: ShortText
    kinship: Kinship


@dataclass(frozen=True)
class HandoffShape:
    """The code to show at the counter, and its QR picture; the code never stands in a URL (B74, V14.2.1)."""

    code: str
    expires_at: datetime
    point: PointView
    png_base64: str


@dataclass(frozen=True)
class HealthShape:
    """This process answers."""

    status: str
