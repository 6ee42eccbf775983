"""What is asked: one person, one item, two places, one day."""

from dataclasses import dataclass
from datetime import date

from domain.applicant import FULL_AGE_FOR_OWN_APPLICATION, age_on
from domain.division import Division, same_province
from domain.terms import GuardianshipCase, ProofKind, ServiceItem, ServiceScope, Whose

UNDER_16 = "under_16"
OVER_16 = "over_16"


@dataclass(frozen=True)
class Question:
    """May I, here, on that day, and what do I bring? None means: not asked yet.

    ``held_card_before``, ``active_soldier``, ``booklet_obtainable``, ``applied_online`` are the applicant's own answers
    (R034, B08, R038, R024);
    ``proof`` and ``proof_of`` the tie chosen and whose it is (R040, R043).
    """

    item: ServiceItem
    household: Division
    residence: Division
    birth_date: date
    day: date
    guardianship: GuardianshipCase | None = None
    held_card_before: bool | None = None
    active_soldier: bool | None = None
    proof: ProofKind | None = None
    proof_of: Whose | None = None
    booklet_obtainable: bool | None = None
    applied_online: bool | None = None

    @property
    def age(self) -> int:
        """Full years on the day asked about: the day of the visit decides the materials (D5)."""
        return age_on(self.birth_date, self.day)

    @property
    def age_group(self) -> str:
        """``under_16`` or ``over_16``: the one thing 申领原因 says (R142)."""
        return OVER_16 if self.age >= FULL_AGE_FOR_OWN_APPLICATION else UNDER_16

    @property
    def is_minor(self) -> bool:
        """True when a guardian must come along (R031)."""
        return self.age_group == UNDER_16

    @property
    def scope(self) -> ServiceScope:
        """Within one province or across (R008)."""
        within = same_province(self.household, self.residence)
        return ServiceScope.PROVINCE_WIDE if within else ServiceScope.CROSS_PROVINCE

    @property
    def where(self) -> dict[str, Division | str]:
        """Scope and places, as rules are keyed by them."""
        return {"scope": self.scope, "household": self.household, "residence": self.residence}
