"""What an act returns: frozen values, ready to be shown. Doors turn them into JSON or pages; none is written back."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from casework.service_views import CertificateView, LinkedCase
from domain.terms import (
    CaseEventKind,
    CaseState,
    ClockKind,
    DayKind,
    DeliveryMode,
    GuardianRelation,
    GuardianshipCase,
    Kinship,
    NoticeKind,
    ProofKind,
    ServiceItem,
    ServiceScope,
    SignatureLevel,
    SignatureMethod,
    SignerCapacity,
    Whose,
)


@dataclass(frozen=True)
class SessionView:
    """A new citizen session. ``token`` is told once."""

    token: str
    expires_at: datetime
    consent_needed: bool


@dataclass(frozen=True)
class PrivacyNoticeView:
    """The privacy notice in force."""

    version: str
    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class PersonView:
    """A person of the account, as the account holder may see it: name in full, number masked."""

    id: int
    is_self: bool
    name: str
    identity_number_masked: str
    birth_date: date
    age: int
    household_division: str
    household_place: str
    household_address: str
    collective_household: bool
    relation: GuardianRelation | None
    guardianship: GuardianshipCase | None
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class ProfileView:
    """The account: what is there and what is still needed before applying."""

    consented: bool
    phone_masked: str | None
    persons: tuple[PersonView, ...]
    missing: tuple[str, ...]
    message_templates: dict[str, str]


@dataclass(frozen=True)
class MaterialView:
    """One original to bring. ``alternatives``: any one of them will do."""

    code: str
    what: str
    whose: Whose
    alternatives: tuple[str, ...]
    note: str
    source: str


@dataclass(frozen=True)
class ReasonView:
    """One reason against, in plain Chinese with what to do instead."""

    code: str
    title: str
    detail: str
    advice: str
    source: str


@dataclass(frozen=True)
class LetterRuleView:
    """Whether a commitment letter is needed, and in which version; ``version`` None = on paper at the counter (D1)."""

    required: bool
    version: str | None
    source: str


@dataclass(frozen=True)
class ReviewRuleView:
    """The review clock of the household place. ``due_if_received_on`` is None where no rule or no calendar is known."""

    days: int | None
    kind: DayKind | None
    due_if_received_on: date | None
    calendar_missing: int | None
    source: str
    checks: tuple[str, ...] = ()


@dataclass(frozen=True)
class GuideView:
    """May I, here, today, and what do I bring (R195). ``fee`` is in fen; ``hints`` are the notes in plain Chinese.

    ``legal_days`` counts from acceptance to the finished card (B04); ``delivery`` are the ways it may reach a person.
    """

    allowed: bool
    scope: ServiceScope | None
    reasons: tuple[ReasonView, ...]
    reason_for_applying: str
    materials: tuple[MaterialView, ...]
    who_must_come: tuple[Whose, ...]
    residence_declared_elsewhere: str | None
    letter: LetterRuleView
    review: ReviewRuleView
    fee: int
    validity_years: int | None
    validity: str
    expected_valid_from: date | None
    expected_valid_until: date | None
    notes: tuple[str, ...]
    sources: tuple[str, ...]
    on: date
    hints: tuple[str, ...] = ()
    delivery: tuple[DeliveryMode, ...] = ()
    legal_days: int | None = None


@dataclass(frozen=True)
class DeclarationView:
    """A residence declaration with what follows from it today."""

    id: int
    person_id: int
    residence_division: str
    residence_place: str
    residence_address: str
    proof: ProofKind | None
    proof_of: Whose | None
    declared_at: datetime
    warnings: tuple[str, ...]
    guide: GuideView


@dataclass(frozen=True)
class PointView:
    """An acceptance point."""

    code: str
    name: str
    division: str
    place: str
    address: str
    phone: str
    hours: str = ""
    latitude: float | None = None
    longitude: float | None = None
    distance_metres: int | None = None


@dataclass(frozen=True)
class SlotView:
    """A stretch of time with free places."""

    starts_at: datetime
    ends_at: datetime
    free: int


@dataclass(frozen=True)
class BookingView:
    """The place booked."""

    point: PointView
    starts_at: datetime
    ends_at: datetime
    seats: int
    who_must_come: tuple[Whose, ...]


@dataclass(frozen=True)
class HoldView:
    """A place kept until a moment. ``offered``: it was freed, and offered from the waiting list."""

    point: PointView
    starts_at: datetime
    ends_at: datetime
    until: datetime
    offered: bool


@dataclass(frozen=True)
class WaitingView:
    """Waiting for a place on one of some days."""

    point: PointView
    from_day: date
    to_day: date
    since: datetime


@dataclass(frozen=True)
class LetterStanding:
    """Where the commitment letter of a case stands.

    ``standing``: not_required | to_sign | signed | on_paper (sign at the counter) | confirmed. ``number`` is the
    signed letter's own. ``sign_again``: it was signed, and then a signed fact was corrected (T07). ``level``: what
    proved the signer of a signature made on the phone (D8).
    """

    standing: str
    version: str | None
    signed_at: datetime | None
    method: SignatureMethod | None
    number: str | None = None
    sign_again: bool = False
    level: SignatureLevel | None = None


@dataclass(frozen=True)
class EventView:
    """One line of the history, fit for the citizen."""

    kind: CaseEventKind
    label: str
    at: datetime
    reported_by: str | None
    facts: dict[str, Any]


@dataclass(frozen=True)
class ClockView:
    """A running or stopped clock."""

    kind: ClockKind
    started_on: date
    days: int
    day_kind: DayKind
    due_on: date | None
    calendar_missing: int | None
    stopped: bool


@dataclass(frozen=True)
class CaseView:
    """A case as its owner sees it. ``fee`` is in fen, paid at the counter; ``urgent_need`` is a temporary card's."""

    number: str
    item: ServiceItem
    scope: ServiceScope
    state: CaseState
    state_label: str
    next_step: str
    applicant_name: str
    is_minor: bool
    delivery: DeliveryMode
    opened_at: datetime
    missing: tuple[str, ...]
    booking: BookingView | None
    letter: LetterStanding
    acceptance_number: str | None
    slip_number: str | None
    clocks: tuple[ClockView, ...]
    history: tuple[EventView, ...]
    hold: HoldView | None = None
    waiting: WaitingView | None = None
    fee: int = 0
    parent: LinkedCase | None = None
    temporary_card: LinkedCase | None = None
    urgent_need: str | None = None
    valid_until: date | None = None
    certificate: CertificateView | None = None


