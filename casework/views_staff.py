"""What the acts about staff return: what takes two persons, accounts, the audit trail."""

from dataclasses import dataclass
from datetime import date, datetime

from domain.refusal import Refusal
from domain.terms import ApprovalKind, CaseState, KeyAlgorithm, StaffRole


@dataclass(frozen=True)
class Request:
    """Something asked of a supervisor."""

    id: int
    kind: ApprovalKind
    number: str
    asked_by: str
    reason: str
    asked_at: datetime


@dataclass(frozen=True)
class LeaveLine:
    """Leave for a clerk to read the data of the minors served at the own counter."""

    id: int
    clerk: str
    given_by: str
    reason: str
    until: datetime | None


@dataclass(frozen=True)
class StaffLine:
    """A member of staff in a list to pick from."""

    username: str
    display_name: str


@dataclass(frozen=True)
class Requests:
    """A supervisor's page: what waits, what stands, and who may get leave."""

    waiting: tuple[Request, ...]
    standing: tuple[LeaveLine, ...]
    clerks: tuple[StaffLine, ...]


@dataclass(frozen=True)
class Factor:
    """The second factor of an account; ``secret`` and ``uri`` are to be taken into an app while it has none."""

    enrolled: bool
    since: datetime | None
    secret: str | None
    uri: str | None


@dataclass(frozen=True)
class Account:
    """An account of a member of staff, as the operator sees it."""

    username: str
    display_name: str
    role: StaffRole
    point: str | None
    division: str | None
    area: str | None
    disabled: bool
    locked_until: datetime | None
    second_factor: bool
    initial_password: bool


@dataclass(frozen=True)
class StationKeyLine:
    """A key of a station system, by name; the key itself is shown to nobody. The first one has no day of its own."""

    id: str
    algorithm: KeyAlgorithm
    added_at: datetime | None
    valid: bool


@dataclass(frozen=True)
class StationSystemLine:
    """A system that reports to us, as the operator sees it. ``side``: "household" or "acceptance"."""

    id: str
    name: str
    place: str
    side: str
    kinds: tuple[str, ...]
    disabled: bool
    keys: tuple[StationKeyLine, ...]


@dataclass(frozen=True)
class GivenWord:
    """A shared word just made: told once, to be handed to the station by a safe way."""

    system: str
    key_id: str
    word: str


@dataclass(frozen=True)
class PointLine:
    """A counter in a list to pick from."""

    code: str
    name: str


@dataclass(frozen=True)
class AuditLine:
    """One entry of the trail, as the auditor reads it: no personal data is in it."""

    at: datetime
    actor: str
    act: str
    number: str | None
    request_id: str | None
    facts: str


@dataclass(frozen=True)
class AuditPage:
    """What a search in the trail found; ``more``: there is more than is shown."""

    lines: tuple[AuditLine, ...]
    more: bool


@dataclass(frozen=True)
class ReviewLine:
    """A case the household place has to review: masked. ``accepted_at`` is the accepting counter."""

    number: str
    acceptance_number: str | None
    name_masked: str
    is_minor: bool
    state: CaseState
    state_label: str
    accepted_at: str | None
    due_on: date | None
    overdue: bool


@dataclass(frozen=True)
class ArrivalLine:
    """What became of one number of a batch of cards that came in. ``refusal`` is empty where it was registered."""

    typed: str
    number: str | None
    refusal: Refusal | None
