"""Who asks. A door finds out by the sign-in acts and hands the caller on; an act never takes an id from a body."""

from dataclasses import dataclass

from domain.terms import StaffRole


@dataclass(frozen=True)
class Citizen:
    """A logged-in citizen account."""

    account_id: int
    request_id: str = ""

    @property
    def actor(self) -> str:
        """How the caller stands in events and in the audit trail."""
        return f"citizen:{self.account_id}"


@dataclass(frozen=True)
class Officer:
    """A logged-in member of staff. ``point_id`` is None for those who serve at no counter.

    ``proven_recently``: password (and code) were given within the last minutes, so a sensitive act may go on.
    ``second_factor``: a one-time code belongs to the account. Of ``must_enrol`` and ``must_change_password`` either
    closes everything but the own account's page. ``division``: the area of those who watch one.
    """

    staff_id: int
    username: str
    display_name: str
    role: StaffRole
    point_id: int | None
    point_code: str | None
    point_name: str | None
    point_division: str | None
    csrf_token: str
    request_id: str = ""
    session_id: int = 0
    proven_recently: bool = True
    second_factor: bool = False
    must_enrol: bool = False
    must_change_password: bool = False
    division: str | None = None

    @property
    def actor(self) -> str:
        """How the caller stands in events and in the audit trail."""
        return f"staff:{self.username}"


@dataclass(frozen=True)
class Reporter:
    """A station system that proved itself by its key. ``division`` is the place it speaks for, with all below it."""

    system_id: int
    key_id: str
    name: str
    division: str
    side: str
    kinds: tuple[str, ...]
    request_id: str = ""

    @property
    def actor(self) -> str:
        """How the caller stands in events and in the audit trail."""
        return f"system:{self.key_id}"

    @property
    def reach(self) -> str:
        """What the codes of its divisions begin with: 360000 speaks for all below 36, 360700 for all below 3607."""
        prefix = self.division
        while prefix.endswith("00"):
            prefix = prefix[:-2]
        return prefix