@dataclass(frozen=True)
class CaseLine:
    """A case in a list."""

    number: str
    item: ServiceItem
    state: CaseState
    state_label: str
    applicant_name_masked: str
    opened_at: datetime
    booked_for: datetime | None


@dataclass(frozen=True)
class LetterView:
    """The letter as it is shown before signing: prescribed text, this case's facts, and the nonce to sign with."""

    version: str
    title: str
    paragraphs: tuple[str, ...]
    facts: dict[str, str]
    digest: str
    nonce: str
    expires_at: datetime
    signer_name: str
    capacity: SignerCapacity
    notices: tuple[str, ...]


@dataclass(frozen=True)
class SignatureView:
    """The signature on record. ``number`` is the letter's own: anybody verifies the letter by it."""

    number: str
    version: str
    digest: str
    capacity: SignerCapacity
    method: SignatureMethod
    signed_at: datetime
    confirmed_at_counter: bool
    level: SignatureLevel = SignatureLevel.PHONE


@dataclass(frozen=True)
class OfflinePassView:
    """The pass for a counter that is not online: one text, or numbered parts of one; each goes into one QR code."""

    parts: tuple[str, ...]
    valid_from: datetime
    expires_at: datetime
    point: PointView


@dataclass(frozen=True)
class HandoffView:
    """The code the citizen shows. Opaque; ``code`` is what the QR holds."""

    code: str
    expires_at: datetime
    point: PointView


@dataclass(frozen=True)
class NoticeView:
    """A notice as the citizen may look it up."""

    kind: NoticeKind
    title: str
    text: str
    owed_at: datetime
    status: str


@dataclass(frozen=True)
class BindingCodeView:
    """The code to type into the Official Account chat."""

    code: str
    expires_at: datetime


@dataclass(frozen=True)
class ProgressLine:
    """A case in the chat: masked, no number in full. ``residence`` and ``item`` say what is announced to it."""

    number_masked: str
    name_masked: str
    item_label: str
    state_label: str
    next_step: str
    residence: str
    item: ServiceItem
    is_live: bool


@dataclass(frozen=True)
class ProxyView:
    """The relative named to collect."""

    name_masked: str
    kinship: Kinship


@dataclass(frozen=True)
class LetterVerification:
    """What anybody may know of a letter by its number.

    ``genuine``: seal, text, facts and handwriting are as they were signed; if not, nothing else is told of it.
    ``in_force``: the case's facts still are the signed ones and it was not signed anew. ``digest`` stands on the file.
    """

    number: str
    genuine: bool
    title: str | None
    signer_masked: str | None
    capacity: SignerCapacity | None
    signed_at: datetime | None
    digest_name: str | None
    digest: str | None
    in_force: bool
    confirmed_at_counter: bool
    confirmed_at: datetime | None
    replaced_by_paper: bool
