"""How guardianship is shown at the counter (R041, R044–R046); what a paper can't settle the officer does (D7)."""

from domain.policy.rule import Rules, Value
from domain.terms import GuardianshipCase

_UNDECLARED = "undeclared"


def guardianship_papers(rules: Rules, case: GuardianshipCase | None) -> tuple[str, ...]:
    """Codes of the papers a case asks for, the applicant's household booklet first. None: not declared yet."""
    return guardianship_rule(rules, case).texts("papers")


def guardianship_rule(rules: Rules, case: GuardianshipCase | None) -> Value:
    """The rule value behind ``guardianship_papers``, for its source."""
    return rules.need("guardianship", guardianship=case or _UNDECLARED)


def decided_at_counter(case: GuardianshipCase) -> bool:
    """True for guardians other than parents and for households the three cases don't cover (B09, D7)."""
    return case is GuardianshipCase.OTHER


def paper_key(case: GuardianshipCase | None) -> str:
    """How the rule ``paper`` is asked about a case."""
    return case or _UNDECLARED
